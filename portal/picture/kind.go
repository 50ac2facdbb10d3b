package picture

import "bytes"

// kind is a file format.
type kind int

const (
	kindUnknown kind = iota
	kindPNG
	kindJPEG
	kindWebP
)

// sniff detects the format from the first bytes. Animated WebP is unknown, because the decoder cannot
// extract its first frame.
func sniff(file []byte) kind {
	switch {
	case bytes.HasPrefix(file, []byte("\x89PNG\r\n\x1a\n")):
		return kindPNG
	case bytes.HasPrefix(file, []byte("\xff\xd8\xff")):
		return kindJPEG
	case len(file) > 20 && string(file[:4]) == "RIFF" && string(file[8:12]) == "WEBP":
		const animated = 0x02 // in the flags of the extended header
		if string(file[12:16]) == "VP8X" && file[20]&animated != 0 {
			return kindUnknown
		}
		return kindWebP
	}
	return kindUnknown
}

// scansOf counts the scans of a JPEG file up to the end of the image. Cameras append other data, such as a
// short film, in which the same bytes mean nothing.
func scansOf(file []byte) int {
	const startOfScan, endOfImage = 0xda, 0xd9
	scans := 0
	for rest := file[2:]; len(rest) >= 4; {
		marker := rest[1]
		switch {
		case rest[0] != 0xff:
			next := bytes.IndexByte(rest, 0xff)
			if next < 0 {
				return scans
			}
			rest = rest[next:]
		case marker == endOfImage:
			return scans
		case marker == 0xff:
			rest = rest[1:]
		case marker == 0 || marker >= 0xd0 && marker <= 0xd7: // in the data of a scan
			rest = rest[2:]
		default:
			if marker == startOfScan {
				scans++
			}
			length := int(rest[2])<<8 | int(rest[3])
			rest = rest[min(len(rest), length+2):]
		}
	}
	return scans
}

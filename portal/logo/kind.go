package logo

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

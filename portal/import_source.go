package portal

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"postern/portal/validate"

	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// importSource splits a file into its documents: one per line, the objects of a JSON array, or objects
// written over several lines. It keeps no more of the file in memory than the maximum size of an order.
type importSource struct {
	in       *bufio.Reader
	raw      *countingReader
	line     int // of the next byte, from 1
	byObject bool
}

// countingReader counts the bytes read from the file since the last call of taken.
type countingReader struct {
	io.Reader
	size int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.size += n
	return n, err
}

func (c *countingReader) taken() int {
	size := c.size
	c.size = 0
	return size
}

// newImportSource detects how a file is written. A byte order mark overrides encoding, which is a label of
// the WHATWG Encoding Standard such as "windows-1250", or "" for UTF-8.
func newImportSource(r io.Reader, encoding string) (*importSource, error) {
	s := &importSource{raw: &countingReader{Reader: r}, line: 1}
	in := bufio.NewReaderSize(s.raw, 1<<16)
	head, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	decoder := unicode.UTF8BOM.NewDecoder().Transformer
	decoded := encoding != ""
	switch {
	case bytes.Equal(head, []byte{0x1f, 0x8b}):
		return nil, validate.InvalidFields([]validate.FieldError{{Key: "import.compressed"}})
	case bytes.Equal(head, []byte{0xff, 0xfe}) || bytes.Equal(head, []byte{0xfe, 0xff}):
		decoded = true // BOMOverride detects the byte order
	case encoding == "" && bytes.IndexByte(head, 0) >= 0:
		return nil, validate.InvalidFields([]validate.FieldError{{Key: "import.utf16"}})
	}
	if encoding != "" {
		named, err := htmlindex.Get(encoding)
		if err != nil {
			return nil, validate.InvalidFields([]validate.FieldError{{Key: "import.encoding_name"}})
		}
		decoder = named.NewDecoder().Transformer
	}
	s.in = in
	if decoded {
		s.in = bufio.NewReaderSize(transform.NewReader(in, unicode.BOMOverride(decoder)), 1<<16)
	} else if mark, _ := in.Peek(3); string(mark) == "\ufeff" {
		_, err = in.Discard(len(mark))
	}
	if err == nil || errors.Is(err, io.EOF) {
		s.byObject, err = s.writtenByObject()
	}
	return s, err
}

// writtenByObject looks at the first line. An array, or an object that continues on the next line, is read
// object by object.
func (s *importSource) writtenByObject() (bool, error) {
	for n := 1; ; n = min(s.in.Buffered()+1, s.in.Size()) {
		_, err := s.in.Peek(n)
		ended := err != nil || n == s.in.Size()
		ahead, _ := s.in.Peek(s.in.Buffered())
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		text := bytes.TrimLeft(ahead, " \t\r\n")
		switch {
		case len(text) > 0 && text[0] == '[':
			return true, nil
		case len(text) > 0 && text[0] != '{':
			return false, nil
		}
		first, rest, whole := bytes.Cut(text, []byte("\n"))
		rest = bytes.TrimLeft(rest, " \t\r\n")
		if whole && (closes(first) || len(rest) > 0) {
			return !closes(first) && rest[0] != '{', nil
		}
		if ended {
			return false, nil
		}
	}
}

// closes reports whether text contains the end of an object.
func closes(text []byte) bool {
	var o objectEnd
	for _, b := range text {
		if o.next(b) {
			return true
		}
	}
	return false
}

// objectEnd finds the end of an object, byte by byte.
type objectEnd struct {
	depth           int
	quoted, escaped bool
}

// next reports whether the object ends with byte b.
func (o *objectEnd) next(b byte) bool {
	switch {
	case o.escaped:
		o.escaped = false
	case o.quoted && b == '\\':
		o.escaped = true
	case b == '"':
		o.quoted = !o.quoted
	case o.quoted:
	case b == '{' || b == '[':
		o.depth++
	case b == '}' || b == ']':
		o.depth--
		return o.depth <= 0
	}
	return false
}

// importDocument is one document of a file. If it is too long, its text is incomplete.
type importDocument struct {
	line int
	text []byte
	size int
}

func (d *importDocument) add(part ...byte) {
	if d.size += len(part); d.size <= validate.MaxDocument {
		d.text = append(d.text, part...)
	}
}

// next returns the next document. io.EOF comes with the last document or in a later call.
func (s *importSource) next() (importDocument, error) {
	if s.byObject {
		return s.nextObject()
	}
	d := importDocument{line: s.line}
	for {
		part, err := s.in.ReadSlice('\n')
		d.add(part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		s.line++
		d.text = bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(d.text), []byte("\ufeff")))
		return d, err
	}
}

// nextObject reads from an opening brace to the closing one. Text between objects that is neither white
// space nor array punctuation is returned as a document too; decoding it as an order fails.
func (s *importSource) nextObject() (importDocument, error) {
	var d importDocument
	var end objectEnd
	for {
		b, err := s.in.ReadByte()
		if err != nil {
			return d, err
		}
		if b == '\n' {
			s.line++
		}
		between := b == ' ' || b == '\t' || b == '\r' || b == '\n' || b == ',' || b == '[' || b == ']'
		switch {
		case d.size == 0 && between:
			continue
		case d.size == 0:
			d.line = s.line
		case end.depth == 0 && b == '{':
			return d, s.in.UnreadByte()
		case end.depth == 0 && !end.quoted && between:
			return d, nil
		}
		d.add(b)
		if end.next(b) {
			return d, nil
		}
	}
}

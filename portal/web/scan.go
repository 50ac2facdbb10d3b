package web

import (
	"bytes"
	"errors"
	"strconv"

	"postern/portal/web/gate"
)

// errHeader refuses a header that violates RFC 9112. Another reader of the same bytes, such as a proxy,
// might see a different request in them.
var errHeader = errors.New("the header is malformed")

// headerScan reads a header line by line, in pieces of any size, and keeps only the beginning of the
// current line.
type headerScan struct {
	headers int  // complete so far
	lines   int  // of this header
	length  int  // of the body; chunked for a chunked one
	api     bool // the request line asks for the API

	begin [64]byte // of the line
	size  int      // of the line so far
	last  byte     // of it
}

// feed reads the next bytes. It returns how many belong to the header, and whether the header is complete.
func (h *headerScan) feed(data []byte) (n int, done bool, err error) {
	for n < len(data) {
		end := bytes.IndexByte(data[n:], '\n')
		if end < 0 {
			h.add(data[n:])
			return len(data), false, nil
		}
		h.add(data[n : n+end])
		n += end + 1
		if done, err = h.endLine(); done || err != nil {
			return n, done, err
		}
	}
	return n, false, nil
}

func (h *headerScan) add(part []byte) {
	if len(part) == 0 {
		return
	}
	if h.size < len(h.begin) {
		copy(h.begin[h.size:], part)
	}
	h.size += len(part)
	h.last = part[len(part)-1]
}

// endLine checks a complete line. An empty line before the request line is allowed (RFC 9112, 2.2).
func (h *headerScan) endLine() (done bool, err error) {
	if h.size == 0 || h.last != '\r' {
		return false, errHeader
	}
	line := h.begin[:min(h.size-1, len(h.begin))]
	whole := h.size-1 <= len(h.begin)
	h.size, h.last = 0, 0
	switch {
	case len(line) == 0:
		return h.lines > 0, nil
	case h.lines > 0 && (line[0] == ' ' || line[0] == '\t'): // a folded line
		return false, errHeader
	}
	if h.lines++; h.lines > 1 {
		err = h.field(line, whole)
	} else {
		h.api = isAPILine(line)
	}
	return false, err
}

// asksAPI reports whether the header read so far is for the API: whatever is wrong with the rest, the
// client is a machine.
func (h *headerScan) asksAPI() bool {
	return h.api || h.lines == 0 && isAPILine(h.begin[:min(h.size, len(h.begin))])
}

// isAPILine reports whether the beginning of a request line is for the API.
func isAPILine(line []byte) bool {
	_, target, _ := bytes.Cut(line, []byte(" "))
	return bytes.HasPrefix(pathOf(target), []byte(gate.APIPrefix))
}

// field records the length of the body. Ambiguous lengths are refused elsewhere, which also closes the
// connection.
func (h *headerScan) field(line []byte, whole bool) error {
	name, value, _ := bytes.Cut(line, []byte(":"))
	switch {
	case bytes.EqualFold(name, []byte("transfer-encoding")):
		h.length = chunked
	case bytes.EqualFold(name, []byte("content-length")) && h.length != chunked:
		n, err := strconv.ParseUint(string(bytes.Trim(value, " \t")), 10, 62)
		if err != nil || !whole {
			return errHeader
		}
		h.length = int(n)
	}
	return nil
}

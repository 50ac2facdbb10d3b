package gate

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// FileLimit allows a form to have files in one of its fields. Its zero value allows none, and then the form
// must not be a multipart one either.
type FileLimit struct {
	Field string
	Most  int // more files than this are read, so that the form can say so, up to twice as many
	Bytes int // of each; a longer one is cut off one byte later
	Text  int // the maximum size of all other fields together, in bytes
}

// Parts are the parts of a multipart form. Names and types of files are not kept, because senders choose
// them freely.
type Parts struct {
	Names, Values []string // the fields, in their order
	Files         [][]byte
}

// maxPartHeader limits the header fields of a part. Browsers send two.
const maxPartHeader = 8

// errParts refuses a multipart form that no browser sends.
var errParts = fiber.NewError(fiber.StatusBadRequest, "the form is malformed")

// ReadParts splits a multipart form (RFC 7578) in memory. It refuses a form that is not complete, has more
// than most parts or two of one name, has a file in a field for text, or a text in the field for files. A
// file without a name and without content stands for an empty field, and is left out.
func ReadParts(contentType string, body []byte, files FileLimit, most int) (Parts, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	boundary := params["boundary"]
	if err != nil || kind != fiber.MIMEMultipartForm || boundary == "" ||
		!bytes.Contains(body, []byte("--"+boundary+"--")) {
		return Parts{}, errParts
	}
	read := partReader{from: multipart.NewReader(bytes.NewReader(body), boundary), files: files,
		left: files.Text, seen: map[string]bool{}}
	for range most + 1 {
		switch err := read.next(); {
		case errors.Is(err, errLastPart):
			return read.parts, nil
		case errors.Is(err, fiber.ErrRequestEntityTooLarge):
			return Parts{}, err
		case err != nil:
			return Parts{}, errParts
		}
	}
	return Parts{}, fiber.NewError(fiber.StatusRequestEntityTooLarge, "too many fields")
}

// errLastPart ends the reading.
var errLastPart = errors.New("no more parts")

type partReader struct {
	from  *multipart.Reader
	files FileLimit
	left  int // of the bytes of all texts
	seen  map[string]bool
	parts Parts
}

// next reads a part.
func (r *partReader) next() error {
	part, err := r.from.NextRawPart()
	if err == io.EOF { //nolint:errorlint // a wrapped one means that the form breaks off
		return errLastPart
	}
	if err != nil {
		return err
	}
	kind, params, err := mime.ParseMediaType(part.Header.Get(fiber.HeaderContentDisposition))
	name := params["name"]
	if err != nil || kind != "form-data" || name == "" || !utf8.ValidString(name) ||
		len(part.Header) > maxPartHeader {
		return errParts
	}
	fileName, isFile := params["filename"]
	if isFile != (name == r.files.Field) {
		return errParts
	}
	if isFile {
		return r.readFile(part, fileName)
	}
	if r.seen[name] {
		return errParts
	}
	r.seen[name] = true
	value, err := io.ReadAll(io.LimitReader(part, int64(r.left)+1))
	if r.left -= len(value); r.left < 0 {
		return fiber.ErrRequestEntityTooLarge
	}
	r.parts.Names, r.parts.Values = append(r.parts.Names, name), append(r.parts.Values, string(value))
	return err
}

// readFile reads a file up to one byte beyond the limit and skips the rest.
func (r *partReader) readFile(part io.Reader, name string) error {
	if len(r.parts.Files) >= 2*r.files.Most {
		return errParts
	}
	var file bytes.Buffer
	if _, err := file.ReadFrom(io.LimitReader(part, int64(r.files.Bytes)+1)); err != nil {
		return err
	}
	if file.Len() > 0 || name != "" {
		r.parts.Files = append(r.parts.Files, file.Bytes())
	}
	return nil
}

// FilesKey is the key of a form's files, a [][]byte, among the values of a request. It is set, even without
// files, once the parts of a form were read.
type FilesKey struct{}

// Files returns the files of the form.
func Files(c *fiber.Ctx) [][]byte {
	files, _ := c.Locals(FilesKey{}).([][]byte)
	return files
}

// hasParts reports whether the parts of the form were read.
func hasParts(c *fiber.Ctx) bool {
	_, read := c.Locals(FilesKey{}).([][]byte)
	return read
}

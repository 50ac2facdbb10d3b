// Package static holds the files that browsers fetch beside the pages: the stylesheet, the few scripts,
// the icons. Each is served under a name that contains a hash of its content, so that it may be cached
// for ever and a new version is a new name.
//
// It knows files and their names, nothing of shops, requests or pages.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// FS holds the files under their plain names: css/, js/ and img/.
//
//go:embed css js img
var FS embed.FS

// Prefix begins the URL path of every file.
const Prefix = "/static/"

// Cache is the Cache-Control header that suits every file.
const Cache = "public, max-age=31536000, immutable"

// File is one file as it is served.
type File struct {
	Name string // plain: "css/portal.css"
	URL  string // hashed: "/static/css/portal.2f1d09a3c4b5.css"
	Type string // Content-Type
	Body []byte // not to be changed
}

// shelf finds files by plain name and by URL.
type shelf struct{ byName, byURL map[string]*File }

// files is derived from what is embedded, once, at the first question.
var files = sync.OnceValue(index) //nolint:gochecknoglobals // as constant as the embedded files it is made of

// contentType names what there may be; a browser refuses a script or style under any other.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}

func index() shelf {
	s := shelf{byName: make(map[string]*File), byURL: make(map[string]*File)}
	// An embedded file system neither fails nor changes; a name that does not open would be a fault of the
	// compiler.
	_ = fs.WalkDir(FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := FS.ReadFile(name)
		if err != nil {
			return err
		}
		file := &File{Name: name, URL: hashed(name, body), Type: contentType(name), Body: body}
		s.byName[name], s.byURL[file.URL] = file, file
		return nil
	})
	return s
}

// hashed puts the content's hash before the extension.
func hashed(name string, body []byte) string {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	return Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// URL returns the path under which a file is served. The name of no file gives an error, so that a
// template that asks for it fails.
func URL(name string) (string, error) {
	file := files().byName[name]
	if file == nil {
		return "", fmt.Errorf("static: no file %q", name)
	}
	return file.URL, nil
}

// Lookup finds the file served under a URL path; only the hashed names are served.
func Lookup(urlPath string) (File, bool) {
	file := files().byURL[urlPath]
	if file == nil {
		return File{}, false
	}
	return *file, true
}

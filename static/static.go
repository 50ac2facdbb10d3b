// Package static holds the files that pages load: the stylesheet, the few scripts, the icons. Each is
// served under a name that contains a hash of its content, so that browsers may cache it forever. A new
// version gets a new name.
//
// It knows files and their names, but no shops, requests or pages.
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

// Prefix is the start of every file's URL path.
const Prefix = "/static/"

// Cache is the Cache-Control header of every file.
const Cache = "public, max-age=31536000, immutable"

// File is one file as it is served.
type File struct {
	Name string // such as "css/portal.css"
	URL  string // with the hash: "/static/css/portal.2f1d09a3c4b5.css"
	Type string // Content-Type
	Body []byte // read-only
}

// shelf finds files by plain name and by URL.
type shelf struct{ byName, byURL map[string]*File }

// files indexes the embedded files once, on first use.
var files = sync.OnceValue(index) //nolint:gochecknoglobals // constant, like the embedded files

// contentType returns the media type of a file. Browsers refuse scripts and stylesheets with a wrong one.
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
	// An embedded file system neither fails nor changes.
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

// hashed returns the URL path with the content's hash before the extension.
func hashed(name string, body []byte) string {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	return Prefix + strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// URL returns the path under which a file is served. An unknown name is an error, so that a template that
// uses it fails.
func URL(name string) (string, error) {
	file := files().byName[name]
	if file == nil {
		return "", fmt.Errorf("static: no file %q", name)
	}
	return file.URL, nil
}

// Lookup returns the file served under a URL path. It accepts only hashed names.
func Lookup(urlPath string) (File, bool) {
	file := files().byURL[urlPath]
	if file == nil {
		return File{}, false
	}
	return *file, true
}

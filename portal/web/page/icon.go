package page

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

// icons holds the drawings of static/img/icons by name. Pages embed them, so that they take the colour of
// the text, print, and need no further requests.
type icons map[string]template.HTML

func loadIcons(source fs.FS) (icons, error) {
	names, err := fs.Glob(source, "img/icons/*.svg")
	if err != nil {
		return nil, fmt.Errorf("page: list the icons: %w", err)
	}
	all := make(icons, len(names))
	for _, name := range names {
		drawing, err := fs.ReadFile(source, name)
		if err != nil {
			return nil, fmt.Errorf("page: read an icon: %w", err)
		}
		all[strings.TrimSuffix(path.Base(name), ".svg")] = template.HTML(strings.TrimSpace(string(drawing)))
	}
	return all, nil
}

// get is the template function "icon". An unknown name fails the page.
func (i icons) get(name string) (template.HTML, error) {
	drawing, ok := i[name]
	if !ok {
		return "", fmt.Errorf("page: no icon %q", name)
	}
	return drawing, nil
}

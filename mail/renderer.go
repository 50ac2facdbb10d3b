package mail

import (
	"fmt"
	html "html/template"
	"strings"
	"sync"
	text "text/template"

	"github.com/vanng822/go-premailer/premailer"

	"postern/templates"
)

// The stylesheet is inlined when the layout is loaded, by a CSS parser that does not know template actions.
// These colours, used nowhere else, are placeholders for the shop's.
const (
	accentMark   = "#0acce0"
	onAccentMark = "#0accf0"
)

// Renderer renders a letter as HTML and text. It is safe for concurrent use.
type Renderer struct {
	html *html.Template
	text *text.Template
}

var embedded = sync.OnceValues(newRenderer)

// LoadRenderer returns the renderer of the embedded layouts, which it parses on first use. It inlines the
// stylesheet into the HTML layout, since many email programs drop stylesheets.
func LoadRenderer() (*Renderer, error) { return embedded() }

func newRenderer() (*Renderer, error) {
	raw, err := templates.Mail.ReadFile("mail/letter.html")
	if err != nil {
		return nil, fmt.Errorf("mail: layout: %w", err)
	}
	inlined, err := inline(string(raw))
	if err != nil {
		return nil, fmt.Errorf("mail: inline the stylesheet: %w", err)
	}
	h, err := html.New("letter.html").Parse(inlined)
	if err != nil {
		return nil, fmt.Errorf("mail: layout: %w", err)
	}
	t, err := text.ParseFS(templates.Mail, "mail/letter.txt")
	if err != nil {
		return nil, fmt.Errorf("mail: layout: %w", err)
	}
	return &Renderer{html: h, text: t}, nil
}

func inline(layout string) (string, error) {
	p, err := premailer.NewPremailerFromString(layout,
		premailer.NewOptions(premailer.WithCssToAttributes(false)))
	if err != nil {
		return "", err
	}
	out, err := p.Transform()
	if err != nil {
		return "", err
	}
	return strings.NewReplacer(accentMark, "{{$.Brand.Accent}}", onAccentMark,
		"{{$.Brand.OnAccent}}").Replace(out), nil
}

// Render returns the text and HTML parts of the letter. It fails if the button's URL is not an absolute
// http or https URL.
func (r *Renderer) Render(l Letter) (text, html string, err error) {
	l, err = l.clean()
	if err != nil {
		return "", "", err
	}
	var t, h strings.Builder
	if err := r.text.Execute(&t, l); err != nil {
		return "", "", fmt.Errorf("mail: text part: %w", err)
	}
	if err := r.html.Execute(&h, l); err != nil {
		return "", "", fmt.Errorf("mail: HTML part: %w", err)
	}
	return t.String(), h.String(), nil
}

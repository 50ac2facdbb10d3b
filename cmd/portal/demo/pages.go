package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"strings"

	"postern/portal/validate"
)

//go:embed *.css *.html
var files embed.FS

// pages are the pages that the demo adds to the site: the mailbox, the product pictures, and one page
// that represents the rest of the shop.
type pages struct {
	box      *Mailbox
	base     string // URL of the portal
	people   []Person
	pictures map[string][]byte // PNG files by name
	mailbox  *template.Template
}

// exchange and router are the parts of the web framework's types that the demo's pages need. They keep the
// framework out of this package.
type exchange interface {
	Params(key string, defaultValue ...string) string
	Set(key, value string)
	Send(body []byte) error
}

type router[C exchange, R any] interface {
	Get(path string, handlers ...func(C) error) R
}

// Mount adds the demo's pages to the portal's site.
func Mount[C exchange, R any](site router[C, R], f *Fixture) error {
	p, err := newPages(f.Mailbox, f.Base)
	if err != nil {
		return err
	}
	handle := func(path string, answer func(exchange) error) {
		site.Get(path, func(c C) error { return answer(c) })
	}
	handle("/demo/mailbox", p.list)
	handle("/demo/mailbox.json", p.json)
	handle("/demo/mailbox.css", p.file("mailbox.css", "text/css; charset=utf-8"))
	handle("/demo/mailbox/:id", p.open)
	handle("/demo/mailbox/:id/html", p.body)
	handle("/demo/pictures/:name", p.picture)
	handle("/demo/storefront/*", p.file("storefront.html", htmlType))
	return nil
}

const htmlType = "text/html; charset=utf-8"

// mailboxView is the data of the mailbox's template.
type mailboxView struct {
	Open   *Mail
	Mails  []Mail
	People []Person
	Staff  []Colleague
}

func (p *pages) list(c exchange) error {
	return p.show(c, mailboxView{Mails: p.box.all(), People: p.people, Staff: Colleagues()})
}

func (p *pages) open(c exchange) error {
	m, found := p.box.find(c.Params("id"))
	if !found {
		return &validate.Error{Kind: validate.NotFound}
	}
	return p.show(c, mailboxView{Open: &m})
}

func (p *pages) show(c exchange, view mailboxView) error {
	var out bytes.Buffer
	if err := p.mailbox.Execute(&out, view); err != nil {
		return fmt.Errorf("mailbox page: %w", err)
	}
	c.Set("Content-Type", htmlType)
	c.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'")
	return c.Send(out.Bytes())
}

func (p *pages) json(c exchange) error {
	out, err := json.MarshalIndent(p.box.all(), "", "  ")
	if err != nil {
		return fmt.Errorf("mailbox as JSON: %w", err)
	}
	c.Set("Content-Type", "application/json")
	return c.Send(out)
}

// body serves the HTML part of an email for a frame, as an email program shows it: without scripts, and
// with links that open in the surrounding window.
func (p *pages) body(c exchange) error {
	m, found := p.box.find(c.Params("id"))
	if !found {
		return &validate.Error{Kind: validate.NotFound}
	}
	c.Set("Content-Type", htmlType)
	c.Set("X-Frame-Options", "SAMEORIGIN")
	c.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' "+p.base+
		"; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; sandbox allow-top-navigation-by-user-activation")
	return c.Send([]byte(strings.Replace(m.HTML, "<head>", `<head><base target="_top">`, 1)))
}

func (p *pages) picture(c exchange) error {
	picture, found := p.pictures[c.Params("name")]
	if !found {
		return &validate.Error{Kind: validate.NotFound}
	}
	c.Set("Content-Type", "image/png")
	return c.Send(picture)
}

func (p *pages) file(name, kind string) func(exchange) error {
	return func(c exchange) error {
		body, err := files.ReadFile(name)
		if err != nil {
			return fmt.Errorf("demo page: %w", err)
		}
		c.Set("Content-Type", kind)
		return c.Send(body)
	}
}

// newPages draws the pictures and parses the templates.
func newPages(box *Mailbox, base string) (*pages, error) {
	page, err := template.ParseFS(files, "mailbox.html")
	if err != nil {
		return nil, fmt.Errorf("mailbox page: %w", err)
	}
	pictures, err := drawProducts()
	return &pages{box: box, base: base, people: People(), pictures: pictures, mailbox: page}, err
}

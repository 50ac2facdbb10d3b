// Package page owns what every page shares: the base data (shop, language, navigation, confirmation), the
// rendering, forms with their errors as sentences, the shop's stylesheet and the error page. A page is one
// template that includes layout/head and layout/foot, and one struct that embeds Base.
//
// It must not know individual pages, the use cases of routes, or the store.
package page

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/template/html/v2"

	"postern/portal/money"
	"postern/portal/shop"
	"postern/static"
	"postern/templates"
	"postern/templates/i18n"
)

// Pages renders the pages. It is safe for concurrent use.
type Pages struct {
	catalogue *i18n.Catalogue
	engine    *html.Engine
	fragments *fragments
	money     map[string]func() *money.Formatter // by language, created on first use
	broken    map[string][]byte                  // by language: the page for internal errors
	buffers   sync.Pool                          // of *bytes.Buffer, for rendering
	brands    sync.Map                           // accent -> brand
}

var embedded = sync.OnceValues(func() (*Pages, error) {
	catalogue, err := i18n.Load()
	if err != nil {
		return nil, err
	}
	return newPages(catalogue, templates.Pages)
})

// Load returns the embedded pages, which it parses on first use. It fails if a template or text is broken.
func Load() (*Pages, error) { return embedded() }

// Catalogue returns the texts of the pages.
func (p *Pages) Catalogue() *i18n.Catalogue { return p.catalogue }

func newPages(catalogue *i18n.Catalogue, source fs.FS) (*Pages, error) {
	icons, err := loadIcons(static.FS)
	if err != nil {
		return nil, err
	}
	p := &Pages{catalogue: catalogue, money: make(map[string]func() *money.Formatter),
		broken: make(map[string][]byte)}
	p.engine = html.NewFileSystem(http.FS(source), ".html")
	p.engine.AddFunc("asset", static.URL)
	p.engine.AddFunc("icon", icons.get)
	p.fragments = newFragments(p.engine)
	if err := p.load(); err != nil {
		return nil, err
	}
	for _, lang := range catalogue.Languages() {
		p.money[lang] = sync.OnceValue(func() *money.Formatter { return money.NewFormatter(lang) })
		if p.broken[lang], err = p.renderBroken(lang); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// load parses and escapes all templates. Escaping happens when a page is first executed. Doing it here
// makes a broken template fail the start, and completes it before requests copy the templates.
func (p *Pages) load() error {
	if err := p.engine.Load(); err != nil {
		return fmt.Errorf("page: read the templates: %w", err)
	}
	for _, t := range p.engine.Templates.Templates() {
		if !strings.Contains(t.Name(), "/") { // the set's root
			continue
		}
		var broken *template.Error
		if err := p.engine.Render(io.Discard, t.Name(), nil); errors.As(err, &broken) {
			return fmt.Errorf("page: %w", err)
		}
	}
	return nil
}

// Render answers with a page: the template "pages/" + name, executed with data that embeds Base. If the
// template fails, Render returns an error and leaves the response unchanged, so that no partial page is
// sent.
func (p *Pages) Render(c *fiber.Ctx, status int, name string, data any) error {
	return p.respond(c, status, func(out *bytes.Buffer) error { return p.execute(out, name, data) })
}

// RenderKept is Render for a page that is kept as a whole; see fragments. Its data embeds a Frame.
func (p *Pages) RenderKept(c *fiber.Ctx, status int, b *Base, name string, gaps *Gaps, data any) error {
	return p.respond(c, status, func(out *bytes.Buffer) error {
		return b.WriteFragment(out, Shape{Template: "pages/" + name}, gaps, data)
	})
}

// respond answers with what write writes. The response gets the buffer's memory, and the buffer that of the
// response before it, so that a page is not copied.
func (p *Pages) respond(c *fiber.Ctx, status int, write func(*bytes.Buffer) error) error {
	buffer, _ := p.buffers.Get().(*bytes.Buffer)
	if buffer == nil {
		buffer = &bytes.Buffer{}
	}
	buffer.Reset()
	err := write(buffer)
	if err == nil {
		describe(c, status)
		*buffer = *bytes.NewBuffer(c.Response().SwapBody(buffer.Bytes()))
	}
	p.buffers.Put(buffer)
	return err
}

// execute does not use the engine's layouts: they answer 200 with the error printed into the page.
func (p *Pages) execute(out io.Writer, name string, data any) error {
	if err := p.engine.Render(out, "pages/"+name, data); err != nil {
		return fmt.Errorf("page: render %s: %w", name, err)
	}
	return nil
}

func describe(c *fiber.Ctx, status int) {
	c.Status(status)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
}

// Broken answers with the page for an internal error, in the language that suits the request. The
// page was rendered at startup, for no particular shop, so it works even when rendering fails.
func (p *Pages) Broken(c *fiber.Ctx, shop shop.Shop) {
	lang := p.catalogue.Match(shop.Languages, askedLang(c), c.Get(fiber.HeaderAcceptLanguage), shop.Language)
	describe(c, fiber.StatusInternalServerError)
	c.Response().SetBody(p.broken[lang])
}

func (p *Pages) renderBroken(lang string) ([]byte, error) {
	base := Base{L: p.catalogue.Localizer(lang, nil), CurrentURL: "/", Area: &Area{}, fragments: p.fragments}
	var out bytes.Buffer
	err := p.execute(&out, "problem", base.problem("error.internal"))
	return out.Bytes(), err
}

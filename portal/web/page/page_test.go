package page

import (
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/customer"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/templates"
	"postern/templates/i18n"
)

// withTestPages returns the embedded templates and the additional pages of testdata.
func withTestPages(t *testing.T) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	err := fs.WalkDir(templates.Pages, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates.Pages, name)
		all[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"demo", "solo"} {
		text, err := os.ReadFile("testdata/" + name + ".html")
		if err != nil {
			t.Fatal(err)
		}
		all["pages/"+name+".html"] = &fstest.MapFile{Data: text}
	}
	return all
}

func testPages(t *testing.T, source fs.FS) (*Pages, *i18n.Catalogue) {
	t.Helper()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := newPages(words, source)
	if err != nil {
		t.Fatal(err)
	}
	return pages, words
}

func testShop() shop.Shop {
	return shop.Shop{
		ID: "main", Name: "Dielňa & syn", Language: "en", Languages: []string{"en", "sk"},
		StorefrontURL: "https://shop.example", Brand: shop.Brand{
			Accent: "#2f7d4f", SupportEmail: "help@shop.example",
			Footer: []shop.FooterLink{{Label: "Terms", URL: "https://shop.example/terms"},
				{Label: "Privacy", URL: "https://shop.example/privacy"}},
		},
	}
}

func testArea() *Area {
	return &Area{
		Name: "shopper", Home: "/orders", SignOut: "/sign-out", Language: "/profile/language",
		Nav:  []NavItem{{ID: "orders", Path: "/orders", Key: "nav.orders"}},
		Menu: []NavItem{{Path: "/privacy", Key: "nav.privacy"}},
	}
}

// partial returns the output of a partial.
func partial(t *testing.T, pages *Pages, name string, data any) string {
	t.Helper()
	var out strings.Builder
	if err := pages.engine.Render(&out, "partials/"+name, data); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func jana() *customer.Customer {
	return &customer.Customer{ID: "1", Email: "jana@example.sk", FirstName: "Jana", LastName: "Malá"}
}

type demo struct {
	Base
	At        time.Time
	Price     money.Amount
	Rows      []Pill
	Form      Form
	Countries []Option
}

func demoOf(b Base) demo {
	b.Title = "Order 1001"
	invalid := &validate.Error{Kind: validate.Invalid, Fields: []validate.FieldError{
		{Field: "last_name", Key: "address.required"}, {Field: "postal_code", Key: "address.pattern"},
	}}
	return demo{
		Base: b, At: time.Date(2026, 3, 5, 14, 5, 0, 0, time.UTC),
		Price: money.Amount{Minor: 123450, Currency: "EUR"},
		Rows: []Pill{
			b.Pill(string(order.Waiting), "Waiting for your bank transfer"),
			b.Pill(string(order.Moving), "On its way with DHL"),
			b.Pill(string(order.Done), "Delivered"), b.Pill(string(order.Stopped), "Cancelled"), b.Pill("", "Placed"),
		},
		Form:      b.Form(map[string]string{"first_name": `<b>"Jana"`, "country": "SK"}, invalid),
		Countries: []Option{{Value: "CZ", Label: "Czechia"}, {Value: "SK", Label: "Slovakia"}},
	}
}

// serve answers every path with handle.
func serve(t *testing.T, request *http.Request, handle func(c *fiber.Ctx) error) (status int, body string) {
	t.Helper()
	app := fiber.New(fiber.Config{Immutable: true})
	app.Use(handle)
	response, err := app.Test(request, -1)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func get(target string) *http.Request { return httptest.NewRequest(http.MethodGet, target, nil) }

func TestEveryPartRendersInEveryLanguage(t *testing.T) {
	t.Parallel()
	pages, words := testPages(t, withTestPages(t))
	for _, lang := range words.Languages() {
		for _, name := range []string{"demo", "solo"} {
			t.Run(lang+" "+name, func(t *testing.T) {
				status, body := serve(t, get("/orders?lang="+lang), func(c *fiber.Ctx) error {
					customer := jana()
					if name == "solo" {
						customer = nil
					}
					shop := testShop()
					shop.Languages = words.Languages()
					b := pages.Base(c, testArea(), shop, customer)
					b.SingleCard, b.Nav, b.Wide = name == "solo", "orders", name == "demo"
					return pages.Render(c, fiber.StatusOK, name, demoOf(b))
				})
				if status != fiber.StatusOK {
					t.Fatalf("status %d: %s", status, body)
				}
				check(t, body, lang)
			})
		}
	}
	if missing := words.Missing(); len(missing) > 0 {
		t.Errorf("sentences or values are missing: %v", missing)
	}
}

func check(t *testing.T, body, lang string) {
	t.Helper()
	for _, want := range []string{`<html lang="` + lang + `">`, "</html>", "Dielňa &amp; syn",
		`href="/brand/`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	for _, unwanted := range []string{"ZgotmplZ", "<no value>", "style=", `<b>"Jana"`, "%!", "<nil>"} {
		if strings.Contains(body, unwanted) {
			t.Errorf("%q in the page", unwanted)
		}
	}
}

func TestRenderInParallel(t *testing.T) {
	t.Parallel()
	pages, words := testPages(t, withTestPages(t))
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			lang := words.Languages()[i%len(words.Languages())]
			b := Base{L: words.Localizer(lang, nil), money: pages.money[lang], Shop: testShop(),
				Area: testArea(), fragments: pages.fragments}
			for range 20 {
				var text strings.Builder
				err := pages.execute(&text, []string{"demo", "solo"}[i/2%2], demoOf(b))
				if err != nil || !strings.Contains(text.String(), `<html lang="`+lang+`">`) {
					t.Errorf("%s: %v", lang, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestFailingPageIsNeverHalfSent(t *testing.T) {
	t.Parallel()
	source := withTestPages(t).(fstest.MapFS)
	source["pages/fails.html"] = &fstest.MapFile{Data: []byte(`{{template "layout/head" .}}<h1>begun</h1>{{.Nothing}}`)}
	pages, _ := testPages(t, source)
	_, body := serve(t, get("/"), func(c *fiber.Ctx) error {
		b := pages.Base(c, testArea(), testShop(), nil)
		if err := pages.Render(c, fiber.StatusOK, "fails", demoOf(b)); err == nil {
			t.Error("no error for a template that fails")
		}
		if kept := c.Response().Body(); len(kept) > 0 {
			t.Errorf("%d bytes of the failed page are in the response", len(kept))
		}
		pages.Broken(c, testShop())
		return nil
	})
	if !strings.Contains(body, "Something went wrong") || strings.Contains(body, "begun") {
		t.Errorf("not the page of a failure: %s", body)
	}
}

func TestBrokenTemplateStopsTheStart(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"syntax":          `{{if}}`,
		"unknown partial": `{{template "partials/none" .}}`,
		"unescapable":     `<a href="{{if .Title}}x"{{end}}>`,
	} {
		t.Run(name, func(t *testing.T) {
			source := withTestPages(t).(fstest.MapFS)
			source["pages/broken.html"] = &fstest.MapFile{Data: []byte(text)}
			if _, err := newPages(words, source); err == nil {
				t.Error("it was accepted")
			}
		})
	}
}

func TestNoTemplateUsesLayouts(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(templates.Pages, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates.Pages, name)
		for _, forbidden := range []string{"{{embed", "{{ embed", "{{define", "{{block",
			"style=\"", "onclick"} {
			if strings.Contains(string(text), forbidden) {
				t.Errorf("%s contains %s", name, forbidden)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

package page

import (
	"html/template"
	"strings"
	"testing"

	"postern/portal/shop"
	"postern/static"
	"postern/templates"

	"github.com/google/go-cmp/cmp"
)

// hostile adds an attribute and an element unless it is escaped; as a URL it runs a script.
const hostile = `javascript:"><script>alert('1')</script>&amp;`

// wantEscaped fails if the hostile text appears unescaped in the HTML, or not in exactly the given number
// of places.
func wantEscaped(t *testing.T, html string, places int) {
	t.Helper()
	if strings.Contains(html, "<script>") || strings.Contains(html, `:"`) || strings.Contains(html, "('") {
		t.Errorf("a text got through: %s", html)
	}
	if got := strings.Count(html, "&lt;script&gt;") + strings.Count(html, "%3cscript%3e"); got != places {
		t.Errorf("the text stands in %d places, want %d: %s", got, places, html)
	}
	if strings.Contains(html, `href="javascript`) || strings.Contains(html, `action="javascript`) {
		t.Errorf("an address leads to a script: %s", html)
	}
}

// hostileShop returns a shop with the hostile text in every field.
func hostileShop() shop.Shop {
	return shop.Shop{
		ID: "main", Name: hostile, Language: "en", StorefrontURL: hostile,
		Brand: shop.Brand{SupportEmail: hostile, Footer: []shop.FooterLink{{Label: hostile, URL: hostile}}},
	}
}

// TestFrameEscapes puts the hostile text into everything that a page's frame shows.
func TestFrameEscapes(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	html := func(html template.HTML, err error) string {
		if err != nil {
			t.Error(err)
		}
		return string(html)
	}
	baseOf(t, get("/"), jana(), func(b Base) {
		b.Shop, b.Title, b.DisplayName, b.Email, b.CurrentURL, b.BrandStyle = hostileShop(), hostile, hostile, hostile, hostile, hostile
		b.Languages = []Choice{{Lang: hostile, Name: hostile}}
		b.Flash = &Flash{Text: hostile,
			Undo: &Action{Label: hostile, Path: hostile, Fields: []Hidden{{hostile, hostile}}}}
		flash := func() string { return partial(t, pages, "flash", b.Flash) }
		// title, shop in the title, brand, name, email; of the flash its text, both parts of the field, and
		// the label
		wantEscaped(t, html(b.Head())+flash(), 9)
		// email twice, footer label, path, three for the language
		wantEscaped(t, html(b.Foot()), 7)
		b.SignedIn, b.AskedLang = false, hostile
		// title, shop in the title, brand (without its URL, which is escaped as a query), four of the flash
		wantEscaped(t, html(b.Head())+flash(), 7)
		// email twice, footer label, three for the language
		wantEscaped(t, html(b.Foot()), 6)
		b.Shop.Brand.LogoHash = hostile
		wantEscaped(t, html(b.Head())+flash(), 8) // the logo's URL in addition
		wantEscaped(t, partial(t, pages, "pager", b.Pager("/"+hostile, hostile)), 1)
	})
}

// TestFieldEscapes puts the hostile text into every part of a field.
func TestFieldEscapes(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	field := Field{
		ID: hostile, Name: hostile, Label: hostile, Hint: hostile, Error: hostile, Value: hostile,
		Mark: hostile, Type: hostile,
		Autocomplete: hostile, InputMode: hostile, Capitals: hostile, MaxLength: hostile,
		fragments: pages.fragments,
	}
	// for, label, mark; id, name, type, value, four attributes, two ids; id and text of both hint and error
	wantEscaped(t, htmlOf(t, field), 3+10+4)
	list := field
	list.Options = []Option{{Value: hostile, Label: hostile}}
	// for, label, mark; id, name, autocomplete, two ids; two of the option; id and text of both hint and
	// error
	wantEscaped(t, htmlOf(t, list), 3+5+2+4)
	box := field
	box.Type = "checkbox"
	// id, name, two ids; for, label, mark; id and text of both hint and error
	wantEscaped(t, htmlOf(t, box), 4+3+4)
}

func htmlOf(t *testing.T, field Field) string {
	t.Helper()
	html, err := field.HTML()
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

// TestAddresses checks which addresses a link may have.
func TestAddresses(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"/orders?from=10:00": "/orders?from=10:00", "#f-a": "#f-a", "": "", "orders/a:b": "orders/a:b",
		"?a=b:c":                "?a=b:c",
		"https://shop.example/": "https://shop.example/", "HTTP://shop.example": "HTTP://shop.example",
		"mailto:a@b.c":        "mailto:a@b.c",
		"javascript:alert(1)": "#", "JavaScript:alert(1)": "#", " javascript:alert(1)": "#",
		"java\tscript:alert(1)": "#", "data:text/html,x": "#",
		"vbscript:x": "#", ":x": "#",
	} {
		if got := escapeURL(address); got != want {
			t.Errorf("%q becomes %q, want %q", address, got, want)
		}
	}
}

// TestFieldsMarkup checks the exact HTML of the three kinds of form field.
func TestFieldsMarkup(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	form := Form{Values: map[string]string{"a": "1", "c": "yes"},
		FieldErrors: map[string]string{"a": "Mend."}, fragments: pages.fragments}
	drawings, err := loadIcons(static.FS)
	if err != nil {
		t.Fatal(err)
	}
	short := strings.NewReplacer(string(drawings["alert"]), "<svg/>", string(drawings["down"]), "<i/>")
	tests := []struct {
		name string
		make func() (Field, error)
		want string
	}{
		{"input", func() (Field, error) {
			return form.Field("a", "A", "half", "y", "required", "y", "plain", "y", "code", "y", "autofocus",
				"y", "maxlength", "9", "hint", "H.")
		}, `<div class="field half invalid">
<label for="f-a">A</label>
<input class="code" id="f-a" name="a" type="text" value="1" spellcheck="false" maxlength="9" required autofocus aria-describedby="f-a-error f-a-hint" aria-invalid="true">
<p class="hint" id="f-a-hint">H.</p>
<p class="field-error" id="f-a-error"><svg/>Mend.</p>
</div>
`},
		{"list", func() (Field, error) {
			return form.Select("b", "B", []Option{{Label: "Choose"}, {Value: "x", Label: "X"}},
				"required", "y")
		}, `<div class="field">
<label for="f-b">B</label>
<span class="select"><select id="f-b" name="b" required>
<option value="" selected>Choose</option>
<option value="x">X</option>
</select><i/></span>
</div>
`},
		{"box", func() (Field, error) { return form.Field("c", "C", "type", "checkbox") }, `<div class="field check">
<input id="f-c" name="c" type="checkbox" value="yes" checked>
<label for="f-c">C</label>
</div>
`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			field, err := test.make()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, short.Replace(htmlOf(t, field))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

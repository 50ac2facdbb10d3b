package page

import (
	"errors"
	"html/template"
	"strings"
	"testing"
	"testing/fstest"

	"postern/templates"
)

// probe is the data of the template in these tests.
type probe struct {
	Text, More string
	HTML       template.HTML
}

// probeIn returns fragments with one template, partials/probe.
func probeIn(t *testing.T, text string) *fragments {
	t.Helper()
	source := withTestPages(t).(fstest.MapFS)
	source["partials/probe.html"] = &fstest.MapFile{Data: []byte(text)}
	pages, _ := testPages(t, source)
	return pages.fragments
}

func probed(f *fragments, text, more string, html template.HTML) (string, error) {
	gaps := f.gaps()
	data := probe{Text: gaps.Text(text), More: gaps.Text(more), HTML: gaps.HTML(html)}
	out, err := f.html(Shape{Template: "partials/probe"}, gaps, &data)
	return string(out), err
}

// TestFragmentShowsTheValuesOfItsUse uses one template with several values, empty ones among them, twice.
func TestFragmentShowsTheValuesOfItsUse(t *testing.T) {
	t.Parallel()
	f := probeIn(t, `{{with .Text}}<b title="{{.}}">{{.}}</b>{{end}}{{if .More}}<a href="{{.More}}">{{.Text}}</a>{{end}}{{.HTML}}`)
	for range 2 {
		for _, test := range []struct {
			text, more string
			html       template.HTML
			want       string
		}{
			{`<"'>`, "", "", `<b title="&lt;&#34;&#39;&gt;">&lt;&#34;&#39;&gt;</b>`},
			{"a", "/b?c=d&e", "<i>x</i>", `<b title="a">a</b><a href="/b?c=d&amp;e">a</a><i>x</i>`},
			{"f", "javascript:x", "", `<b title="f">f</b><a href="#">f</a>`},
			{"", "https://x.test/ä \"", "", `<a href="https://x.test/%c3%a4%20%22"></a>`},
			{"", "", "", ""},
		} {
			if got, err := probed(f, test.text, test.more, test.html); got != test.want || err != nil {
				t.Errorf("%q, want %q: %v", got, test.want, err)
			}
		}
	}
}

// TestFragmentRefusesOtherPlaces puts a value where neither text nor the path of a URL stands.
func TestFragmentRefusesOtherPlaces(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`<script>let x = {{.Text}}</script>`, `<p onclick="f({{.Text}})">`,
		`<style>p { color: {{.Text}} }</style>`, `<p title={{.Text}}>x</p>`,
		`<a href="/x?y={{.Text}}">x</a>`, `<img srcset="{{.Text}}" alt="">`,
		`{{len .Text}} {{slice .Text 1 5}}`,
	} {
		if got, err := probed(probeIn(t, text), "a", "b", "<b>c</b>"); err == nil {
			t.Errorf("%s gives %s", text, got)
		}
	}
}

// TestManyGaps uses a template with more gaps than a kept one may have.
func TestManyGaps(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	gaps := pages.fragments.gaps()
	var data foot
	data.Words, data.Area = Words{pages.catalogue.Localizer("en", nil)}, testArea()
	for range maxMarked {
		data.Links = append(data.Links, Link{Label: gaps.Text(""), Path: gaps.Text("/last")})
	}
	html, err := pages.fragments.html(Shape{Template: "layout/frame-foot"}, gaps, &data)
	if got := strings.Count(string(html), `<a href="/last"></a>`); got != maxMarked || err != nil {
		t.Errorf("%d links: %v", got, err)
	}
	if kept := len(*pages.fragments.kept.Load()); kept > 20 {
		t.Errorf("%d fragments are kept", kept)
	}
}

// TestURLsAreEscapedAsInOtherTemplates compares a kept template with one that is not.
func TestURLsAreEscapedAsInOtherTemplates(t *testing.T) {
	t.Parallel()
	f := probeIn(t, `<a href="{{.Text}}">`)
	plain := template.Must(template.New("").Parse(`<a href="{{.Text}}">`))
	for _, address := range []string{
		"/a?b=c&d=e#f", "/%41%zz%4", "https://x.test/ä'(1)", "mailto:a+b@c.test", "/\"<>`\\^{|}", "//x.test",
		"/a b\n\x00\xff", "javascript:alert(1)", "*!$,;=[]~_-.",
	} {
		got, err := probed(f, address, "", "")
		var want strings.Builder
		if err := plain.Execute(&want, probe{Text: address}); err != nil {
			t.Fatal(err)
		}
		if want := strings.NewReplacer("#ZgotmplZ", "#", "&#43;",
			"+").Replace(want.String()); got != want || err != nil {
			t.Errorf("%q becomes %s, want %s: %v", address, got, want, err)
		}
	}
}

// TestWrittenGap fills a gap with what a function writes, anew for each use. Its error is the template's.
func TestWrittenGap(t *testing.T) {
	t.Parallel()
	f := probeIn(t, `<p>{{.Text}}</p>{{.HTML}}`)
	for _, list := range []string{"<b>1</b>", "<b>2</b>"} {
		gaps := f.gaps()
		data := probe{Text: gaps.Text("<"), HTML: gaps.Written(func(out Output) error {
			_, err := out.WriteString(list)
			return err
		})}
		html, err := f.html(Shape{Template: "partials/probe"}, gaps, &data)
		if want := "<p>&lt;</p>" + list; string(html) != want || err != nil {
			t.Errorf("%s, want %s: %v", html, want, err)
		}
	}
	gaps, broken := f.gaps(), errors.New("broken")
	data := probe{Text: gaps.Text("a"), HTML: gaps.Written(func(Output) error { return broken })}
	if _, err := f.html(Shape{Template: "partials/probe"}, gaps, &data); !errors.Is(err, broken) {
		t.Errorf("no error: %v", err)
	}
}

// TestKeptHTML checks that HTML is made once for a shape and a language, and that an error is not kept.
func TestKeptHTML(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	made := 0
	show := func(lang, variant string, err error) template.HTML {
		b := Base{L: pages.catalogue.Localizer(lang, nil), fragments: pages.fragments}
		html, got := b.Kept(Shape{Template: "list", Variant: variant}, func() (template.HTML, error) {
			made++
			return template.HTML(lang + variant), err
		})
		if !errors.Is(got, err) {
			t.Errorf("error %v, want %v", got, err)
		}
		return html
	}
	show("en", "a", errors.New("broken"))
	for range 2 {
		if got := show("en", "a", nil) + show("sk", "a", nil) + show("en", "b", nil); got != "enaskaenb" {
			t.Errorf("%s", got)
		}
	}
	if made != 4 {
		t.Errorf("made %d times", made)
	}
}

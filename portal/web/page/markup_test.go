package page

import (
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"postern/static"
)

// TestMarkupEscapes checks that no text can escape from its element or attribute.
func TestMarkupEscapes(t *testing.T) {
	t.Parallel()
	const probe = `"><img src=x onerror='alert(1)'>&amp;`
	var m Markup
	m.Raw(`<p title="`).Text(probe).Raw(`">`).Text(probe).Raw(`</p>`).Put("<b>b</b>")
	m.Item(probe, probe, true)
	got := string(m.HTML())
	for _, want := range []string{`<p title="&#34;&gt;`, `</p><b>b</b><li><a href="&#34;`, ` aria-current="page">&#34;`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(got, "<img") || strings.Contains(got, "'") || strings.Count(got, "&amp;amp;") != 4 {
		t.Errorf("a probe got through: %s", got)
	}
}

// TestEveryToneHasItsIcon checks that every status is shown with an icon.
func TestEveryToneHasItsIcon(t *testing.T) {
	t.Parallel()
	icons, err := loadIcons(static.FS)
	if err != nil {
		t.Fatal(err)
	}
	b := Base{icons: icons}
	for _, tone := range []string{"waiting", "moving", "done", "stopped", "neutral"} {
		got := string(b.Status(b.Pill(tone, "Paid & sent")))
		if !strings.HasPrefix(got, `<span class="status tone-`+tone+`"><svg`) || !strings.Contains(got, "<span>Paid &amp; sent</span>") {
			t.Errorf("%s: %s", tone, got)
		}
	}
}

// TestPagesDoNotShareTheirText renders a second page before the first one is sent.
func TestPagesDoNotShareTheirText(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, withTestPages(t))
	app := fiber.New()
	first, second := app.AcquireCtx(&fasthttp.RequestCtx{}), app.AcquireCtx(&fasthttp.RequestCtx{})
	data := demoOf(pages.Base(first, testShop(), nil))
	if err := pages.Render(first, fiber.StatusOK, "demo", data); err != nil {
		t.Fatal(err)
	}
	before := string(first.Response().Body())
	for range 3 { // the pool may drop a buffer
		if err := pages.Render(second, fiber.StatusOK, "solo", data); err != nil {
			t.Fatal(err)
		}
	}
	if after := string(first.Response().Body()); after != before {
		t.Error("the second page changed the first")
	}
}

package page

import (
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"postern/templates"
)

// TestEveryToneHasItsIcon checks that every status is shown with an icon.
func TestEveryToneHasItsIcon(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	b := Base{}
	for _, tone := range []string{"waiting", "moving", "done", "stopped", "neutral"} {
		got := partial(t, pages, "status", b.Pill(tone, "Paid & sent"))
		if !strings.HasPrefix(got, `<span class="status tone-`+tone+`"><svg`) || !strings.Contains(got,
			"<span>Paid &amp; sent</span>") {
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
	data := demoOf(pages.Base(first, testArea(), testShop(), nil))
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

package webtest_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v2"

	"postern/portal/web/webtest"
)

const form = `<form id="f" method="post" action="/echo"><input name="kept" value="a &amp; b"><input type="hidden" name="h" value="1">
<textarea name="area">text</textarea><select name="s"><option value="x">X<option value="y" selected>Y</select>
<input type="checkbox" name="off"><input type="checkbox" name="on" checked><input name="gone" disabled value="1">
<button name="act" value="first">1</button><button name="act" value="second">2</button></form><a class="next" href="/moved">go</a>`

func site(t *testing.T) *webtest.Way {
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	app.Get("/form", func(c *fiber.Ctx) error { return c.Type("html").SendString(form) })
	app.Post("/echo", func(c *fiber.Ctx) error {
		return c.SendString(c.Get("Origin") + " " + c.Get("Sec-Fetch-Site") + " " + string(c.BodyRaw()))
	})
	app.Get("/moved", func(c *fiber.Ctx) error { return c.Redirect("/form", 303) })
	app.Get("/away", func(c *fiber.Ctx) error { return c.Redirect("https://elsewhere.test/", 303) })
	app.Get("/cookie", func(c *fiber.Ctx) error {
		c.Cookie(&fiber.Cookie{Name: "__Host-a", Value: c.Query("v"), Path: "/", Secure: true})
		return c.SendString(c.Cookies("__Host-a"))
	})
	return webtest.Serve(t, app)
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	b := webtest.NewBrowser(t, "https://a.test", site(t))
	b.Get("/form").Want(200)
	page := b.Submit("#f", map[string]string{"area": "new"})
	const want = "https://a.test same-origin act=first&area=new&h=1&kept=a+%26+b&on=on&s=y"
	if page.Body != want {
		t.Errorf("sent %s, want %s", page.Body, want)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	b := webtest.NewBrowser(t, "https://a.test", site(t))
	b.Get("/form")
	if page := b.Follow("a.next").Want(200); !page.Has("form#f") || page.URL.Path != "/form" {
		t.Errorf("at %s", page.URL)
	}
	if to, moved := b.Get("/away").Want(303).Redirect(); !moved || to.Host != "elsewhere.test" {
		t.Errorf("leads to %v", to)
	}
}

// TestBrowsersInParallel checks that concurrent browsers each keep their own secure cookies.
func TestBrowsersInParallel(t *testing.T) {
	t.Parallel()
	way := site(t)
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			b := webtest.NewBrowser(t, "https://a.test", way)
			value := fmt.Sprint("v", n)
			b.Get("/cookie?v=" + value)
			if page := b.Get("/cookie?v=" + value).Want(200); page.Body != value ||
				b.Cookie("__Host-a") != value {
				t.Errorf("browser %s sent %q", value, page.Body)
			}
		})
	}
	all.Wait()
}

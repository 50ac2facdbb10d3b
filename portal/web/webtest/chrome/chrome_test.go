package chrome_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"postern/portal/web/webtest"
	"postern/portal/web/webtest/chrome"
)

// judge is a testing.TB that records its errors instead of failing.
type judge struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (j *judge) Error(args ...any) { j.errors = append(j.errors, fmt.Sprint(args...)) }
func (j *judge) Errorf(format string, args ...any) {
	j.errors = append(j.errors, fmt.Sprintf(format, args...))
}
func (j *judge) Cleanup(f func()) { j.cleanups = append(j.cleanups, f) }

// end runs the cleanups and returns the errors.
func (j *judge) end() []string {
	for _, cleanup := range slices.Backward(j.cleanups) {
		cleanup()
	}
	return j.errors
}

const head = `<!doctype html><html lang="en"><head><title>t</title><meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main><h1>Page</h1>`

func pages() map[string]string {
	return map[string]string{
		"/": head + `<form method="post" action="/said"><label>Name <input name="name" value="old"></label>
<select name="s" aria-label="s"><option value="a">A</option><option value="b">B</option></select><button>Say</button></form>
<a id="next" href="/next">next</a><p hidden id="secret">secret</p><script src="/script.js"></script>`,
		"/next":      head + `<p id="there">there</p><a href="/">back</a>`,
		"/auto":      head + `<form id="f" action="/next"></form><script src="/auto.js"></script>`,
		"/console":   head + `<script src="/console.js"></script>`,
		"/throws":    head + `<script src="/throws.js"></script>`,
		"/policy":    head + `<p style="color:red">styled</p>`,
		"/elsewhere": head + `<img alt="" src="http://elsewhere.test/a.png">`,
		"/shop":      head + `<img alt="" src="http://shop.test/a.png">`,
		"/missing":   head + `<img alt="" src="/no.png">`,
		"/faulty":    head + `<input name="unlabelled"><p class="pale">pale</p><link rel="stylesheet" href="/pale.css">`,
		"/wide":      head + `<div class="wide">wide</div><link rel="stylesheet" href="/pale.css">`,
	}
}

func site(t *testing.T) string {
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	for path, body := range pages() {
		app.Get(path, func(c *fiber.Ctx) error {
			c.Set("Content-Security-Policy",
				"default-src 'self'; img-src 'self' http://elsewhere.test http://shop.test")
			return c.Type("html").SendString(body)
		})
	}
	for name, text := range map[string]string{
		"script.js":  `document.querySelector("h1").textContent = "Scripted"`,
		"auto.js":    `document.forms.f.requestSubmit()`,
		"console.js": `console.error("went wrong", 7)`, "throws.js": `throw new Error("thrown")`,
		"pale.css": `.pale { color: #ccc; background: #fff } .wide { width: 2000px } @media print { h1 { display: none } }`,
	} {
		app.Get("/"+name, func(c *fiber.Ctx) error {
			return c.Type(name[strings.Index(name,
				".")+1:]).SendString(text)
		})
	}
	app.Post("/said", func(c *fiber.Ctx) error {
		c.Type("html")
		return c.SendString(head + "<p>" + c.FormValue("name") + " " + c.FormValue("s") + " " +
			c.Get("Accept-Language") + "</p>")
	})
	return "http://" + webtest.Serve(t, app).Addr
}

func TestChrome(t *testing.T) {
	t.Parallel()
	base := site(t)
	browser := chrome.Start(t)
	for name, test := range map[string]func(*testing.T, *chrome.Chrome, string){
		"tab": goesAbout, "two tabs": areStrangers, "faults": tellsFaults, "axe": findsViolations, "look": looksOtherwise,
	} {
		t.Run(name, func(t *testing.T) { test(t, browser, base) })
	}
}

func goesAbout(t *testing.T, browser *chrome.Chrome, base string) {
	for name, scripts := range map[string]bool{"with scripts": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			tab := browser.Tab(t, chrome.Options{Base: base, Language: "sk", NoScripts: !scripts})
			tab.Visit("/")
			if got := tab.Text("h1") == "Scripted"; got != scripts {
				t.Errorf("the heading is %q", tab.Text("h1"))
			}
			if tab.Sees("#secret") || !tab.Has("#secret") || tab.Has("#there") || !tab.Sees("h1") {
				t.Error("what is seen is not what there is")
			}
			tab.Type("[name=name]", "new name")
			tab.Fill("[name=s]", "b")
			tab.Follow("button")
			if got := tab.Text("p"); got != "new name b sk" {
				t.Errorf("sent %q", got)
			}
			tab.Visit("/")
			tab.Follow("#next")
			tab.WaitFor("#there")
			if got := tab.Path(); got != "/next" {
				t.Errorf("at %s", got)
			}
			history := []string{"about:blank", base + "/", base + "/said", base + "/", base + "/next"}
			if diff := cmp.Diff(history, tab.History()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func areStrangers(t *testing.T, browser *chrome.Chrome, base string) {
	one, other := browser.Tab(t, chrome.Options{Base: base}), browser.Tab(t, chrome.Options{Base: base})
	one.Visit("/next")
	other.Visit("/next")
	chrome.Evaluate[string](one, `document.cookie = "a=1"`)
	if got := chrome.Evaluate[string](other, "document.cookie") + chrome.Evaluate[string](one,
		"document.cookie"); got != "a=1" {
		t.Errorf("cookies %q", got)
	}
	one.Visit("/auto")
	one.WaitFor("#there")
}

func tellsFaults(t *testing.T, browser *chrome.Chrome, base string) {
	tests := map[string]string{
		"/console": `console error: "went wrong" 7`, "/throws": "Error: thrown",
		"/policy":    "Content Security Policy",
		"/elsewhere": "asks http://elsewhere.test/a.png", "/missing": "404", "/shop": "", "/": "",
		"/not-there": "",
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			j := &judge{TB: t}
			tab := browser.Tab(j, chrome.Options{Base: base, Storefront: "http://shop.test"})
			tab.Visit(path)
			got := strings.Join(j.end(), "\n")
			if want == "" && got != "" || !strings.Contains(got, want) {
				t.Errorf("judged %q, want %q", got, want)
			}
		})
	}
}

func findsViolations(t *testing.T, browser *chrome.Chrome, base string) {
	tab := browser.Tab(t, chrome.Options{Base: base})
	var rules []string
	tab.Visit("/faulty")
	for _, violation := range tab.Axe() {
		rules = append(rules, violation.Rule)
		if violation.Help == "" || violation.Selector == "" {
			t.Errorf("a violation without words: %s", violation)
		}
	}
	slices.Sort(rules)
	if diff := cmp.Diff([]string{"color-contrast", "label"}, rules); diff != "" {
		t.Error(diff)
	}
	tab.Visit("/next")
	if found := tab.Axe(); len(found) != 0 {
		t.Errorf("found %v", found)
	}
}

func looksOtherwise(t *testing.T, browser *chrome.Chrome, base string) {
	tab := browser.Tab(t, chrome.Options{Base: base, Look: chrome.Look{Width: 360, Dark: true}})
	tab.Visit("/wide")
	const scheme = `matchMedia("(prefers-color-scheme: dark)").matches`
	if got := chrome.Evaluate[int](tab, "screen.width"); got != 360 || !chrome.Evaluate[bool](tab, scheme) ||
		tab.Overhang() < 1000 {
		t.Errorf("%d wide, %d too wide, dark %t", got, tab.Overhang(), chrome.Evaluate[bool](tab, scheme))
	}
	const forced = `matchMedia("(forced-colors: active)").matches`
	if tab.Look(chrome.Look{Forced: true}); !chrome.Evaluate[bool](tab, forced) {
		t.Error("no forced colours")
	}
	tab.Look(chrome.Look{Print: true})
	if tab.Sees("h1") || chrome.Evaluate[bool](tab, scheme) {
		t.Error("neither printed nor light")
	}
	tab.Visit("/next")
	if got := tab.Overhang(); got != 0 {
		t.Errorf("%d too wide", got)
	}
}

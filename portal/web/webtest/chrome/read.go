package chrome

import (
	"encoding/json"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Evaluate is the value of an expression in JavaScript on the page the tab shows; a promise is waited for.
// It works on a page whose own scripts are off, too.
func Evaluate[T any](t *Tab, expression string) T {
	t.t.Helper()
	return run(t, "evaluate "+shortened(expression), chromedp.Evaluate[T](expression, func(p *runtime.EvaluateParams) {
		p.AwaitPromise = new(true)
	}))
}

func shortened(text string) string {
	const most = 120
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

// quote writes a text as JavaScript.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string always can be
	return string(quoted)
}

// Has reports whether an element matches.
func (t *Tab) Has(selector string) bool {
	t.t.Helper()
	return Evaluate[bool](t, "!!document.querySelector("+quote(selector)+")")
}

// Sees reports whether the first element that matches takes up room on the page.
func (t *Tab) Sees(selector string) bool {
	t.t.Helper()
	return Evaluate[bool](t, "(e => !!e && e.checkVisibility({visibilityProperty: true}))(document.querySelector("+quote(selector)+"))")
}

// Text is the text of the first element that matches, as it is seen, white space collapsed; "" when none
// does.
func (t *Tab) Text(selector string) string {
	t.t.Helper()
	text := Evaluate[string](t, "document.querySelector("+quote(selector)+")?.innerText ?? ''")
	return strings.Join(strings.Fields(text), " ")
}

// Texts are the texts of all elements that match.
func (t *Tab) Texts(selector string) []string {
	t.t.Helper()
	texts := Evaluate[[]string](t, "Array.from(document.querySelectorAll("+quote(selector)+"), e => e.innerText)")
	for i, text := range texts {
		texts[i] = strings.Join(strings.Fields(text), " ")
	}
	return texts
}

// Attr is an attribute of the first element that matches; "" when none does or it lacks the attribute.
func (t *Tab) Attr(selector, name string) string {
	t.t.Helper()
	return Evaluate[string](t, "document.querySelector("+quote(selector)+")?.getAttribute("+quote(name)+") ?? ''")
}

// Value is what stands in a field; "" when there is none.
func (t *Tab) Value(selector string) string {
	t.t.Helper()
	return Evaluate[string](t, "document.querySelector("+quote(selector)+")?.value ?? ''")
}

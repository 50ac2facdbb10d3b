package chrome

import (
	"encoding/json"
	"strings"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Evaluate returns the value of a JavaScript expression on the tab's page. It waits for a promise. It also
// works on a page whose own scripts are disabled.
func Evaluate[T any](t *Tab, expression string) T {
	t.t.Helper()
	return run(t, "evaluate "+shortened(expression),
		chromedp.Evaluate[T](expression, func(p *runtime.EvaluateParams) {
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

// quote returns a text as a JavaScript string.
func quote(text string) string {
	quoted, _ := json.Marshal(text) // a string can always be encoded
	return string(quoted)
}

// Has reports whether an element matches.
func (t *Tab) Has(selector string) bool {
	t.t.Helper()
	return Evaluate[bool](t, "!!document.querySelector("+quote(selector)+")")
}

// Sees reports whether the first matching element is visible.
func (t *Tab) Sees(selector string) bool {
	t.t.Helper()
	return Evaluate[bool](t, "(e => !!e && e.checkVisibility({visibilityProperty: true}))(document.querySelector("+quote(selector)+"))")
}

// Text returns the visible text of the first matching element with white space collapsed, or "".
func (t *Tab) Text(selector string) string {
	t.t.Helper()
	text := Evaluate[string](t, "document.querySelector("+quote(selector)+")?.innerText ?? ''")
	return strings.Join(strings.Fields(text), " ")
}

// Texts returns the texts of all matching elements.
func (t *Tab) Texts(selector string) []string {
	t.t.Helper()
	texts := Evaluate[[]string](t,
		"Array.from(document.querySelectorAll("+quote(selector)+"), e => e.innerText)")
	for i, text := range texts {
		texts[i] = strings.Join(strings.Fields(text), " ")
	}
	return texts
}

// Attr returns an attribute of the first matching element, or "" without the element or the attribute.
func (t *Tab) Attr(selector, name string) string {
	t.t.Helper()
	return Evaluate[string](t, "document.querySelector("+quote(selector)+")?.getAttribute("+
		quote(name)+") ?? ''")
}

// Value returns the value of a field, or "" without the field.
func (t *Tab) Value(selector string) string {
	t.t.Helper()
	return Evaluate[string](t, "document.querySelector("+quote(selector)+")?.value ?? ''")
}

package chrome

import (
	"context"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Type replaces the value of a field, key by key.
func (t *Tab) Type(selector, text string) {
	t.t.Helper()
	run(t, "find "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	Evaluate[bool](t, "document.querySelector("+quote(selector)+").select() === undefined")
	run(t, "type into "+selector, chromedp.SendKeys(chromedp.CSS(selector), text))
}

// Fill sets the value of a field in one step, as a date picker or a list does, and notifies the page of the
// change.
func (t *Tab) Fill(selector, value string) {
	t.t.Helper()
	run(t, "fill "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	if got := Evaluate[string](t, filling(selector, value)); got != value {
		t.t.Errorf("%s cannot be %q, it is %q", selector, value, got)
	}
}

// ChooseFiles chooses the files with these paths in a field.
func (t *Tab) ChooseFiles(selector string, paths ...string) {
	t.t.Helper()
	run(t, "choose files in "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), paths))
}

// Choose is Fill with a pointer, for a choice that opens another page. It waits for that page.
func (t *Tab) Choose(selector, value string) {
	t.t.Helper()
	t.arrive("choose "+value, func(ctx context.Context, on *chromedp.Target) error {
		_, err := chromedp.Evaluate[string](pointing(selector)+filling(selector, value))(ctx, on)
		return err
	})
}

func pointing(selector string) string {
	return "document.querySelector(" + quote(selector) +
		`).dispatchEvent(new PointerEvent("pointerdown", {bubbles: true}));`
}

func filling(selector, value string) string {
	return `(field => {
		field.value = ` + quote(value) + `;
		const now = field.value;
		field.dispatchEvent(new Event("change", {bubbles: true}));
		return now;
	})(document.querySelector(` + quote(selector) + `))`
}

// Tabulate presses the Tab key.
func (t *Tab) Tabulate() {
	t.t.Helper()
	run(t, "press Tab", chromedp.KeyEvent(kb.Tab))
}

// Down presses the down arrow key.
func (t *Tab) Down() {
	t.t.Helper()
	run(t, "press the arrow down", chromedp.KeyEvent(kb.ArrowDown))
}

// Keys types a text into the element that has the focus.
func (t *Tab) Keys(text string) {
	t.t.Helper()
	run(t, "type "+shortened(text), chromedp.KeyEvent(text))
}

// Enter presses the Enter key and waits for the page that opens.
func (t *Tab) Enter() {
	t.t.Helper()
	t.arrive("press Enter", func(ctx context.Context, on *chromedp.Target) error {
		_, err := chromedp.KeyEvent(kb.Enter)(ctx, on)
		return err
	})
}

// Leave runs a script that opens another page, and waits for that page.
func (t *Tab) Leave(script string) {
	t.t.Helper()
	t.arrive("run "+shortened(script), func(ctx context.Context, on *chromedp.Target) error {
		_, err := chromedp.Evaluate[chromedp.Void](script)(ctx, on)
		return err
	})
}

// Wander moves the mouse over the page and scrolls to the end, without pressing anything.
func (t *Tab) Wander() {
	t.t.Helper()
	for step := range 12 {
		run(t, "move the mouse", chromedp.MouseEvent(chromedp.MouseMoved, float64(40+step*90),
			float64(60+step*60)))
	}
	Evaluate[bool](t, "(window.scrollTo(0, document.documentElement.scrollHeight), true)")
}

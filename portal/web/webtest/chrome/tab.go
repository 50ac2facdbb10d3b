package chrome

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Options describes the user of a Tab.
type Options struct {
	Base       string // of the site: http://127.0.0.1:PORT, without a trailing slash
	Language   string // Accept-Language, "" for "en"
	NoScripts  bool
	Look       Look
	Storefront string // another origin that pages may contact; it has pictures, one page, and /nothing
}

// Tab is one page of a browser. It shares no cookies or cache with other tabs but those from Beside. It is
// for one goroutine, that of its test. A step that fails ends the test.
type Tab struct {
	t     testing.TB
	base  *url.URL
	ctx   context.Context
	watch *watch
	width int // of the window
	o     Options
}

// Tab opens a new tab. When the test ends, every fault of a page since then is an error of the test.
func (c *Chrome) Tab(t testing.TB, o Options) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	return openTab(ctx, cancel, t, o)
}

// Beside opens another tab in the window of this one. The two share cookies and storage.
func (t *Tab) Beside() *Tab {
	t.t.Helper()
	ctx, cancel := chromedp.NewContext(t.ctx)
	return openTab(ctx, cancel, t.t, t.o)
}

func openTab(ctx context.Context, cancel context.CancelFunc, t testing.TB, o Options) *Tab {
	t.Helper()
	base, err := url.Parse(o.Base)
	if err != nil {
		t.Fatalf("base URL: %v", err)
	}
	tab := &Tab{t: t, base: base, ctx: ctx, watch: newWatch(o.Base, o.Storefront), o: o}
	t.Cleanup(func() {
		cancel()
		for _, fault := range tab.watch.found() {
			t.Error(fault)
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	if err := chromedp.Listen(ctx, tab.watch.see); err != nil {
		t.Fatalf("watch a tab: %v", err)
	}
	tab.settle(o)
	return tab
}

func (t *Tab) settle(o Options) {
	t.t.Helper()
	if o.Language == "" {
		o.Language = "en"
	}
	call(t, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
		Headers: network.Headers{"Accept-Language": o.Language},
	})
	if o.NoScripts {
		call(t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	if o.Storefront != "" {
		t.playStorefront(o.Storefront)
	}
	t.Look(o.Look)
}

// call sends one command of the DevTools protocol.
func call[P, R any](t *Tab, command cdp.Command[P, R], params P) R {
	t.t.Helper()
	return run(t, command.Method, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	})
}

// run runs one step within patience.
func run[T any](t *Tab, what string, action chromedp.Action[T]) T {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		t.t.Fatalf("%s, on %s: %v\n%s", what, t.watch.address(), err, t.sight())
	}
	return value
}

// sight returns a shortened version of the page's visible text, for messages.
func (t *Tab) sight() string {
	ctx, cancel := context.WithTimeout(t.ctx, time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx,
		chromedp.Evaluate[string](`(document.querySelector("main") ?? document.body).innerText.replace(/\s+/g, " ").slice(0, 500)`))
	if err != nil {
		return "(nothing to be seen: " + err.Error() + ")"
	}
	return text
}

// Visit opens a path of the site, or a URL, as if it was typed into the address bar, and waits for the
// page.
func (t *Tab) Visit(path string) {
	t.t.Helper()
	target, err := t.base.Parse(path)
	if err != nil {
		t.t.Fatalf("path %q: %v", path, err)
	}
	t.arrive("visit "+path, func(ctx context.Context, on *chromedp.Target) error {
		gone, err := cdp.Call(ctx, on, page.Navigate, page.NavigateParams{URL: target.String()})
		if err == nil && gone.ErrorText != "" {
			t.t.Errorf("visit %s: %s", path, gone.ErrorText)
		}
		return err
	})
}

// Click clicks the middle of the first matching element that is visible.
func (t *Tab) Click(selector string) {
	t.t.Helper()
	run(t, "click "+selector, chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// Follow clicks a link or button that leads to another page, and waits for that page.
func (t *Tab) Follow(selector string) {
	t.t.Helper()
	t.arrive("follow "+selector, func(ctx context.Context, on *chromedp.Target) error {
		_, err := chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible)(ctx, on)
		return err
	})
}

// arrive runs an action that leads to another page, and waits until the page has loaded.
func (t *Tab) arrive(what string, action func(context.Context, *chromedp.Target) error) {
	t.t.Helper()
	loaded := t.watch.nextLoad()
	run(t, what, func(ctx context.Context, on *chromedp.Target) (chromedp.Void, error) {
		return chromedp.Void{}, action(ctx, on)
	})
	run(t, "see the page after: "+what, func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		select {
		case <-loaded:
			return chromedp.Void{}, nil
		case <-ctx.Done():
			return chromedp.Void{}, ctx.Err()
		}
	})
}

// WaitFor waits until an element matches, on this page or on one that follows without a click.
func (t *Tab) WaitFor(selector string) {
	t.t.Helper()
	t.WaitUntil("document.readyState === 'complete' && !!document.querySelector(" + quote(selector) + ")")
}

// WaitUntil waits until a JavaScript condition holds.
func (t *Tab) WaitUntil(condition string) {
	t.t.Helper()
	run(t, "wait until "+condition, func(ctx context.Context, on *chromedp.Target) (chromedp.Void, error) {
		again := time.NewTicker(20 * time.Millisecond)
		defer again.Stop()
		for {
			// Between two pages evaluating fails.
			holds, err := chromedp.Evaluate[bool](condition)(ctx, on)
			if err == nil && holds {
				return chromedp.Void{}, nil
			}
			select {
			case <-again.C:
			case <-ctx.Done():
				return chromedp.Void{}, ctx.Err()
			}
		}
	})
}

// Linger advances the page's clocks and timers as if the user did nothing, and then stops them. After it
// the test can only read the tab.
func (t *Tab) Linger(d time.Duration) {
	t.t.Helper()
	until := Evaluate[float64](t, "performance.now()") + float64(d.Milliseconds())
	budget := float64(d.Milliseconds()) + 1
	call(t, emulation.SetVirtualTimePolicy, emulation.SetVirtualTimePolicyParams{
		Policy: emulation.VirtualTimePolicyPauseIfNetworkFetchesPending, Budget: &budget,
	})
	t.WaitUntil(fmt.Sprintf("performance.now() >= %f", until))
}

// URL returns the tab's current URL.
func (t *Tab) URL() *url.URL {
	t.t.Helper()
	address, err := url.Parse(run(t, "address", chromedp.Location()))
	if err != nil {
		t.t.Fatalf("address: %v", err)
	}
	return address
}

// Path returns the path and query of the tab's current URL.
func (t *Tab) Path() string {
	t.t.Helper()
	return t.URL().RequestURI()
}

// History returns the URLs of the tab's history up to the current one, oldest first.
func (t *Tab) History() []string {
	t.t.Helper()
	var addresses []string
	for _, entry := range run(t, "history", chromedp.NavigationEntries()).Entries {
		addresses = append(addresses, entry.URL)
	}
	return addresses
}

package chrome

import (
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// Request is a request that a Tab sent or was about to send.
type Request struct {
	Method, URL string
	Referer     string // "" for none
	Page        bool   // for a page rather than a resource of one
}

// watch records the events of a Tab. It is safe for concurrent use.
type watch struct {
	origins []string // that pages may contact

	mu       sync.Mutex
	faults   []string
	requests []Request
	shown    string                       // URL of the page requested last
	pages    map[network.RequestID]string // requests for pages
	loaded   chan struct{}                // closed and replaced whenever a page has loaded
}

func newWatch(origins ...string) *watch {
	return &watch{origins: origins, pages: make(map[network.RequestID]string), loaded: make(chan struct{})}
}

// see receives every event of the tab in order.
func (w *watch) see(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		w.request(event)
	case *runtime.EventExceptionThrown:
		w.fault("exception: %s", thrown(event.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		w.console(event)
	case *log.EventEntryAdded:
		w.entry(event.Entry)
	case *page.EventLoadEventFired:
		close(w.loaded)
		w.loaded = make(chan struct{})
	}
}

func thrown(details *runtime.ExceptionDetails) string {
	if details.Exception != nil && details.Exception.Description != "" {
		return details.Exception.Description
	}
	return details.Text
}

func (w *watch) fault(format string, args ...any) {
	w.faults = append(w.faults, w.shown+": "+fmt.Sprintf(format, args...))
}

func (w *watch) request(event *network.EventRequestWillBeSent) {
	r := Request{Method: event.Request.Method, URL: event.Request.URL,
		Page: event.Type == network.ResourceTypeDocument}
	if referer, ok := event.Request.Headers["Referer"].(string); ok {
		r.Referer = referer
	}
	w.requests = append(w.requests, r)
	if r.Page {
		w.shown = r.URL
		w.pages[event.RequestID] = r.URL
	}
	if !w.allows(r.URL) {
		w.fault("asks %s", r.URL)
	}
}

// allows permits requests to the site and the storefront, and data: URLs, which the browser uses to draw
// its own controls.
func (w *watch) allows(address string) bool {
	if strings.HasPrefix(address, "data:") {
		return true
	}
	for _, origin := range w.origins {
		if origin != "" && (address == origin || strings.HasPrefix(address, origin+"/")) {
			return true
		}
	}
	return false
}

func (w *watch) console(event *runtime.EventConsoleAPICalled) {
	if event.Type != runtime.ConsoleAPICalledTypeError && event.Type != runtime.ConsoleAPICalledTypeWarning &&
		event.Type != runtime.ConsoleAPICalledTypeAssert {
		return
	}
	var words []string
	for _, argument := range event.Args {
		words = append(words, strings.TrimSpace(string(argument.Value)+" "+argument.Description))
	}
	w.fault("console %s: %s", event.Type, strings.Join(words, " "))
}

// entry records what the browser itself writes to the console. It ignores failed pages, which the test
// checks itself, forms that a script sends and the site refuses, the favicon, which the browser requests
// unasked, and rendering warnings, such as those about a value that a field cannot show.
func (w *watch) entry(entry *log.Entry) {
	if entry.Level != log.EntryLevelError && entry.Level != log.EntryLevelWarning {
		return
	}
	if entry.Source == log.EntrySourceRendering && entry.Level == log.EntryLevelWarning {
		return
	}
	_, isPage := w.pages[entry.NetworkRequestID]
	if entry.Source == log.EntrySourceNetwork && (isPage || strings.Contains(entry.Text, "status of 422") ||
		strings.HasSuffix(entry.URL, "/favicon.ico")) {
		return
	}
	w.fault("console %s of %s: %s (%s)", entry.Level, entry.Source, entry.Text, entry.URL)
}

// nextLoad returns a channel that is closed when the next page has loaded.
func (w *watch) nextLoad() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.loaded
}

func (w *watch) address() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown
}

func (w *watch) found() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults
}

// Requests returns all requests of the tab so far.
func (t *Tab) Requests() []Request {
	t.watch.mu.Lock()
	defer t.watch.mu.Unlock()
	return append([]Request(nil), t.watch.requests...)
}

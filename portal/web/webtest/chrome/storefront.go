package chrome

import (
	"bytes"
	"context"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// storefrontPage is the content of every storefront page.
const storefrontPage = `<!doctype html><html lang="en"><title>Storefront</title><h1 id="storefront">Storefront</h1></html>`

// nothing is a storefront path that answers without content, so that the browser stays on the page with the
// link.
const nothing = "/nothing"

// playStorefront answers the requests to an origin that does not exist: with pages, and with a generated
// picture for each address.
func (t *Tab) playStorefront(origin string) {
	t.t.Helper()
	err := chromedp.Listen(t.ctx, func(event any) {
		if paused, ok := event.(*fetch.EventRequestPaused); ok {
			go t.respond(paused) // the listener must not wait for the browser
		}
	})
	if err != nil {
		t.t.Fatalf("listen: %v", err)
	}
	call(t, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: origin + "/*"}}})
}

// respond answers one request. It ignores errors because the tab may have been closed.
func (t *Tab) respond(asked *fetch.EventRequestPaused) {
	response := fetch.FulfillRequestParams{RequestID: asked.RequestID, ResponseCode: http.StatusOK}
	kind := "image/png"
	switch {
	case strings.HasSuffix(asked.Request.URL, nothing):
		response.ResponseCode = http.StatusNoContent
	case asked.ResourceType == network.ResourceTypeDocument:
		kind, response.Body = "text/html; charset=utf-8", []byte(storefrontPage)
	default:
		response.Body = drawn(asked.Request.URL)
	}
	response.ResponseHeaders = []*fetch.HeaderEntry{{Name: "Content-Type", Value: kind}}
	_, _ = chromedp.Run(t.ctx, func(ctx context.Context, on *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, on, fetch.FulfillRequest, response)
	})
}

// drawn returns a small picture that differs for each name.
func drawn(name string) []byte {
	const side = 96
	hash := fnv.New32a()
	hash.Write([]byte(name))
	sum := hash.Sum32()
	ground := color.RGBA{R: 150 + uint8(sum%90), G: 140 + uint8(sum>>8%90),
		B: 130 + uint8(sum>>16%90), A: 255}
	thing := color.RGBA{R: ground.R - 80, G: ground.G - 70, B: ground.B - 60, A: 255}
	picture := image.NewRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			picture.Set(x, y, ground)
			if away := (x-side/2)*(x-side/2) + (y-side/2)*(y-side/2); away < 28*28 {
				picture.Set(x, y, thing)
			}
		}
	}
	var file bytes.Buffer
	_ = png.Encode(&file, picture) // writing to a buffer never fails
	return file.Bytes()
}

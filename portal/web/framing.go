package web

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"postern/portal/validate"
	"postern/portal/web/gate"
)

// guard wraps Fiber's own handler, outside all middleware. It refuses a request by its header, before any
// of the body is read, and reads the body. It also sets our headers on the one response that Fiber writes
// before any middleware runs, to an unknown method.
type guard struct {
	site  *site
	app   *fiber.App
	inbox *inbox
	next  fasthttp.RequestHandler
	fail  func(*fasthttp.RequestCtx, error)

	reading  time.Duration // of a body
	refusals sync.Map      // *fasthttp.RequestHeader to error, until the handler takes it
}

func (s *site) guard(app *fiber.App, reading time.Duration) {
	server := app.Server()
	g := &guard{site: s, app: app, next: server.Handler, fail: server.ErrorHandler, reading: reading}
	g.inbox = &inbox{site: s, app: app, reading: reading, table: newRouteTable(s.routes()),
		slots: make(chan struct{}, largeSlots), files: make(chan struct{}, fileSlots)}
	server.HeaderReceived, server.Handler, server.ErrorHandler = g.received, g.handle, g.unread
	fasthttp.SetBodySizePoolLimit(gate.MaxBody, keptResponse)
}

// keptResponse is the size of the largest response whose buffer is reused.
const keptResponse = 256 << 10

// received decides by the header alone. For a refused request it removes the body, so that the handler runs
// immediately and answers. For any other body, fasthttp waits for one byte and the handler reads the rest.
func (g *guard) received(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
	err := checkHeader(header)
	if err == nil {
		err = g.inbox.allows(header)
	}
	if err != nil {
		g.refusals.Store(header, err)
		header.SetContentLength(0)
	}
	if err != nil || !header.IsHTTP11() {
		header.Del(fiber.HeaderExpect)
	}
	switch length := header.ContentLength(); {
	case length > gate.MaxBody: // the client may send it
		reading := max(g.reading, g.inbox.table.of(header).Reading)
		return fasthttp.RequestConfig{MaxRequestBodySize: 1, ReadTimeout: reading}
	case length > 0 || length == chunked:
		return fasthttp.RequestConfig{MaxRequestBodySize: 1, ReadTimeout: g.reading}
	}
	return fasthttp.RequestConfig{}
}

// unread answers a request that fasthttp could not read.
func (g *guard) unread(ctx *fasthttp.RequestCtx, err error) {
	g.refusals.Delete(&ctx.Request.Header)
	connOf(ctx).linger()
	if errors.Is(err, errCrowded) {
		ctx.SetStatusCode(fiber.StatusServiceUnavailable) // a page would cost more than the attempt
		return
	}
	g.unreadable(ctx, err)
}

// unreadable answers with Fiber's handler, which would log a client's disconnect as a gateway error.
func (g *guard) unreadable(ctx *fasthttp.RequestCtx, err error) {
	var network net.Error
	if errors.As(err, &network) && !network.Timeout() {
		err = fiber.ErrBadRequest
	}
	g.fail(ctx, err)
}

func (g *guard) handle(ctx *fasthttp.RequestCtx) {
	c := connOf(ctx)
	defer c.next()
	release, err := g.enter(ctx, c)
	defer release()
	if err != nil {
		g.refuse(ctx, c, err)
		return
	}
	c.handle()
	dropCompressed(&ctx.Request)
	start := time.Now()
	g.next(ctx)
	if len(ctx.Response.Header.Peek(fiber.HeaderXContentTypeOptions)) == 0 {
		setBasicHeaders(ctx.Response.Header.Set)
		_, told := g.site.observeAll(context.Background())
		told(ResponseInfo{Method: otherMethod, Route: "-", Status: ctx.Response.StatusCode(),
			Took: time.Since(start)})
	}
	if form := ctx.PostArgs(); form.Len() > gate.MaxFields || ctx.UserValue(gate.FilesKey{}) != nil {
		discard(ctx)
	}
}

// enter reads the request, as far as its header allows.
func (g *guard) enter(ctx *fasthttp.RequestCtx, c *conn) (release func(), err error) {
	refusal, refused := g.refusals.LoadAndDelete(&ctx.Request.Header)
	if err := c.headerFault(); err != nil {
		return func() {}, err
	}
	if refused {
		err, _ = refusal.(error)
		return func() {}, err
	}
	return g.inbox.receive(ctx)
}

// refuse answers and closes the connection: the remaining bytes must not be read as the next request.
func (g *guard) refuse(ctx *fasthttp.RequestCtx, c *conn, err error) {
	var own *validate.Error
	var fibers *fiber.Error
	if errors.As(err, &own) || errors.As(err, &fibers) {
		fiberCtx := g.app.AcquireCtx(ctx)
		_ = g.site.handleError(fiberCtx, err) // never fails
		g.app.ReleaseCtx(fiberCtx)
	} else {
		g.unreadable(ctx, err)
	}
	ctx.SetConnectionClose()
	c.linger()
	if errors.Is(err, fiber.ErrRequestHeaderFieldsTooLarge) {
		discard(ctx)
	}
}

// discard makes fasthttp continue with another context: this one has grown and would keep its memory for
// good.
func discard(ctx *fasthttp.RequestCtx) {
	if ctx.Response.IsBodyStream() {
		return
	}
	ctx.Response.SkipBody = ctx.Response.SkipBody || ctx.IsHead()
	ctx.TimeoutErrorWithResponse(&ctx.Response)
}

// dropCompressed discards a compressed body but keeps its header, so that the request is still rejected:
// reading a form field makes fasthttp decompress the whole body, without a limit.
func dropCompressed(request *fasthttp.Request) {
	if len(request.Header.ContentEncoding()) > 0 {
		request.ResetBody()
	}
}

// clearLength reports whether the header gives the length of the body in at most one way: by
// Content-Length, or by the transfer coding "chunked".
func clearLength(header []byte) bool {
	length, coding := false, false
	for line := range bytes.Lines(header) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte(fiber.HeaderContentLength)):
			length = true
		case bytes.EqualFold(name, []byte(fiber.HeaderTransferEncoding)):
			coding = true
			if !bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked")) {
				return false
			}
		}
	}
	return !length || !coding
}

package web

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// errFraming says that a request states its length in two ways, or by a coding that nobody uses. A proxy in front may have
// read another length than this server, and a part of the body would become somebody's next request
// (RFC 9112, 11.2), so there is no answer but the end of the connection.
var errFraming = errors.New("the length of the request is not clear")

// guard stands around Fiber's own handler, below all middleware. It refuses requests of unclear length, and gives the headers
// of every answer to the one answer that Fiber makes before any middleware runs, to a method nobody knows.
func (s *site) guard(app *fiber.App) {
	server := app.Server()
	next := server.Handler
	server.Handler = func(ctx *fasthttp.RequestCtx) {
		dropCompressed(&ctx.Request)
		if !clearLength(ctx.Request.Header.RawHeaders()) {
			server.ErrorHandler(ctx, errFraming)
			ctx.SetConnectionClose()
			return
		}
		start := time.Now()
		next(ctx)
		if len(ctx.Response.Header.Peek(fiber.HeaderXContentTypeOptions)) == 0 {
			setBasicHeaders(ctx.Response.Header.Set)
			_, told := s.tellAll(context.Background())
			told(Answer{Method: otherMethod, Route: "-", Status: ctx.Response.StatusCode(), Took: time.Since(start)})
		}
	}
}

// dropCompressed takes a compressed body away, its header stays to be refused: whoever asks fasthttp for a field of a form has
// all of it unpacked, without a limit.
func dropCompressed(request *fasthttp.Request) {
	if len(request.Header.ContentEncoding()) > 0 {
		request.ResetBody()
	}
}

// clearLength reports whether the header gives the length of the body in at most one way: by Content-Length, or by the
// transfer coding "chunked".
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

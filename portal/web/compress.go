package web

import (
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// The codings that browsers decode (RFC 9110, 8.4.1).
const (
	brotli = "br"
	gzip   = "gzip"
)

// minPacked is the size in bytes below which compression is not worth it.
const minPacked = 1000

// packer compresses responses for clients that accept it. Files that never change are compressed once, at the
// best level; everything else at the lowest level, which takes a fraction of the time needed to render the
// page. It is safe for concurrent use.
type packer struct{ kept sync.Map } // coding + path of one of our files -> []byte

// pack compresses the response if that is worthwhile and cannot leak a secret.
func (p *packer) pack(c *fiber.Ctx) {
	response := c.Response()
	if response.IsBodyStream() || !isText(string(response.Header.ContentType())) ||
		len(response.Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	if len(response.Body()) < minPacked || !isFile(c) && isLedHere(c) {
		return
	}
	switch coding := codingOf(c); {
	case coding == "":
		return
	case isFile(c) && response.StatusCode() == fiber.StatusOK:
		response.SetBodyRaw(p.once(coding, c.Path(), response.Body()))
		response.Header.Set(fiber.HeaderContentEncoding, coding)
	case coding == gzip || accepts(c, gzip):
		response.SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, response.Body(), fasthttp.CompressBestSpeed))
		response.Header.Set(fiber.HeaderContentEncoding, gzip)
	}
}

// once compresses one of our files the first time it is requested. The cache is bounded by the number of
// names that are answered with 200.
func (p *packer) once(coding, path string, body []byte) []byte {
	key := coding + path
	if kept, ok := p.kept.Load(key); ok {
		return kept.([]byte)
	}
	var packed []byte
	if coding == brotli {
		packed = fasthttp.AppendBrotliBytesLevel(nil, body, fasthttp.CompressBrotliBestCompression)
	} else {
		packed = fasthttp.AppendGzipBytesLevel(nil, body, fasthttp.CompressBestCompression)
	}
	p.kept.Store(key, packed)
	return packed
}

// isLedHere reports whether another site may have sent the browser to this page. Such a site controls the
// part of the address that the page repeats, and an observer of the response's length could guess the rest of
// the page, letter by letter (BREACH). Our own pages and typed addresses are safe, as is a client without a
// cookie.
func isLedHere(c *fiber.Ctx) bool {
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	}
	return len(c.Request().Header.Peek(fiber.HeaderCookie)) > 0
}

// codingOf returns the best coding that the client accepts, or "".
func codingOf(c *fiber.Ctx) string {
	for _, coding := range []string{brotli, gzip} {
		if accepts(c, coding) {
			return coding
		}
	}
	return ""
}

// accepts reports whether Accept-Encoding names the coding with a weight above zero.
func accepts(c *fiber.Ctx, coding string) bool {
	for part := range strings.SplitSeq(c.Get(fiber.HeaderAcceptEncoding), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		_, q, weighted := strings.Cut(weight, "=")
		return !weighted || strings.Trim(strings.TrimSpace(q), "0.") != ""
	}
	return false
}

// isText reports whether the content is text; pictures are compressed already.
func isText(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind {
	case fiber.MIMEApplicationJSON, "application/problem+json", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

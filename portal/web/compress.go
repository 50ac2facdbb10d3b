package web

import (
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// The codings that browsers unpack (RFC 9110, 8.4.1).
const (
	brotli = "br"
	gzip   = "gzip"
)

// minPacked is the size in bytes below which compression is not worth it.
const minPacked = 1000

// packer compresses answers for clients that ask for it. What never changes is compressed once, as small as
// it gets; all else at the lowest level, which takes a fraction of the time that the page took to make. It
// is safe for concurrent use.
type packer struct{ kept sync.Map } // coding + path of a file of ours -> []byte

// pack compresses the answer if that pays and tells nobody anything.
func (p *packer) pack(c *fiber.Ctx) {
	answer := c.Response()
	if answer.IsBodyStream() || !isText(string(answer.Header.ContentType())) || len(answer.Header.Peek(fiber.HeaderContentEncoding)) > 0 {
		return
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	if len(answer.Body()) < minPacked || !isFile(c) && isLedHere(c) {
		return
	}
	switch coding := codingOf(c); {
	case coding == "":
		return
	case isFile(c) && answer.StatusCode() == fiber.StatusOK:
		answer.SetBodyRaw(p.once(coding, c.Path(), answer.Body()))
		answer.Header.Set(fiber.HeaderContentEncoding, coding)
	case coding == gzip || accepts(c, gzip):
		answer.SetBodyRaw(fasthttp.AppendGzipBytesLevel(nil, answer.Body(), fasthttp.CompressBestSpeed))
		answer.Header.Set(fiber.HeaderContentEncoding, gzip)
	}
}

// once compresses a file of ours the first time it is asked for. Their number is that of the names that
// were answered with 200.
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

// isLedHere reports a page that another site may have led the browser to. Such a site chooses what the page
// repeats of its address, and whoever also sees the length of the answer could guess at the rest of it,
// letter by letter (BREACH). Our own pages and a typed address are no danger, nor is a client that brings
// no cookie.
func isLedHere(c *fiber.Ctx) bool {
	switch c.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	}
	return len(c.Request().Header.Peek(fiber.HeaderCookie)) > 0
}

// codingOf is the best coding that the client accepts, "" for none.
func codingOf(c *fiber.Ctx) string {
	for _, coding := range []string{brotli, gzip} {
		if accepts(c, coding) {
			return coding
		}
	}
	return ""
}

// accepts reads Accept-Encoding: a coding that is named, and not with a weight of nothing.
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

// isText reports what is written in letters; pictures are compressed already.
func isText(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch kind {
	case fiber.MIMEApplicationJSON, "application/problem+json", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(kind, "text/")
}

package web

import (
	"bytes"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"postern/portal/web/gate"
)

// routeTable finds the limits of a request by its header. It holds the routes that have limits of their
// own; everything else, unknown paths included, has the defaults.
type routeTable []pattern

// pattern is a route with its path split into segments.
type pattern struct {
	gate.Route
	segments []string
}

func newRouteTable(routes []gate.Route) (table routeTable) {
	for _, route := range routes {
		if route.MaxBody() != gate.MaxBody || route.MaxFields() != gate.MaxFields {
			table = append(table, pattern{route, strings.Split(route.Path, "/")})
		}
	}
	return table
}

// of returns the route that the header asks for, or the zero Route if the default limits apply.
func (t routeTable) of(header *fasthttp.RequestHeader) gate.Route {
	path := bytes.TrimSuffix(pathOf(header.RequestURI()), []byte("/")) // which the router ignores, too
	for _, p := range t {
		if string(header.Method()) == p.Method && p.matches(path) {
			return p.Route
		}
	}
	return gate.Route{}
}

// matches compares segment by segment; a parameter matches any segment that is not empty.
func (p pattern) matches(path []byte) bool {
	for i, segment := range p.segments {
		part, rest, more := bytes.Cut(path, []byte("/"))
		parameter := strings.HasPrefix(segment, ":") && len(part) > 0
		if !parameter && string(part) != segment || more != (i < len(p.segments)-1) {
			return false
		}
		path = rest
	}
	return true
}

// pathOf returns the path of a request target, which may be an absolute URL (RFC 9112, 3.2.2).
func pathOf(target []byte) []byte {
	if _, rest, whole := bytes.Cut(target, []byte("://")); whole && !bytes.HasPrefix(target, []byte("/")) {
		slash := bytes.IndexByte(rest, '/')
		if slash < 0 {
			return nil
		}
		target = rest[slash:]
	}
	if end := bytes.IndexAny(target, "?#"); end >= 0 {
		target = target[:end]
	}
	return target
}

// The maximum number of lines in a header, and of query fields or cookies in a request: parsing each costs
// some hundred bytes.
const (
	maxLines  = 100
	maxParts  = gate.MaxFields
	dirtyHost = "@/\\?#<>^`{|}\" \t"
)

// checkHeader refuses a header that two readers may read differently, or that becomes large when parsed.
func checkHeader(header *fasthttp.RequestHeader) error {
	raw := header.RawHeaders()
	protocol := string(header.Protocol())
	switch {
	case protocol != "HTTP/1.1" && protocol != "HTTP/1.0", !clearLength(raw), !plainLines(raw):
		return fiber.ErrBadRequest
	case bytes.ContainsAny(header.Host(),
		dirtyHost), bytes.ContainsRune(authorityOf(header.RequestURI()), '@'):
		return fiber.ErrBadRequest
	case bytes.Count(raw, []byte("\n")) > maxLines:
		return fiber.ErrRequestHeaderFieldsTooLarge
	case bytes.Count(header.RequestURI(), []byte("&")) >= maxParts, bytes.Count(raw, []byte(";")) > maxParts:
		return fiber.ErrRequestHeaderFieldsTooLarge
	}
	return nil
}

// authorityOf returns the authority of a target that is an absolute URL.
func authorityOf(target []byte) []byte {
	_, rest, whole := bytes.Cut(target, []byte("://"))
	if !whole || bytes.HasPrefix(target, []byte("/")) {
		return nil
	}
	if end := bytes.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// plainLines reports whether each line ends in CRLF, none continues the previous one, and each field has a
// name without spaces.
func plainLines(header []byte) bool {
	for line := range bytes.Lines(header) {
		if !bytes.HasSuffix(line, []byte("\r\n")) || line[0] == ' ' || line[0] == '\t' {
			return false
		}
		if name, _, _ := bytes.Cut(line, []byte(":")); len(line) > len("\r\n") &&
			bytes.ContainsFunc(name, outsideToken) {
			return false
		}
	}
	return true
}

// outsideToken reports whether a character is not allowed in a field name (RFC 9110, 5.6.2).
func outsideToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
}

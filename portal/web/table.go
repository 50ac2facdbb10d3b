package web

import (
	"bytes"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"postern/portal/web/gate"
)

// routeTable finds the limits of a request by its header. It holds the routes with limits of their own; all
// else, what is not on the site included, has the usual ones.
type routeTable []pattern

// pattern is a route with its path in segments.
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

// of is the route that the header asks for, the zero Route for one with the usual limits.
func (t routeTable) of(header *fasthttp.RequestHeader) gate.Route {
	path := bytes.TrimSuffix(pathOf(header.RequestURI()), []byte("/")) // which the router ignores, too
	for _, p := range t {
		if string(header.Method()) == p.Method && p.matches(path) {
			return p.Route
		}
	}
	return gate.Route{}
}

// matches compares segment by segment; a parameter stands for one that is not empty.
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

// pathOf is the path of a request target, which may be a whole URL (RFC 9112, 3.2.2).
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

// The most lines of a header, and fields of a query or cookies of a request: each costs some hundred bytes
// to take apart.
const (
	maxLines  = 100
	maxParts  = gate.MaxFields
	dirtyHost = "@/\\?#<>^`{|}\" \t"
)

// checkHeader refuses a header that two readers may read differently, or that is large once taken apart.
func checkHeader(header *fasthttp.RequestHeader) error {
	raw := header.RawHeaders()
	protocol := string(header.Protocol())
	switch {
	case protocol != "HTTP/1.1" && protocol != "HTTP/1.0", !clearLength(raw), !plainLines(raw):
		return fiber.ErrBadRequest
	case bytes.ContainsAny(header.Host(), dirtyHost), bytes.ContainsRune(authorityOf(header.RequestURI()), '@'):
		return fiber.ErrBadRequest
	case bytes.Count(raw, []byte("\n")) > maxLines:
		return fiber.ErrRequestHeaderFieldsTooLarge
	case bytes.Count(header.RequestURI(), []byte("&")) >= maxParts, bytes.Count(raw, []byte(";")) > maxParts:
		return fiber.ErrRequestHeaderFieldsTooLarge
	}
	return nil
}

// authorityOf is the authority of a target that is a whole URL.
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

// plainLines reports whether each line ends in CRLF, none goes on the one before, and each field has a name without spaces.
func plainLines(header []byte) bool {
	for line := range bytes.Lines(header) {
		if !bytes.HasSuffix(line, []byte("\r\n")) || line[0] == ' ' || line[0] == '\t' {
			return false
		}
		if name, _, _ := bytes.Cut(line, []byte(":")); len(line) > len("\r\n") && bytes.ContainsFunc(name, outsideToken) {
			return false
		}
	}
	return true
}

// outsideToken reports a character that no field's name has (RFC 9110, 5.6.2).
func outsideToken(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
}

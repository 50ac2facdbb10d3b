package web

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
	"postern/portal/web/gate"
)

// respond wraps every request: it sets the headers of every response, enforces the deadline, catches panics,
// turns an error into a page or a problem, reports to the observers, and logs the request.
func (s *site) respond(c *fiber.Ctx) error {
	start := time.Now()
	setBasicHeaders(c.Set)
	defer s.gate.Deadline(c)()
	told := s.observe(c)
	err := caught(c.Next)
	if err != nil {
		s.fail(c, err)
	}
	s.finish(c, start, err)
	told(responseInfo(c, start))
	return nil
}

// handleError answers a request that never reached the chain: one that fasthttp could not read, that has
// too large a header or body, or that stalled. It may have no host.
func (s *site) handleError(c *fiber.Ctx, err error) error {
	start := time.Now()
	setBasicHeaders(c.Set)
	defer s.gate.Deadline(c)()
	told := s.observe(c)
	if caught(func() error { return s.gate.Recognise(c) }) == nil {
		setShopHeaders(c, gate.Shop(c))
	}
	s.fail(c, err)
	s.finish(c, start, err)
	told(responseInfo(c, start))
	return nil
}

// finish prevents caches from storing anything but files, whatever the handler set; then it compresses and
// logs.
func (s *site) finish(c *fiber.Ctx, start time.Time, err error) {
	if !isFile(c) || c.Response().StatusCode() != fiber.StatusOK {
		c.Set(fiber.HeaderCacheControl, noStore)
	}
	s.packer.pack(c)
	s.record(c, start, err)
}

// panicked is a panic turned into an error, with its location.
type panicked struct {
	value any
	stack []byte
}

// Error returns the panic's text, for the log only.
func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// caught runs next and returns a panic as an error, so that one bad request does not end the process.
func caught(next func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value, debug.Stack()}
		}
	}()
	return next()
}

// record writes the access log: the route's pattern, never the path, which may hold a secret, and no
// address.
func (s *site) record(c *fiber.Ctx, start time.Time, err error) {
	status := c.Response().StatusCode()
	attrs := []slog.Attr{
		slog.String("method", methodOf(c)),
		slog.String("route", routeOf(c)),
		slog.Int("status", status),
		slog.Float64("took_ms", milliseconds(time.Since(start))),
		slog.String("request", gate.RequestID(c)),
	}
	if !c.Response().IsBodyStream() {
		attrs = append(attrs, slog.Int("bytes", len(c.Response().Body())))
	}
	if shop := gate.Shop(c).ID; shop != "" {
		attrs = append(attrs, slog.String("shop", shop))
	}
	if outcome := gate.Outcome(c); outcome != "" {
		attrs = append(attrs, slog.String("outcome", string(outcome)))
	}
	level := slog.LevelInfo
	attrs = append(attrs, refusalOf(err, status)...)
	if status >= fiber.StatusInternalServerError && !isAnnounced(err) {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", errorText(err)))
	}
	s.log.LogAttrs(c.UserContext(), level, "request", attrs...)
}

// refusalOf returns the log attributes of a refused request besides its status: the error's code and the
// first invalid field.
func refusalOf(err error, status int) []slog.Attr {
	if err == nil || status < fiber.StatusBadRequest {
		return nil
	}
	f := failureOf(err)
	if f.key == "" {
		f.key = codeOf(f)
	}
	attrs := []slog.Attr{slog.String("code", f.key)}
	if len(f.fieldErrors) > 0 {
		attrs = append(attrs, slog.String("fault", f.fieldErrors[0].Key)) // the name in the log stays
		if !strings.HasPrefix(f.fieldErrors[0].Key, "json.") {            // such a pointer repeats the sender's text
			attrs = append(attrs, slog.String("pointer", f.fieldErrors[0].Field))
		}
	}
	return attrs
}

// isAnnounced reports whether an error is a documented temporary state, such as a customer's deletion in
// progress, and not a fault.
func isAnnounced(err error) bool {
	var own *validate.Error
	return errors.As(err, &own) && own.Kind == validate.Unavailable && own.Key != "" && own.Cause == nil
}

// milliseconds returns a duration in milliseconds, to three decimal places.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// routeOf returns the pattern of the route that answered, or "-" if none did.
func routeOf(c *fiber.Ctx) string {
	pattern := c.Route().Path
	if !strings.HasPrefix(pattern, "/") || pattern == "/" && c.Path() != "/" || len(c.Route().Handlers) == 0 {
		return "-"
	}
	return pattern
}

// isAPI reports whether the response goes to an API client. If the header could not be read, there is no
// path, so the connection decides.
func isAPI(c *fiber.Ctx) bool {
	return strings.HasPrefix(c.Path(), gate.APIPrefix) || connOf(c.Context()).asksAPI()
}

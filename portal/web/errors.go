package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/web/admin"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/portal/web/shopper"
)

// failure is an error reduced to what a visitor may see.
type failure struct {
	status      int
	kind        validate.Kind
	key         string // of the message, "" for the status's default
	args        map[string]string
	fieldErrors []validate.FieldError
	wait        time.Duration // before a retry can succeed, 0 for unknown
}

// statusOf is the only mapping from kinds of error to statuses, for pages and for the API. (For
// validate.SignIn, a page redirects to the sign-in page.)
func statusOf(kind validate.Kind) int {
	switch kind {
	case validate.Invalid:
		return http.StatusUnprocessableEntity
	case validate.SignIn:
		return http.StatusUnauthorized
	case validate.StepUp, validate.Denied:
		return http.StatusForbidden
	case validate.NotFound:
		return http.StatusNotFound
	case validate.Gone:
		return http.StatusGone
	case validate.Conflict:
		return http.StatusConflict
	case validate.TooLarge:
		return http.StatusRequestEntityTooLarge
	case validate.TooMany:
		return http.StatusTooManyRequests
	case validate.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// failureOf classifies an error: one of portal's by its kind, one of Fiber's by its status. Everything else
// is internal, except an expired request deadline, which a slow dependency has used up.
func failureOf(err error) failure {
	var own *validate.Error
	var fibers *fiber.Error
	switch {
	case errors.As(err, &own) && own.Kind != validate.Internal:
		return failure{statusOf(own.Kind), own.Kind, own.Key, own.Args, own.Fields, own.RetryAfter}
	case errors.As(err, &fibers):
		return failure{status: fibers.Code, kind: kindOf(fibers.Code), key: keyOf(fibers.Code)}
	case validate.KindOf(err) == validate.Unavailable || errors.Is(err, context.DeadlineExceeded):
		return failure{status: http.StatusServiceUnavailable, kind: validate.Unavailable,
			key: "error.unavailable"}
	}
	return failure{status: http.StatusInternalServerError}
}

// kindOf returns the kind of a status that Fiber itself answers with.
func kindOf(status int) validate.Kind {
	switch {
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusMisdirectedRequest:
		return validate.NotFound
	case status == http.StatusRequestEntityTooLarge, status == http.StatusRequestHeaderFieldsTooLarge:
		return validate.TooLarge
	case status < http.StatusInternalServerError:
		return validate.Invalid
	}
	return validate.Internal
}

// keyOf returns the message key of a status that has no kind.
func keyOf(status int) string {
	if status == http.StatusMisdirectedRequest {
		return "error.misdirected"
	}
	return ""
}

// retryAfter is how many seconds a client should wait when something is unavailable.
const retryAfter = "30"

// retryAfterTooMany is how many seconds an API client should wait when the limit does not say.
const retryAfterTooMany = 60

// setRetryAfter sets Retry-After where the error or its kind gives a time. A page does not set it for a
// limit whose end is unknown.
func setRetryAfter(c *fiber.Ctx, f failure, err error) {
	switch {
	case f.wait > 0:
		page.SetRetryAfter(c, err)
	case f.kind == validate.Unavailable:
		c.Set(fiber.HeaderRetryAfter, retryAfter)
	case f.kind == validate.TooMany && isAPI(c):
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(retryAfterTooMany))
	}
}

// fail answers with an error. If the error page cannot be rendered, the one rendered at start-up is sent.
func (s *site) fail(c *fiber.Ctx, err error) {
	f := failureOf(err)
	c.Response().ResetBody()
	setRetryAfter(c, f, err)
	worse := caught(func() error { return s.write(c, f) })
	if worse != nil {
		s.log.ErrorContext(c.UserContext(), "error page", "error", worse.Error(), "request",
			gate.RequestID(c))
		s.pages.Broken(c, gate.Shop(c))
	}
}

func (s *site) write(c *fiber.Ctx, f failure) error {
	switch {
	case isAPI(c):
		return s.writeProblem(c, f)
	case f.key == gate.KeyImpersonationOver:
		return page.SeeOther(c, admin.AfterImpersonation(gate.EndedImpersonation(c)))
	case f.kind == validate.SignIn:
		return s.leadTo(c, f.kind, s.signInPath(c))
	case f.key == gate.KeyClosed:
		return page.SeeOther(c, closedPage())
	case f.kind == validate.StepUp:
		return s.leadTo(c, f.kind, s.confirmPath(c))
	}
	return s.writePage(c, f)
}

// closedPage returns the path of the page that says that the account is closed.
func closedPage() shop.LocalPath {
	to, _ := shop.ParsePath(shop.Closed)
	return to
}

// leadTo redirects to the sign-in or to the code page. Text typed into a form is not lost: it is kept in a
// page that also links there, and only the customer who typed it can send it again.
func (s *site) leadTo(c *fiber.Ctx, kind validate.Kind, way shop.LocalPath) error {
	if _, ok := shop.ParsePath(c.Path()); !ok || isRead(c) || !gate.HasOwner(c) ||
		page.TypedFields(c) == nil {
		return page.SeeOther(c, way)
	}
	return s.pages.Unsaved(c, s.base(c, kind), kind, way)
}

// writePage shows the error in the visitor's language. If the shop was not found, the page has no shop name
// and no brand colours.
func (s *site) writePage(c *fiber.Ctx, f failure) error {
	base := s.base(c, f.kind)
	if !base.L.Has(f.key) {
		f.key = "" // the kind's own sentence instead
	}
	if !isRead(c) { // the form's own path may have no page
		base.CurrentURL = s.pageOf(c)
	}
	return s.pages.Problem(c, f.status, base, &validate.Error{Kind: f.kind, Key: f.key}, gate.RequestID(c))
}

// base returns the base of an error page of this kind, for the visitor or the signed-in customer.
func (s *site) base(c *fiber.Ctx, kind validate.Kind) page.Base {
	if gate.IsAdmin(c) {
		return s.adminBase(c, kind)
	}
	if kind == validate.Unavailable { // otherwise the response would wait for the store again
		return s.pages.Base(c, s.area, gate.Shop(c), nil)
	}
	if as, found := gate.Impersonated(c); found {
		return shopper.Base(c, s.pages, shopper.AreaOf(as), as)
	}
	if signedIn, err := gate.Shopper(c); err == nil {
		return shopper.Base(c, s.pages, shopper.AreaOf(signedIn), signedIn)
	}
	return s.pages.Base(c, s.area, gate.Shop(c), nil)
}

// adminBase is base for the pages of staff.
func (s *site) adminBase(c *fiber.Ctx, kind validate.Kind) page.Base {
	if kind != validate.Unavailable {
		if person, err := gate.Staff(c); err == nil {
			return admin.Base(c, s.pages, admin.Area(person.Member().Role), person)
		}
	}
	return s.pages.BaseOf(c, admin.Area(""), gate.Shop(c), nil)
}

// confirmPath returns the path of the page that asks for a code. That page leads back to the page of the
// form that needs the code.
func (s *site) confirmPath(c *fiber.Ctx) shop.LocalPath {
	if gate.IsAdmin(c) {
		to, _ := shop.ParsePath("/admin/confirm")
		if isRead(c) {
			return to.With("to", asked(c))
		}
		return to.With("to", s.pageOf(c))
	}
	to, _ := shop.ParsePath("/security/confirm")
	return to.With("to", asked(c))
}

// signInPath returns the path of the sign-in page, which leads back to the requested page or the form's
// page. After a form, the sign-in page says that nothing was changed.
func (s *site) signInPath(c *fiber.Ctx) shop.LocalPath {
	if gate.IsAdmin(c) {
		to, _ := shop.ParsePath("/admin/sign-in")
		wish := asked(c)
		if !isRead(c) {
			to, wish = to.With("done", "signed_out_before"), s.pageOf(c)
		}
		if strings.HasPrefix(wish, "/admin/") && !strings.HasPrefix(wish, "/admin/sign-in") {
			to = to.With("to", wish)
		}
		return to
	}
	to, _ := shop.ParsePath("/sign-in")
	wish := asked(c)
	if !isRead(c) {
		to, wish = to.With("done", "signed_out_before"), s.pageOf(c)
	}
	if _, ok := shop.ParsePath(wish); !ok {
		return to
	}
	return to.With("to", wish)
}

// pageOf returns the page that contains a form: the nearest readable path above the form's own, or "".
func (s *site) pageOf(c *fiber.Ctx) string {
	pattern, path := c.Route().Path, strings.TrimSuffix(c.Path(), "/")
	for len(pattern) > 1 && path != "" {
		if s.readable[pattern] {
			return path
		}
		pattern, path = pattern[:strings.LastIndexByte(pattern, '/')], path[:strings.LastIndexByte(path, '/')]
	}
	return ""
}

// readable returns the route patterns of the pages.
func readable(app *fiber.App) map[string]bool {
	patterns := make(map[string]bool)
	for _, route := range app.GetRoutes(true) {
		if route.Method == fiber.MethodGet {
			patterns[route.Path] = true
		}
	}
	return patterns
}

// asked returns the requested path, with the query if the request reads a page.
func asked(c *fiber.Ctx) string {
	uri := c.Request().URI()
	path := string(uri.PathOriginal())
	if query := string(uri.QueryString()); query != "" && isRead(c) {
		path += "?" + query
	}
	return path
}

func isRead(c *fiber.Ctx) bool {
	return c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead
}

package gate

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
)

// AdminPath is the first page of the people who work for a shop; it begins the paths of all their pages.
const AdminPath = "/admin"

// staffCookieName is the name of the session cookie of staff; see sessionCookieName.
const staffCookieName = "postern-staff"

// staffAuthentication caches for the rest of the request whether somebody of the staff is signed in.
type staffAuthentication struct {
	staff merchant.Staff
	err   error
}

// IsAdmin reports whether the request is for a page of staff.
func IsAdmin(c *fiber.Ctx) bool { return IsAdminPath(c.Path()) }

// IsAdminPath is IsAdmin for a path, with or without a query.
func IsAdminPath(path string) bool {
	rest, found := strings.CutPrefix(path, AdminPath)
	return found && (rest == "" || strings.ContainsRune("/?", rune(rest[0])))
}

// Staff returns the signed-in person, or a validate.SignIn error. It looks up the session once per request.
func Staff(c *fiber.Ctx) (merchant.Staff, error) {
	r := of(c)
	if r.staff == nil {
		made := staffAuthentication{err: validate.NewError(validate.SignIn, "")}
		if cookie := staffSessionOf(c); cookie != "" && r.gate != nil {
			made.staff, made.err = merchant.Enter(c.UserContext(), r.gate.app, r.shop, cookie, browserOf(c))
			made.staff = made.staff.From(r.address.String())
		}
		r.staff = &made
	}
	return r.staff.staff, r.staff.err
}

// Admit returns the signed-in person of the staff if they may use a route of the class StaffOnly or StaffFresh.
// Otherwise it is a validate.SignIn, Denied or StepUp error.
func Admit(c *fiber.Ctx, route Route) (merchant.Staff, error) {
	s, err := Staff(c)
	switch {
	case err != nil:
		return s, err
	case !s.May(route.Permission):
		return s, validate.NewError(validate.Denied, "error.staff_denied")
	case route.Class == StaffFresh && !s.IsFresh():
		return s, validate.NewError(validate.StepUp, "error.staff_confirm")
	}
	return s, nil
}

// Candidate returns the person who has used a sign-in link and not yet proved the second factor, or a
// validate.SignIn error.
func Candidate(c *fiber.Ctx) (merchant.Candidate, error) {
	r := of(c)
	cookie := staffSessionOf(c)
	if cookie == "" || r.gate == nil {
		return merchant.Candidate{}, validate.NewError(validate.SignIn, "")
	}
	half, err := merchant.EnterHalf(c.UserContext(), r.gate.app, r.shop, cookie, browserOf(c))
	return half.From(r.address.String()), err
}

func staffSessionOf(c *fiber.Ctx) string { return c.Cookies(cookieName(Shop(c), staffCookieName)) }

// SetStaffSession stores the cookie of staff and clears the pending address.
func SetStaffSession(c *fiber.Ctx, cookie string, age time.Duration) {
	if age <= 0 || age > staff.SessionAbsolute {
		age = staff.SessionAbsolute
	}
	setCookie(c, staffCookieName, cookie, age)
	of(c).staff = nil
	if Pending(c) != "" {
		SetPending(c, "")
	}
}

// ClearStaffSession removes the cookies of staff.
func ClearStaffSession(c *fiber.Ctx) {
	setCookie(c, staffCookieName, "", -time.Second)
	ClearImpersonation(c)
}

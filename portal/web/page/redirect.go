package page

import (
	"errors"
	"math"
	"strconv"

	"postern/portal/shop"
	"postern/portal/validate"

	"github.com/gofiber/fiber/v2"
)

// errStrayPath means that a handler built a path to another origin, which is a bug.
var errStrayPath = errors.New("page: a path that leads to another origin")

// SeeOther redirects the browser by GET. Only SeeOther and Found may write a Location header, which a rule
// of the source tree enforces.
func SeeOther(c *fiber.Ctx, to shop.LocalPath) error { return lead(c, fiber.StatusSeeOther, to) }

// Found redirects temporarily.
func Found(c *fiber.Ctx, to shop.LocalPath) error { return lead(c, fiber.StatusFound, to) }

func lead(c *fiber.Ctx, status int, to shop.LocalPath) error {
	c.Set(fiber.HeaderLocation, to.String())
	c.Status(status)
	return nil
}

// Own returns a path that a handler built from its own routes and escaped values. It still checks the path.
func Own(path string) (shop.LocalPath, error) {
	to, ok := shop.ParsePath(path)
	if !ok {
		return to, errStrayPath
	}
	return to, nil
}

// SetRetryAfter sets the Retry-After header if the error says how long to wait.
func SetRetryAfter(c *fiber.Ctx, err error) {
	if wait := validate.RetryAfter(err); wait > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}

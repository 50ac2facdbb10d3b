package page

import (
	"errors"
	"math"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// errStrayPath means that a handler built a path to another origin, which is a bug.
var errStrayPath = errors.New("page: a path that leads to another origin")

// SeeOther redirects the browser by GET. Only SeeOther and Found may write a Location header, which a rule
// of the source tree enforces.
func SeeOther(c *fiber.Ctx, to portal.LocalPath) error { return lead(c, fiber.StatusSeeOther, to) }

// Found redirects temporarily.
func Found(c *fiber.Ctx, to portal.LocalPath) error { return lead(c, fiber.StatusFound, to) }

func lead(c *fiber.Ctx, status int, to portal.LocalPath) error {
	c.Set(fiber.HeaderLocation, to.String())
	c.Status(status)
	return nil
}

// Own returns a path that a handler built from its own routes and escaped values. It still checks the path.
func Own(path string) (portal.LocalPath, error) {
	to, ok := portal.PathOf(path)
	if !ok {
		return to, errStrayPath
	}
	return to, nil
}

// SetRetryAfter sets the Retry-After header if the error says how long to wait.
func SetRetryAfter(c *fiber.Ctx, err error) {
	if wait := portal.RetryAfter(err); wait > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}

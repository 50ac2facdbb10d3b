package page

import (
	"errors"
	"math"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// errStrayPath is a fault of ours: a handler made a path that leads away.
var errStrayPath = errors.New("page: a path that leads to another origin")

// SeeOther leads the browser on by GET. It and Found are all that writes a Location header; a rule of the
// source tree holds that.
func SeeOther(c *fiber.Ctx, to portal.LocalPath) error { return lead(c, fiber.StatusSeeOther, to) }

// Found leads to where something is for now.
func Found(c *fiber.Ctx, to portal.LocalPath) error { return lead(c, fiber.StatusFound, to) }

func lead(c *fiber.Ctx, status int, to portal.LocalPath) error {
	c.Set(fiber.HeaderLocation, to.String())
	c.Status(status)
	return nil
}

// Own is a path that a handler made of its own routes and of escaped values. It is checked all the same.
func Own(path string) (portal.LocalPath, error) {
	to, ok := portal.PathOf(path)
	if !ok {
		return to, errStrayPath
	}
	return to, nil
}

// SetRetryAfter tells in a header after how many seconds the same works again, when the error knows it.
func SetRetryAfter(c *fiber.Ctx, err error) {
	if wait := portal.RetryAfter(err); wait > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}

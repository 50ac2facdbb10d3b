package page

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
)

// Refused reports whether the error makes a form appear again with the typed values.
func Refused(err error) bool { return err != nil && Refusal(err) != 0 }

// Refusal returns the status for a form that is shown again, 200 without an error. It returns 0 for an error
// that the site handles.
func Refusal(err error) int {
	switch validate.KindOf(err) {
	case validate.Invalid:
		return fiber.StatusUnprocessableEntity
	case validate.Conflict:
		return fiber.StatusConflict
	case validate.TooMany:
		return fiber.StatusTooManyRequests
	}
	if err == nil {
		return fiber.StatusOK
	}
	return 0
}

// To redirects after a form by GET, so that a reload repeats nothing. The path must be local.
func To(c *fiber.Ctx, path string) error {
	to, err := Own(path)
	if err != nil {
		return err
	}
	return SeeOther(c, to)
}

// WithQuery adds pairs of names and values to a path, in the order of the names. It leaves out empty values.
func WithQuery(path string, pairs ...string) string {
	query := make([]string, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query = append(query, url.QueryEscape(pairs[i])+"="+url.QueryEscape(pairs[i+1]))
		}
	}
	if len(query) == 0 {
		return path
	}
	slices.Sort(query)
	return path + "?" + strings.Join(query, "&")
}

// InSteps delays the answer to a rejected code until the next multiple of step after the request began.
// Checking a code takes longer if one exists, so without the delay the response time would reveal whether
// an address has an account. The step covers rendering the page too. A correct code is not delayed: its
// answer reveals more than its timing does.
func InSteps(step time.Duration, next fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		began := time.Now()
		err := next(c)
		if err != nil || c.Response().StatusCode() >= fiber.StatusBadRequest {
			waitForStep(c.UserContext(), began, step)
		}
		return err
	}
}

// waitForStep returns at the next full step after began, or when ctx ends. With a step of 0 it returns
// immediately.
func waitForStep(ctx context.Context, began time.Time, step time.Duration) {
	if step <= 0 {
		return
	}
	timer := time.NewTimer(step - time.Since(began)%step)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

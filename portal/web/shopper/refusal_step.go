package shopper

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
)

// inSteps delays the answer to a rejected code until the next multiple of refusalStep after the
// request began.
// Checking a code takes longer if one exists, so without the delay the response time would reveal whether
// an address has an account. The step covers rendering the page too. A correct code is not delayed: its
// answer reveals more than its timing does.
func (h *Handler) inSteps(next fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		began := time.Now()
		err := next(c)
		if err != nil || c.Response().StatusCode() >= fiber.StatusBadRequest {
			waitForStep(c.UserContext(), began, h.refusalStep)
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

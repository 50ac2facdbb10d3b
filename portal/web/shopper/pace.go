package shopper

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"
)

// paced answers a refused code only at a full step of the pace after the request began. Looking for a code
// takes longer where there is one: without the pace, the time of the answer would show whether an address
// has an account. The page is rendered within the step, too. A right code is not delayed; its answer shows
// more than its time.
func (h *Handler) paced(next fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		began := time.Now()
		err := next(c)
		if err != nil || c.Response().StatusCode() >= fiber.StatusBadRequest {
			waitForStep(c.UserContext(), began, h.pace)
		}
		return err
	}
}

// waitForStep returns at the next full step after a time, or when ctx ends. Without a step it returns at
// once.
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

package web

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/gofiber/fiber/v2"

	"postern/portal/web/gate"
)

// Check is one condition for readiness.
type Check struct {
	Name string
	// Run returns the state as a word that anybody may read, and an error for the log if the portal is not
	// ready.
	Run func(ctx context.Context) (state string, err error)
}

// readiness is the response of /readyz.
type readiness struct {
	Ready  bool      `json:"ready"`
	Checks []finding `json:"checks"`
}

// finding is the result of a Check.
type finding struct {
	Name  string `json:"name"`
	OK    bool   `json:"ok"`
	State string `json:"state"`

	cause error
}

// healthy confirms that the process is running.
func (s *site) healthy(c *fiber.Ctx) error { return c.SendString("ok\n") }

// ready reports to a load balancer whether to send requests here, and which checks fail.
func (s *site) ready(c *fiber.Ctx) error {
	found := readiness{Ready: true, Checks: s.lookAtAll(c.UserContext())}
	for _, f := range found.Checks {
		if !f.OK {
			found.Ready = false
			s.log.ErrorContext(c.UserContext(), "not ready", "check", f.Name, "state", f.State,
				"error", errorText(f.cause), "request", gate.RequestID(c))
		}
	}
	body, err := json.Marshal(found)
	if err != nil {
		return err
	}
	if !found.Ready {
		c.Status(fiber.StatusServiceUnavailable)
		c.Set(fiber.HeaderRetryAfter, retryAfter)
	}
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Send(append(body, '\n'))
}

func (s *site) lookAtAll(ctx context.Context) []finding {
	found := make([]finding, len(s.checks))
	var looking sync.WaitGroup
	for i, check := range s.checks {
		looking.Go(func() { found[i] = look(ctx, check) })
	}
	looking.Wait()
	return found
}

func look(ctx context.Context, check Check) (f finding) {
	f = finding{Name: check.Name, State: "unknown"}
	f.cause = caught(func() (err error) {
		f.State, err = check.Run(ctx)
		return err
	})
	f.OK = f.cause == nil
	return f
}

// storeAnswers is the Check of the store.
func (s *site) storeAnswers(ctx context.Context) (string, error) {
	if err := s.app.Ready(ctx); err != nil {
		return "unavailable", err
	}
	return "ok", nil
}

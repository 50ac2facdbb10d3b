package portal_test

import (
	"errors"
	"testing"
	"time"

	"postern/mail"
	"postern/storage"
)

// TestSweepReadsTheAppsClock checks that the sweep deletes an email when it is old by the App's clock, which
// may differ from the machine's.
func TestSweepReadsTheAppsClock(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]time.Time{
		"a clock behind the machine's":   time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC),
		"a clock ahead of the machine's": time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestApp(t)
			h.clock.Set(start)
			box, err := h.app.Operator().Outbox(t.Context(), h.shop.ID)
			if err != nil {
				t.Fatal(err)
			}
			id, err := box.Add(t.Context(), mail.Entry{Kind: mail.SignIn, To: jan})
			if err != nil {
				t.Fatal(err)
			}
			stateAfter := func(age time.Duration) (string, error) {
				h.clock.Set(start.Add(age))
				h.sweep()
				e, err := box.Get(t.Context(), id)
				return e.State, err
			}
			life := mail.Life(mail.SignIn)
			if state, err := stateAfter(life - time.Millisecond); err != nil || state != mail.Waiting {
				t.Errorf("before the end of its life: %q, %v", state, err)
			}
			if state, err := stateAfter(life + time.Millisecond); err != nil || state != mail.Failed {
				t.Errorf("after its life: %q, %v", state, err)
			}
			if _, err := stateAfter(life + time.Millisecond + mail.Keep); !errors.Is(err,
				storage.ErrNotFound) {
				t.Errorf("after it was kept long enough: %v", err)
			}
		})
	}
}

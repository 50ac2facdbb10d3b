package page

import (
	"cmp"
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitForStep(t *testing.T) {
	t.Parallel()
	const step = 50 * time.Millisecond
	for _, c := range []struct {
		name               string
		step, worked, want time.Duration
		deadline           time.Duration // the request's, from its start; 0 for a long one
	}{
		{name: "no work", step: step, want: step},
		{name: "short work", step: step, worked: 3 * time.Millisecond, want: step},
		{name: "nearly a step of work", step: step, worked: 49 * time.Millisecond, want: step},
		{name: "a step of work", step: step, worked: step, want: 2 * step},
		{name: "long work", step: step, worked: 120 * time.Millisecond, want: 150 * time.Millisecond},
		{name: "the request's time ends", step: step, worked: 10 * time.Millisecond,
			deadline: 20 * time.Millisecond, want: 20 * time.Millisecond},
		{name: "no step", worked: 3 * time.Millisecond, want: 3 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), cmp.Or(c.deadline, time.Minute))
				defer cancel()
				began := time.Now()
				<-time.NewTimer(c.worked).C
				waitForStep(ctx, began, c.step)
				if took := time.Since(began); took != c.want {
					t.Errorf("answered after %s, want %s", took, c.want)
				}
			})
		})
	}
}

package mail

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestReasonBeginsWithTheCause checks that cleaning a reason leaves the cause intact.
func TestReasonBeginsWithTheCause(t *testing.T) {
	t.Parallel()
	for _, cause := range Causes() {
		err := fmt.Errorf("%w: %w", errConnect, &Failure{Cause: cause, Reason: "no, jana@kunde.example\n"})
		if got := reason(err, ""); got != cause+": no, <address>" {
			t.Errorf("%q", got)
		}
	}
	if got := reason(errors.New(strings.Repeat("x", 30)), ""); got != "…" {
		t.Errorf("a secret is shown: %q", got)
	}
}

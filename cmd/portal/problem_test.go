package main

import (
	"errors"
	"fmt"
	"testing"

	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

// TestExplain checks that an explained error keeps the place at which it occurred.
func TestExplain(t *testing.T) {
	t.Parallel()
	var w environment
	if err := w.load(); err != nil {
		t.Fatal(err)
	}
	known := w.sentence("customer.erasing", nil)
	erasing := &validate.Error{Kind: validate.Unavailable, Key: "customer.erasing"}
	for name, c := range map[string]struct {
		err  error
		want problems
	}{
		"alone":     {erasing, problems{known}},
		"on a line": {fmt.Errorf("line 7: %w", erasing), problems{"line 7: " + known}},
		"with its cause": {fmt.Errorf("line 7: %w",
			&validate.Error{Key: "customer.erasing", Cause: errors.New("why")}), problems{"line 7: " + known}},
		"in the middle": {fmt.Errorf("%w, and more", erasing), problems{known}},
		"no message": {fmt.Errorf("line 7: %w", &validate.Error{Kind: validate.NotFound}),
			problems{"line 7: Not found in the store."}},
		"not ours": {errors.New("two\nlines"), problems{"two lines"}},
	} {
		if diff := cmp.Diff(c.want, w.explain(c.err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

package audit_test

import (
	"testing"
	"time"

	"postern/portal/audit"
)

// TestErasureThatIsNotInTheChainIsFound empties a detail by an act that was never appended.
func TestErasureThatIsNotInTheChainIsFound(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	l.fill(12)
	known, _, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forged := audit.New(audit.CustomerErased, audit.Actor{Kind: audit.Worker}, start.Add(time.Hour))
	forged.Erases = []string{l.link(4).Act}
	if err := l.details().Insert(t.Context(), forged.ID, audit.Detail{Act: forged}); err != nil {
		t.Fatal(err)
	}
	l.changeDetail(l.link(4).Act, func(d *audit.Detail) {
		d.Customer, d.Changes, d.Reason, d.Address, d.Salt, d.Erased = "", nil, "", "", "", forged.ID
	})
	l.appendAll()
	if report := l.verify(known); report.IsSound() {
		t.Errorf("nothing is found: %+v", report)
	}
}

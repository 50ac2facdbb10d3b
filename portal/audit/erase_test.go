package audit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/portal/audit"
)

// TestErasureLeavesTheChain erases a customer with acts in the chain and an act that still waits.
func TestErasureLeavesTheChain(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	l.fill(12)
	waiting := act(1)
	erasure := audit.New(audit.CustomerErased, audit.Actor{Kind: audit.Worker}, start.Add(time.Hour))
	if err := l.Record(t.Context(), waiting); err != nil {
		t.Fatal(err)
	}
	for range 2 { // as after a crash
		if err := l.Erase(t.Context(), "customer-1", erasure); err != nil {
			t.Fatal(err)
		}
	}
	l.appendAll()
	report := l.verify(audit.Head{})
	if !report.IsSound() || report.Erased != 5 || report.Head.Number != 14 {
		t.Errorf("%+v", report)
	}
	page, err := l.List(t.Context(), audit.Query{Customer: "customer-1", Limit: 10})
	if err != nil || len(page.Entries) != 0 {
		t.Errorf("%+v, %v", page, err)
	}
	page, err = l.List(t.Context(), audit.Query{Limit: 100})
	if err != nil || len(page.Entries) != 14 {
		t.Fatalf("%d entries, %v", len(page.Entries), err)
	}
	for _, entry := range page.Entries {
		text := fmt.Sprintf("%+v", entry)
		if entry.IsErased() && (strings.Contains(text, "customer-1") || strings.Contains(text, "reason") ||
			entry.Salt != "" || entry.Changes != nil) {
			t.Errorf("left of the customer: %s", text)
		}
		if !entry.IsErased() && entry.Customer == "" && entry.Kind != audit.CustomerErased {
			t.Errorf("erased too much: %+v", entry)
		}
	}
}

// TestNoOtherErasureCoversADetail erases one customer, and then empties a detail about another as that
// erasure would have done.
func TestNoOtherErasureCoversADetail(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	l.fill(12)
	erasure := audit.New(audit.CustomerErased, audit.Actor{Kind: audit.Worker}, start.Add(time.Hour))
	if err := l.Erase(t.Context(), "customer-1", erasure); err != nil {
		t.Fatal(err)
	}
	l.appendAll()
	l.changeDetail(l.link(4).Act, func(d *audit.Detail) { // of customer-0
		d.Customer, d.Changes, d.Reason, d.Salt, d.Erased = "", nil, "", "", erasure.ID
	})
	report := l.verify(audit.Head{})
	if len(report.Faults) != 1 || report.Faults[0].Number != 4 || !strings.Contains(report.Faults[0].Text, "but not with") {
		t.Errorf("%+v", report)
	}
	l.changeDetail(erasure.ID, func(d *audit.Detail) { d.Erases = append(d.Erases, l.link(4).Act) })
	report = l.verify(audit.Head{})
	if len(report.Faults) != 1 || report.Faults[0].Number != 13 {
		t.Errorf("with the act added to the erasure: %+v", report)
	}
}

// TestErasingSurvivesACrashAtEachWrite erases a customer with more acts than an erasure lists, in processes
// that die one after another. Nothing about the customer is left, and the log verifies.
func TestErasingSurvivesACrashAtEachWrite(t *testing.T) {
	t.Parallel()
	l := newTestLog(t)
	for n := range 700 {
		a := act(1)
		a.Reason = fmt.Sprint(n)
		if err := l.Record(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	l.appendAll()
	erasure := audit.New(audit.CustomerErased, audit.Actor{Kind: audit.Worker}, start.Add(time.Hour))
	deaths := 0
	for writes := int64(0); ; writes += 50 {
		dying := &crashing{Engine: l.engine}
		dying.left.Store(writes)
		err := openTestLog(t, dying, l.shop).Erase(t.Context(), "customer-1", erasure)
		if err == nil {
			break
		}
		if deaths++; !errors.Is(err, errDead) {
			t.Fatal(err)
		}
	}
	l.appendAll()
	erasures, err := l.List(t.Context(), audit.Query{Kind: audit.CustomerErased, Limit: 100})
	if err != nil || len(erasures.Entries) > deaths+2 {
		t.Errorf("%d erasures after %d deaths, %v", len(erasures.Entries), deaths, err)
	}
	if report := l.verify(audit.Head{}); !report.IsSound() || report.Erased != 700 {
		t.Errorf("%+v", report)
	}
}

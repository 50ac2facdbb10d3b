package portal_test

import (
	"strings"
	"testing"
	"time"

	"postern/portal/audit"
	"postern/portal/staff"
	"postern/portal/validate"
)

// TestUndoneMergeIsNoErasureInTheLog checks that the log goes on naming the customer.
func TestUndoneMergeIsNoErasureInTheLog(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	merge := m.merged(m.jan, m.two)
	m.clock.Move(time.Minute)
	m.undone(merge)
	m.work()
	separated := 0
	for _, act := range m.acts() {
		switch {
		case act.Kind == audit.CustomerErased:
			t.Errorf("an erasure: %+v", act)
		case act.Kind == audit.CustomerSeparated:
			separated++
		case (act.Kind == audit.CustomerMerged || act.Kind == audit.CustomerUndone) && act.Customer == "":
			t.Errorf("names nobody: %+v", act)
		}
	}
	if separated != 1 {
		t.Errorf("%d acts say what was removed", separated)
	}
	if report, err := m.log().Verify(t.Context(), audit.Head{}); err != nil || !report.IsSound() {
		t.Errorf("the log: %+v, %v", report, err)
	}
}

func TestChangeOfAMergedAccountIsToldToTheProvenAddress(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.merged(m.two, m.jan) // jana, by whom nobody has signed in, survives
	m.quiet()
	_, s := m.enterWith(jan, "jan's")
	m.quiet()
	if _, err := s.SaveAddress(t.Context(), home()); err != nil {
		t.Fatal(err)
	}
	m.clock.Move(time.Hour)
	if told := m.told(); !strings.Contains(told[jan], "changed") || told[jana] != "" {
		t.Errorf("told: %q", told)
	}
}

// TestAlarmEndsWhatEitherAddressOpened presses "this wasn't me" in the emails about a change that somebody made
// who reads the mail of the merged address.
func TestAlarmEndsWhatEitherAddressOpened(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	m.enterWith(jana, "jana's")
	m.quiet()
	m.clock.Move(time.Minute)
	m.merged(m.jan, m.two)
	m.quiet()
	m.enterWith(jan, "jan's")
	thief, s := m.enterWith(jana, "thief's")
	m.quiet()
	if err := s.RequestCode(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.EnterCode(t.Context(), codeIn(m.mailTo(jana))); err != nil {
		t.Errorf("the code that was sent to the merged address: %v", err)
	}
	if _, err := s.SaveAddress(t.Context(), home()); err != nil {
		t.Fatal(err)
	}
	m.clock.Move(time.Hour)
	m.work()
	pressed := 0
	for _, sent := range m.deliver() {
		if alarm := firstGroup(alarmInMail, sent.Text); alarm != "" && sent.To == jan {
			pressed++
			if err := m.visitor("owner's").RevokeAccess(t.Context(), alarm); err != nil {
				t.Fatal(err)
			}
		}
	}
	if pressed == 0 {
		t.Error("the proven address gets no alarm")
	}
	m.wantNoSession("after the alarm", thief)
}

// TestUndoOfAnErasureNeedsItsPermissionAndIsTold lets support undo what a manager asked for.
func TestUndoOfAnErasureNeedsItsPermissionAndIsTold(t *testing.T) {
	t.Parallel()
	m := newMergeShop(t)
	act, err := m.at(m.manager).EraseCustomer(t.Context(), m.jan, "asked by phone")
	if err != nil {
		t.Fatal(err)
	}
	m.quiet()
	m.clock.Move(time.Minute)
	support := m.colleague("support@shop.test", staff.Support)
	if err := m.at(support).Undo(t.Context(), m.jan, act); validate.KindOf(err) != validate.Denied {
		t.Errorf("by support: %v", err)
	}
	m.quiet()
	if err := m.at(m.manager).Undo(t.Context(), m.jan, act); err != nil {
		t.Fatal(err)
	}
	if told := m.told(); !strings.Contains(told[jan], "will not be deleted") {
		t.Errorf("told: %q", told)
	}
}

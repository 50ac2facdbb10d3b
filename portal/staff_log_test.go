package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
)

// staffActs returns the entries about staff in one line each, oldest first.
func (h *testApp) staffActs() (lines []string) {
	h.t.Helper()
	for _, act := range h.acts() {
		if !act.Kind.IsOnStaff() {
			continue
		}
		if act.Member == "" || act.Customer != "" {
			h.t.Errorf("%s is about the customer %q and the member %q", act.Kind, act.Customer, act.Member)
		}
		line := fmt.Sprintf("%s of %s by %s", act.Kind, act.Email, act.Actor.Kind)
		if act.Actor.Kind == audit.Operator {
			line += ":" + act.Actor.ID
		}
		for _, c := range act.Changes {
			line += fmt.Sprintf(", %s %s -> %s", c.Field, c.Before, c.After)
		}
		lines = append(lines, line)
	}
	return lines
}

// TestActsOnStaffAreLogged does everything to a colleague, on the pages and by the command line.
func TestActsOnStaffAreLogged(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	owner := h.enrolled(boss, staff.Owner)
	h.enrolled("jo@shop.example", staff.Viewer)
	id, o := h.member("jo@shop.example").ID, h.app.Operator().By("anna")
	h.clock.Move(time.Minute)
	s := h.at(owner)
	for _, err := range []error{
		s.SetRole(t.Context(), id, "viewer"), // unchanged
		s.SetRole(t.Context(), id, "support"),
		s.SignOutColleague(t.Context(), id),
		second(s.ResetFactor(t.Context(), id)),
		second(s.Invite(t.Context(), "jo@shop.example", "manager")), // again, with another role
		o.SetStaffRole(t.Context(), h.shop.ID, "jo@shop.example", "owner"),
		second(o.ResetStaffFactor(t.Context(), h.shop.ID, "jo@shop.example")),
		second(o.InviteStaff(t.Context(), h.shop.ID, "mo@shop.example", "viewer")),
		o.RemoveStaff(t.Context(), h.shop.ID, "mo@shop.example"),
		s.Remove(t.Context(), id),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Remove(t.Context(), id); validate.KindOf(err) != validate.NotFound {
		t.Errorf("removed twice: %v", err)
	}
	want := []string{
		"staff.invited of boss@shop.example by operator:, email  -> boss@shop.example, role  -> owner",
		"staff.app_added of boss@shop.example by staff",
		"staff.invited of jo@shop.example by operator:, email  -> jo@shop.example, role  -> viewer",
		"staff.app_added of jo@shop.example by staff",
		"staff.role_changed of jo@shop.example by staff, role viewer -> support",
		"staff.signed_out of jo@shop.example by staff",
		"staff.factor_reset of jo@shop.example by staff, enrolled_at 2026-11-21T10:00:00Z -> ",
		"staff.invited of jo@shop.example by staff, role support -> manager",
		"staff.role_changed of jo@shop.example by operator:anna, role manager -> owner",
		"staff.factor_reset of jo@shop.example by operator:anna",
		"staff.invited of mo@shop.example by operator:anna, email  -> mo@shop.example, role  -> viewer",
		"staff.removed of mo@shop.example by operator:anna, email mo@shop.example -> , role viewer -> ",
		"staff.removed of jo@shop.example by staff, email jo@shop.example -> , role owner -> ",
	}
	if diff := cmp.Diff(want, h.staffActs()); diff != "" {
		t.Errorf("acts (-want +got):\n%s", diff)
	}
	h.wantLog(int64(len(want)))
	page, err := h.log().List(t.Context(), audit.Query{Member: id, Limit: 100})
	if err != nil || len(page.Entries) != 9 {
		t.Errorf("%d entries about one member, %v", len(page.Entries), err)
	}
}

// TestAnActOnStaffSurvivesACrash removes a person in a process that dies before each of its writes: the entry
// is in the log exactly if the person is gone.
func TestAnActOnStaffSurvivesACrash(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		owner := h.enrolled(boss, staff.Owner)
		h.enrolled("jo@shop.example", staff.Viewer)
		id := h.member("jo@shop.example").ID
		attempt := func(app *portal.App) error {
			err := h.over(app, owner).Remove(t.Context(), id)
			for done := 1; err == nil && done > 0; {
				done, err = app.Worker().RunOnce(t.Context())
			}
			return err
		}
		return attempt, func(bool) {
			if err := h.workIn(h.app); err != nil {
				t.Fatal(err)
			}
			gone, logged := h.member("jo@shop.example").ID == "", 0
			for _, line := range h.staffActs() {
				if strings.HasPrefix(line, "staff.removed") {
					logged++
				}
			}
			if gone != (logged == 1) || logged > 1 {
				t.Errorf("gone %t, with %d entries", gone, logged)
			}
		}
	})
}

// TestAnOwnerEndsOneSessionOfAColleague ends one of two sessions: at once, for good, with an entry, and
// without touching the other. Somebody else than an owner cannot.
func TestAnOwnerEndsOneSessionOfAColleague(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	owner, other := h.enrolled(boss, staff.Owner), h.enrolled("jo@shop.example", staff.Manager)
	id, first := h.member(other.email).ID, other.cookie
	h.clock.Move(time.Minute)
	in, err := h.halfWay(other.email, "second").EnterCode(t.Context(), h.appCode(other))
	if err != nil {
		t.Fatal(err)
	}
	enter := func(cookie string) error {
		return second(merchant.Enter(t.Context(), h.app, h.shop, cookie, firefox("second")))
	}
	_, sessions, err := h.at(owner).Colleague(t.Context(), id)
	if err != nil || len(sessions) != 2 {
		t.Fatalf("%d sessions, %v", len(sessions), err)
	}
	if err := h.at(other).EndColleagueSession(t.Context(), id, sessions[0].ID); validate.KindOf(err) != validate.Denied {
		t.Errorf("as a manager: %v", err)
	}
	for range 2 {
		if err := h.at(owner).EndColleagueSession(t.Context(), id, sessions[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.at(owner).EndColleagueSession(t.Context(), id, "unknown"); err != nil {
		t.Errorf("a session that is not there: %v", err)
	}
	if err := enter(in.Cookie); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the ended session: %v", err)
	}
	if err := enter(first); err != nil {
		t.Errorf("the other session: %v", err)
	}
	acts := h.staffActs()
	if last := acts[len(acts)-1]; len(acts) != 5 || last != "staff.signed_out of jo@shop.example by staff" {
		t.Errorf("%q", acts)
	}
	h.clock.Move(staff.SessionAbsolute)
	if err := enter(in.Cookie); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the ended session, twelve hours later: %v", err)
	}
}

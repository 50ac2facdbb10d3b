package portal_test

import (
	"encoding/base32"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/credential"
	"postern/portal/merchant"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

const boss = "boss@shop.example"

var staffLinkInMail = regexp.MustCompile(`/admin/sign-in/link/(staff_[A-Za-z0-9_-]{64})`)

// employee is a person of the shop's staff with the authenticator app and the recovery codes.
type employee struct {
	email    string
	secret   []byte
	recovery []string
	cookie   string // of the latest session
}

func (h *testApp) inviteStaff(email string, role staff.Role) (code string) {
	h.t.Helper()
	code, err := h.app.Operator().InviteStaff(h.t.Context(), h.shop.ID, email, string(role))
	if err != nil {
		h.t.Fatalf("invite %s: %v", email, err)
	}
	return code
}

// staffLink requests a link from a browser and returns it with its code.
func (h *testApp) staffLink(email, browser string) (link, code string) {
	h.t.Helper()
	if _, err := h.visitor(browser).RequestStaffLink(h.t.Context(), email, "", "en"); err != nil {
		h.t.Fatal(err)
	}
	for _, m := range h.deliver() {
		if found := firstGroup(staffLinkInMail, m.Text); m.To == email && found != "" {
			return found, codeIn(m)
		}
	}
	return "", ""
}

// halfWay signs a browser in by link, before the second factor.
func (h *testApp) halfWay(email, browser string) merchant.Candidate {
	h.t.Helper()
	link, _ := h.staffLink(email, browser)
	cookie, err := h.visitor(browser).RedeemStaff(h.t.Context(), link)
	if err != nil {
		h.t.Fatalf("redeem: %v", err)
	}
	return h.candidate(cookie, browser)
}

func (h *testApp) candidate(cookie, browser string) merchant.Candidate {
	h.t.Helper()
	half, err := merchant.EnterHalf(h.t.Context(), h.app, h.shop, cookie, firefox(browser))
	if err != nil {
		h.t.Fatalf("half way: %v", err)
	}
	return half
}

func secretOf(t testing.TB, half merchant.Candidate) []byte {
	t.Helper()
	setUp, err := half.SetUp()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(setUp.Text)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// enrolled invites a person, sets up the authenticator app and runs the jobs.
func (h *testApp) enrolled(email string, role staff.Role) *employee {
	h.t.Helper()
	code := h.inviteStaff(email, role)
	half := h.halfWay(email, "browser of "+email)
	e := &employee{email: email, secret: secretOf(h.t, half)}
	in, err := half.Enrol(h.t.Context(), code, h.appCode(e))
	if err != nil {
		h.t.Fatalf("enrol %s: %v", email, err)
	}
	e.recovery, e.cookie = in.Codes, in.Cookie
	h.work()
	return e
}

// appCode returns the code that the person's app shows now.
func (h *testApp) appCode(e *employee) string {
	h.t.Helper()
	code, err := staff.TOTPCode(e.secret, h.clock.Now())
	if err != nil {
		h.t.Fatal(err)
	}
	return code
}

// at returns the actor of the person's latest session.
func (h *testApp) at(e *employee) merchant.Staff {
	h.t.Helper()
	s, err := merchant.Enter(h.t.Context(), h.app, h.shop, e.cookie, firefox("browser of "+e.email))
	if err != nil {
		h.t.Fatalf("enter as %s: %v", e.email, err)
	}
	return s
}

func (h *testApp) member(email string) staff.Member {
	h.t.Helper()
	members, err := h.app.Operator().Staff(h.t.Context(), h.shop.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	roster := staff.Roster{Members: members}
	m, _ := roster.ByEmail(email)
	return m
}

// TestStaffLinkWorksOnce presents one link in many browsers at once.
func TestStaffLinkWorksOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.inviteStaff(boss, staff.Owner)
	link, code := h.staffLink(boss, "asker")
	var mu sync.Mutex
	var won []string
	var group sync.WaitGroup
	for n := range 40 {
		group.Go(func() {
			cookie, err := h.visitor(fmt.Sprint("browser ", n)).RedeemStaff(t.Context(), link)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won = append(won, cookie)
			case validate.KindOf(err) != validate.Gone || validate.KeyOf(err) != "link.used":
				t.Errorf("a loser got %v", err)
			}
		})
	}
	group.Wait()
	if len(won) != 1 {
		t.Errorf("%d browsers won", len(won))
	}
	if _, err := h.visitor("asker").EnterStaffCode(t.Context(), boss, code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the code of the used link: %v", err)
	}
}

// TestTwoClicksOnOneStaffLink checks that the same browser gets the same session twice, and later none.
func TestTwoClicksOnOneStaffLink(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.inviteStaff(boss, staff.Owner)
	link, _ := h.staffLink(boss, "asker")
	first, err := h.visitor("asker").RedeemStaff(t.Context(), link)
	second, again := h.visitor("asker").RedeemStaff(t.Context(), link)
	if err != nil || again != nil || first != second {
		t.Errorf("%q %v, then %q %v", first, err, second, again)
	}
	h.clock.Move(time.Minute)
	if _, err := h.visitor("asker").RedeemStaff(t.Context(), link); validate.KindOf(err) != validate.Gone {
		t.Errorf("a minute later: %v", err)
	}
}

// TestStaffLinkLastsTenMinutes checks the end of a link and of its code.
func TestStaffLinkLastsTenMinutes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		after time.Duration
		lives bool
	}{{10*time.Minute - time.Millisecond, true}, {10 * time.Minute, false}} {
		h := newTestApp(t)
		h.inviteStaff(boss, staff.Owner)
		link, code := h.staffLink(boss, "asker")
		h.clock.Move(test.after)
		page, err := h.visitor("asker").StaffLink(t.Context(), link)
		if err != nil || (page.State == credential.LinkLive) != test.lives {
			t.Errorf("after %s the link is %s, %v", test.after, page.State, err)
		}
		if !test.lives {
			if _, err := h.visitor("asker").RedeemStaff(t.Context(), link); validate.KindOf(err) != validate.Gone {
				t.Errorf("after %s: %v", test.after, err)
			}
		}
		_, err = h.visitor("asker").EnterStaffCode(t.Context(), boss, code)
		if (err == nil) != test.lives {
			t.Errorf("after %s the code: %v", test.after, err)
		}
	}
}

// TestInvitationLastsSevenDays checks that somebody who did not enrol in time gets no sign-in email, until
// the next invitation.
func TestInvitationLastsSevenDays(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.inviteStaff(boss, staff.Owner)
	h.clock.Move(7*24*time.Hour - time.Second)
	if link, _ := h.staffLink(boss, "asker"); link == "" {
		t.Error("no link within seven days")
	}
	h.clock.Move(time.Second)
	if link, _ := h.staffLink(boss, "asker"); link != "" {
		t.Error("a link after seven days")
	}
	h.inviteStaff(boss, staff.Owner)
	if link, _ := h.staffLink(boss, "asker"); link == "" {
		t.Error("no link after a new invitation")
	}
}

// TestAppCodeWorksOnce uses one code of the app from several sessions at the same time, 50 requests in all.
// One session gets in; its own repetitions get the same cookie.
func TestAppCodeWorksOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	h.clock.Move(time.Minute)
	var halves []merchant.Candidate
	for n := range 5 {
		halves = append(halves, h.halfWay(boss, fmt.Sprint("browser ", n)))
	}
	code := h.appCode(e)
	var mu sync.Mutex
	cookies := map[string]int{}
	var group sync.WaitGroup
	for n := range 50 {
		group.Go(func() {
			in, err := halves[n%len(halves)].EnterCode(t.Context(), code)
			mu.Lock()
			defer mu.Unlock()
			if kind := validate.KindOf(err); err == nil {
				cookies[in.Cookie]++
			} else if kind != validate.Invalid && kind != validate.TooMany {
				t.Errorf("a loser got %v", err)
			}
		})
	}
	group.Wait()
	if len(cookies) != 1 {
		t.Errorf("%d sessions got in: %v", len(cookies), cookies)
	}
	for cookie := range cookies {
		e.cookie = cookie
		h.at(e)
	}
}

// TestEarlierAppCodesAreRefused checks that a used code and those before it are refused, and the next is not.
func TestEarlierAppCodesAreRefused(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	used := h.appCode(e)
	for _, step := range []struct {
		name string
		move time.Duration
		code func() string
		want bool
	}{
		{"the one of the enrolment", 0, func() string { return used }, false},
		{"the next, ahead of time", 0, func() string {
			code, _ := staff.TOTPCode(e.secret, h.clock.Now().Add(30*time.Second))
			return code
		}, true},
		{"the present one, which is earlier", 0, func() string { return h.appCode(e) }, false},
		{"two steps later", time.Minute, func() string { return h.appCode(e) }, true},
		{"one of two steps ago", 2 * time.Minute, func() string {
			code, _ := staff.TOTPCode(e.secret, h.clock.Now().Add(-time.Minute))
			return code
		}, false},
	} {
		h.clock.Move(step.move)
		_, err := h.halfWay(boss, "browser").EnterCode(t.Context(), step.code())
		if (err == nil) != step.want {
			t.Errorf("%s: %v", step.name, err)
		}
	}
}

// TestConfirmingTwiceIsNoWrongCode sends the form of the second factor many times at once, with a code of the
// app and with a recovery code: no press counts as wrong. A minute later the same code does, and in another
// session at once.
func TestConfirmingTwiceIsNoWrongCode(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	tries := func() int {
		doc, _, err := staff.AccessDocs(h.engine, h.shop.ID).Get(t.Context(), h.member(boss).ID)
		if err != nil {
			t.Fatal(err)
		}
		return doc.Tries.N
	}
	for name, code := range map[string]func() string{
		"app": func() string { return h.appCode(e) }, "recovery": func() string { return e.recovery[0] },
	} {
		h.clock.Move(20 * time.Minute)
		s, sent := h.at(e), code()
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if err := s.Confirm(t.Context(), sent); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		group.Wait()
		if n := tries(); n != 0 || !h.at(e).IsFresh() {
			t.Errorf("%s: %d wrong codes were counted", name, n)
		}
		other := h.halfWay(boss, "other browser of "+name)
		if _, err := other.EnterCode(t.Context(), sent); validate.KindOf(err) != validate.Invalid || tries() != 1 {
			t.Errorf("%s in another session: %v, %d counted", name, err, tries())
		}
		h.clock.Move(time.Minute)
		if err := h.at(e).Confirm(t.Context(), sent); validate.KindOf(err) != validate.Invalid || tries() != 2 {
			t.Errorf("%s, a minute later: %v, %d counted", name, err, tries())
		}
	}
}

// TestFiveWrongAppCodes checks that after five wrong codes in 15 minutes the right one is refused, and works
// later.
func TestFiveWrongAppCodes(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	h.clock.Move(time.Minute)
	half := h.halfWay(boss, "browser")
	for n := range 5 {
		if _, err := half.EnterCode(t.Context(), fmt.Sprintf("00000%d", n)); validate.KindOf(err) != validate.Invalid {
			t.Fatalf("wrong code %d: %v", n, err)
		}
	}
	for name, code := range map[string]string{"app": h.appCode(e), "recovery": e.recovery[0]} {
		if _, err := half.EnterCode(t.Context(), code); validate.KindOf(err) != validate.TooMany {
			t.Errorf("the right code of the %s: %v", name, err)
		}
	}
	h.clock.Move(15 * time.Minute)
	if _, err := h.halfWay(boss, "browser").EnterCode(t.Context(), h.appCode(e)); err != nil {
		t.Errorf("15 minutes later: %v", err)
	}
}

// TestFiveWrongEnrolmentCodes guesses the inviter's code many times at once: five are counted, and then the
// right one is refused, until a reset brings a new one.
func TestFiveWrongEnrolmentCodes(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	code := h.inviteStaff(boss, staff.Owner)
	half := h.halfWay(boss, "browser")
	e := &employee{email: boss, secret: secretOf(t, half)}
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			if _, err := half.Enrol(t.Context(), "0000-0000", h.appCode(e)); validate.KindOf(err) != validate.Invalid {
				t.Errorf("a guess: %v", err)
			}
		})
	}
	group.Wait()
	if tries := h.member(boss).Enrolment.Tries; tries != 5 {
		t.Errorf("%d tries were counted", tries)
	}
	if _, err := half.Enrol(t.Context(), code, h.appCode(e)); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the right code after five wrong ones: %v", err)
	}
	code, err := h.app.Operator().ResetStaffFactor(t.Context(), h.shop.ID, boss)
	if err != nil {
		t.Fatal(err)
	}
	half = h.halfWay(boss, "browser")
	e.secret = secretOf(t, half)
	if _, err := half.Enrol(t.Context(), code, h.appCode(e)); err != nil {
		t.Errorf("the new code: %v", err)
	}
}

// TestWrongAppCodeCostsNoEnrolmentTry checks that a typing error in the app's code does not use up the
// inviter's.
func TestWrongAppCodeCostsNoEnrolmentTry(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	code := h.inviteStaff(boss, staff.Owner)
	half := h.halfWay(boss, "browser")
	e := &employee{email: boss, secret: secretOf(t, half)}
	for range 8 {
		_, err := half.Enrol(t.Context(), code, "000000")
		if got := fieldErrorsOf(err); len(got) != 1 || got[0] != "code factor.wrong_app" {
			t.Fatalf("%v", err)
		}
	}
	if _, err := half.Enrol(t.Context(), code, h.appCode(e)); err != nil {
		t.Errorf("the right codes: %v", err)
	}
}

// TestEnrolmentCodeWorksOnce enrols from two sessions: the second must use the factor of the first.
func TestEnrolmentCodeWorksOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	code := h.inviteStaff(boss, staff.Owner)
	two := h.halfWay(boss, "two")
	link, _ := h.staffLink(boss, "one")
	half, err := h.visitor("one").RedeemStaff(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	one := h.candidate(half, "one")
	e := &employee{email: boss, secret: secretOf(t, one)}
	first, err := one.Enrol(t.Context(), code, h.appCode(e))
	if err != nil || len(first.Codes) != 10 {
		t.Fatalf("%d codes, %v", len(first.Codes), err)
	}
	if _, err := one.Enrol(t.Context(), code, h.appCode(e)); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the same request, begun before the first was answered: %v", err)
	}
	again, err := h.candidate(half, "one").Enrol(t.Context(), code, h.appCode(e))
	if err != nil || again.Cookie != first.Cookie || len(again.Codes) > 0 {
		t.Errorf("the same request, sent again: %d codes, %v", len(again.Codes), err)
	}
	late := &employee{email: boss, secret: secretOf(t, two)}
	if _, err := two.Enrol(t.Context(), code, h.appCode(late)); validate.KindOf(err) != validate.Conflict {
		t.Errorf("the second session: %v", err)
	}
	h.work()
	told := h.deliver()
	if len(told) == 0 {
		t.Error("nobody was told")
	}
}

// TestResetVoidsFactorAndSessions checks that after a reset neither the session, the app nor the recovery
// codes work, and that the owners are told.
func TestResetVoidsFactorAndSessions(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e, other := h.enrolled(boss, staff.Owner), h.enrolled("other@shop.example", staff.Owner)
	h.quiet()
	code, err := h.at(other).ResetFactor(t.Context(), h.member(boss).ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := merchant.Enter(t.Context(), h.app, h.shop, e.cookie, firefox("x")); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the session: %v", err)
	}
	h.work()
	to := map[string]mail.Message{}
	for _, m := range h.deliver() {
		to[m.To] = m
		if strings.Contains(m.Text+m.HTML, code) {
			t.Error("an email contains the one-time code")
		}
	}
	if len(to) != 2 || !strings.Contains(to[boss].Text, "/admin/sign-in") ||
		!strings.Contains(to["other@shop.example"].Subject, boss) {
		t.Errorf("told: %v", to)
	}
	h.clock.Move(time.Minute)
	half := h.halfWay(boss, "browser")
	for name, code := range map[string]string{"app": h.appCode(e), "recovery code": e.recovery[0]} {
		if _, err := half.EnterCode(t.Context(), code); validate.KindOf(err) != validate.SignIn {
			t.Errorf("the %s from before the reset: %v", name, err)
		}
	}
	if _, err := h.at(other).ResetFactor(t.Context(), h.member(other.email).ID); validate.KindOf(err) != validate.Conflict {
		t.Errorf("one's own factor: %v", err)
	}
}

// TestDemotionDuringARequest checks that somebody who loses the role or the session, or is removed, after the
// request began changes nothing, not even the own recovery codes.
func TestDemotionDuringARequest(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(h *testApp, other merchant.Staff, id string) error{
		"demoted": func(h *testApp, other merchant.Staff, id string) error {
			return other.SetRole(h.t.Context(), id, "viewer")
		},
		"removed": func(h *testApp, other merchant.Staff, id string) error { return other.Remove(h.t.Context(), id) },
		"signed out": func(h *testApp, other merchant.Staff, id string) error {
			return other.SignOutColleague(h.t.Context(), id)
		},
		"signed out of this browser": func(h *testApp, other merchant.Staff, id string) error {
			_, sessions, err := other.Colleague(h.t.Context(), id)
			if err == nil {
				err = other.EndColleagueSession(h.t.Context(), id, sessions[0].ID)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestApp(t)
			e := h.enrolled(boss, staff.Owner)
			began, other := h.at(e), h.at(h.enrolled("other@shop.example", staff.Owner))
			if err := lose(h, other, h.member(boss).ID); err != nil {
				t.Fatal(err)
			}
			for act, err := range map[string]error{
				"invite":   second(began.Invite(t.Context(), "friend@shop.example", "owner")),
				"role":     began.SetRole(t.Context(), other.Member().ID, "viewer"),
				"remove":   began.Remove(t.Context(), other.Member().ID),
				"sign out": began.SignOutColleague(t.Context(), other.Member().ID),
				"codes":    second(began.RenewRecovery(t.Context())),
				"language": began.SetLanguage(t.Context(), "sk"),
			} {
				if validate.KindOf(err) != validate.SignIn {
					t.Errorf("%s: %v", act, err)
				}
			}
			if h.member("friend@shop.example").ID != "" || h.member("other@shop.example").Role != staff.Owner ||
				h.member("other@shop.example").Sessions != other.Member().Sessions {
				t.Error("the act took place")
			}
			if name == "removed" {
				return
			}
			h.clock.Move(time.Minute)
			if _, err := h.halfWay(boss, "again").EnterCode(t.Context(), e.recovery[0]); err != nil {
				t.Errorf("the recovery code from before: %v", err)
			}
		})
	}
}

func second[T any](_ T, err error) error { return err }

// TestAnOwnerIsLeft lets two owners demote and remove each other at the same time.
func TestAnOwnerIsLeft(t *testing.T) {
	t.Parallel()
	for n := range 10 {
		h := newTestApp(t)
		one, two := h.at(h.enrolled(boss, staff.Owner)), h.at(h.enrolled("other@shop.example", staff.Owner))
		var group sync.WaitGroup
		group.Go(func() { _ = one.SetRole(t.Context(), two.Member().ID, "viewer") })
		group.Go(func() {
			if n%2 == 0 {
				_ = two.Remove(t.Context(), one.Member().ID)
			} else {
				_ = two.SetRole(t.Context(), one.Member().ID, "support")
			}
		})
		group.Wait()
		members, err := h.app.Operator().Staff(t.Context(), h.shop.ID)
		roster := staff.Roster{Members: members}
		if left := roster.Owners(); err != nil || len(left) != 1 {
			t.Errorf("round %d: %d owners, %v", n, len(left), err)
		}
	}
}

// TestLastOwnerStays checks that the last owner who can sign in can be neither demoted nor removed, also by
// the command line and while another owner has not enrolled.
func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.enrolled(boss, staff.Owner)
	h.inviteStaff("invited@shop.example", staff.Owner)
	o := h.app.Operator()
	for act, err := range map[string]error{
		"demote": o.SetStaffRole(t.Context(), h.shop.ID, boss, "manager"),
		"remove": o.RemoveStaff(t.Context(), h.shop.ID, boss),
	} {
		if validate.KeyOf(err) != "staff.last_owner" {
			t.Errorf("%s: %v", act, err)
		}
	}
	if err := o.RemoveStaff(t.Context(), h.shop.ID, "invited@shop.example"); err != nil {
		t.Errorf("the one who has not enrolled: %v", err)
	}
}

// TestStoreHoldsNoUsableStaffSecret searches the store, outbox and jobs included, for what lets somebody in.
func TestStoreHoldsNoUsableStaffSecret(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	code := h.inviteStaff(boss, staff.Owner)
	link, emailed := h.staffLink(boss, "browser")
	half := h.halfWay(boss, "browser")
	e := &employee{email: boss, secret: secretOf(t, half)}
	in, err := half.Enrol(t.Context(), code, h.appCode(e))
	if err != nil {
		t.Fatal(err)
	}
	h.work()
	store := h.everything()
	secrets := append([]string{link, emailed, code, in.Cookie, staff.TOTPText(e.secret), string(e.secret)}, in.Codes...)
	for _, secret := range secrets {
		for _, form := range []string{secret, strings.ReplaceAll(secret, "-", ""), strings.TrimPrefix(secret, "staff_")} {
			if form == "" || strings.Contains(store, form) {
				t.Errorf("the store contains %q", form)
			}
		}
	}
}

// TestReplacedSecretKeepsFactors checks that replacing the installation secret signs staff out and keeps
// their apps and recovery codes.
func TestReplacedSecretKeepsFactors(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	if err := h.app.TakeSecret(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := h.enrolled(boss, staff.Owner)
	if err := h.withSecret("n", "T").TakeSecret(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.app = h.withSecret("n")
	h.dispatcher = h.newDispatcher(h.app)
	if _, err := merchant.Enter(t.Context(), h.app, h.shop, e.cookie, firefox("x")); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the session: %v", err)
	}
	h.clock.Move(time.Minute)
	for name, code := range map[string]string{"app": h.appCode(e), "recovery code": e.recovery[3]} {
		if _, err := h.halfWay(boss, "browser").EnterCode(t.Context(), code); err != nil {
			t.Errorf("the %s: %v", name, err)
		}
	}
}

// TestNewDeviceIsTold checks that a sign-in from an unknown browser is told by email, once, and one from a
// known browser is not.
func TestNewDeviceIsTold(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	h.quiet()
	for _, step := range []struct {
		browser string
		notices int
	}{{"browser of " + boss, 0}, {"another", 1}, {"another", 0}} {
		h.clock.Move(time.Minute)
		half := h.halfWay(boss, step.browser)
		if _, err := half.EnterCode(t.Context(), h.appCode(e)); err != nil {
			t.Fatal(err)
		}
		h.work()
		sent := h.deliver()
		if len(sent) != step.notices {
			t.Errorf("%s: %d emails", step.browser, len(sent))
		}
		for _, m := range sent {
			if m.To != boss || !strings.Contains(m.Text, "Firefox, Windows") || !strings.Contains(m.Text, "/admin/security") {
				t.Errorf("the notice says %s", m.Text)
			}
		}
	}
}

// TestHalfWayGrantsNothing checks that the token from before the second factor opens nothing afterwards, and
// that a second request with the same code within a minute gets the same session.
func TestHalfWayGrantsNothing(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	h.clock.Move(time.Minute)
	link, _ := h.staffLink(boss, "browser")
	cookie, err := h.visitor("browser").RedeemStaff(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	code := h.appCode(e)
	in, err := h.candidate(cookie, "browser").EnterCode(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := merchant.Enter(t.Context(), h.app, h.shop, cookie, firefox("browser")); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the earlier token: %v", err)
	}
	late := h.candidate(cookie, "browser")
	if again, err := late.EnterCode(t.Context(), code); err != nil || again.Cookie != in.Cookie {
		t.Errorf("the same code again: %v", err)
	}
	if _, err := late.EnterCode(t.Context(), "000000"); validate.KindOf(err) != validate.SignIn {
		t.Errorf("another code: %v", err)
	}
	h.clock.Move(time.Minute)
	if _, err := merchant.EnterHalf(t.Context(), h.app, h.shop, cookie, firefox("browser")); validate.KindOf(err) != validate.SignIn {
		t.Errorf("a minute later: %v", err)
	}
}

// TestStaffOfOneShopIsNoStaffOfAnother presents link, code and session at another shop.
func TestStaffOfOneShopIsNoStaffOfAnother(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	h.clock.Move(time.Minute)
	link, code := h.staffLink(boss, "browser")
	first := h.shop
	h.shop = h.open("other", shop.Settings{})
	h.enrolled(boss, staff.Owner)
	if page, err := h.visitor("browser").StaffLink(t.Context(), link); err != nil || page.State != credential.LinkDamaged {
		t.Errorf("the link is %s, %v", page.State, err)
	}
	if _, err := h.visitor("browser").RedeemStaff(t.Context(), link); validate.KindOf(err) != validate.Gone {
		t.Errorf("the link: %v", err)
	}
	if _, err := h.visitor("browser").EnterStaffCode(t.Context(), boss, code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the code: %v", err)
	}
	if _, err := merchant.Enter(t.Context(), h.app, h.shop, e.cookie, firefox("x")); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the session: %v", err)
	}
	h.shop = first
	h.at(e)
}

// TestStaffEnrolmentSurvivesACrash enrols in a process that dies before each write: afterwards the person can
// enrol, or has and signs in with the app.
func TestStaffEnrolmentSurvivesACrash(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		code := h.inviteStaff(boss, staff.Owner)
		link, _ := h.staffLink(boss, "browser")
		e := &employee{email: boss}
		attempt := func(app *portal.App) error {
			cookie, err := app.Visitor(h.shop, firefox("browser")).RedeemStaff(t.Context(), link)
			if err != nil {
				return err
			}
			half, err := merchant.EnterHalf(t.Context(), app, h.shop, cookie, firefox("browser"))
			if err != nil {
				return err
			}
			e.secret = secretOf(t, half)
			_, err = half.Enrol(t.Context(), code, h.appCode(e))
			return err
		}
		return attempt, func(bool) {
			h.work()
			h.clock.Move(time.Minute)
			half := h.halfWay(boss, "second")
			if half.HasFactor() {
				if _, err := half.EnterCode(t.Context(), h.appCode(e)); err != nil {
					t.Errorf("sign in: %v", err)
				}
				return
			}
			e.secret = secretOf(t, half)
			if _, err := half.Enrol(t.Context(), code, h.appCode(e)); err != nil {
				t.Errorf("enrol: %v", err)
			}
		}
	})
}

// staffJobCases returns the cases of the jobs about staff; see jobCases.
func staffJobCases() map[string]func(h *testApp) {
	return map[string]func(h *testApp){
		"staff_tell": func(h *testApp) {
			h.enrolled(boss, staff.Owner)
			h.enrolled("leaver@shop.example", staff.Support)
			h.quiet()
			if err := h.app.Operator().RemoveStaff(h.t.Context(), h.shop.ID, "leaver@shop.example"); err != nil {
				h.t.Fatal(err)
			}
		},
		"staff_enrolled": func(h *testApp) {
			h.enrolled("first@shop.example", staff.Owner)
			code := h.inviteStaff(boss, staff.Owner)
			h.quiet()
			half := h.halfWay(boss, "browser")
			e := &employee{email: boss, secret: secretOf(h.t, half)}
			if _, err := half.Enrol(h.t.Context(), code, h.appCode(e)); err != nil {
				h.t.Fatal(err)
			}
		},
		"staff_new_device": func(h *testApp) {
			e := h.enrolled(boss, staff.Owner)
			h.quiet()
			h.clock.Move(time.Minute)
			if _, err := h.halfWay(boss, "another").EnterCode(h.t.Context(), h.appCode(e)); err != nil {
				h.t.Fatal(err)
			}
		},
		"forget_own_view": func(h *testApp) {
			e := h.enrolled(boss, staff.Owner)
			form := merchant.ViewForm{ID: storage.NewID(), Name: "Czechs", Filters: map[string]string{"country": "CZ"}}
			if err := h.at(e).SaveView(h.t.Context(), form); err != nil {
				h.t.Fatal(err)
			}
			h.quiet()
			if err := h.at(e).ShareView(h.t.Context(), form.ID); err != nil {
				h.t.Fatal(err)
			}
		},
		"staff_factor": func(h *testApp) {
			e := h.enrolled(boss, staff.Owner)
			h.quiet()
			if _, err := h.at(e).RenewRecovery(h.t.Context()); err != nil {
				h.t.Fatal(err)
			}
		},
	}
}

// TestRenewedRecoveryCodesReplaceTheOld checks the new codes, and that old ones end.
func TestRenewedRecoveryCodesReplaceTheOld(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	fresh, err := h.at(e).RenewRecovery(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.halfWay(boss, "browser").EnterCode(t.Context(), e.recovery[0]); validate.KindOf(err) != validate.Invalid {
		t.Errorf("an old code: %v", err)
	}
	if _, err := h.halfWay(boss, "browser").EnterCode(t.Context(), strings.ToLower(fresh[0])); err != nil {
		t.Errorf("a new code: %v", err)
	}
	h.clock.Move(16 * time.Minute)
	if _, err := h.at(e).RenewRecovery(t.Context()); validate.KindOf(err) != validate.StepUp {
		t.Errorf("16 minutes later: %v", err)
	}
}

// TestStrangersKeepNoStaffOut checks that requests from other browsers use up only their part of the daily
// emails: a browser that signed in before still gets one, at any hour.
func TestStrangersKeepNoStaffOut(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.enrolled(boss, staff.Owner)
	for range 6 {
		h.clock.Move(time.Hour + time.Minute)
		for range 6 {
			h.staffLink(boss, "stranger")
		}
	}
	h.clock.Move(time.Hour + time.Minute)
	if _, code := h.staffLink(boss, "stranger"); code != "" {
		t.Error("a stranger still gets emails sent")
	}
	if link, code := h.staffLink(boss, "browser of "+boss); link == "" && code == "" {
		t.Error("the known browser gets no email")
	}
}

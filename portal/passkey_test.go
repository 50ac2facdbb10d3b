package portal_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/merchant"
	"postern/portal/passkey"
	"postern/portal/passkey/passkeytest"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
)

// keyHolder is a person of the shop's staff whose first factor is a passkey.
type keyHolder struct {
	employee
	key *passkeytest.Key
}

// authenticator returns an authenticator in a browser at the shop's base URL.
func (h *testApp) authenticator() *passkeytest.Key {
	h.t.Helper()
	site, err := passkey.NewSite(h.shop.Name, h.shop.BaseURL)
	if err != nil {
		h.t.Fatal(err)
	}
	return passkeytest.New(h.t, site.Host, site.Origin)
}

// withPasskey invites a person, who sets up a passkey, and runs the jobs.
func (h *testApp) withPasskey(email string, role staff.Role) *keyHolder {
	h.t.Helper()
	code := h.inviteStaff(email, role)
	k := &keyHolder{employee: employee{email: email}, key: h.authenticator()}
	browser := "browser of " + email
	half := h.halfWay(email, browser)
	options, err := half.AskPasskey(h.t.Context(), code)
	if err != nil {
		h.t.Fatalf("ask for a passkey: %v", err)
	}
	in, err := h.again(half, browser).EnrolPasskey(h.t.Context(), code, "", k.key.Create(options))
	if err != nil {
		h.t.Fatalf("enrol %s: %v", email, err)
	}
	k.recovery, k.cookie = in.Codes, in.Cookie
	h.work()
	return k
}

// again returns the person as the next request finds them.
func (h *testApp) again(half merchant.Candidate, browser string) merchant.Candidate {
	h.t.Helper()
	return h.candidate(half.Cookie(), browser)
}

// asked returns somebody half-way in a browser, who was asked for a passkey, with the question.
func (h *testApp) asked(email, browser string) (merchant.Candidate, []byte) {
	h.t.Helper()
	half := h.halfWay(email, browser)
	options, err := half.AskPasskey(h.t.Context(), "")
	if err != nil {
		h.t.Fatalf("ask for a passkey: %v", err)
	}
	return h.again(half, browser), options
}

// storedPasskey returns the person's only passkey as it is stored.
func (h *testApp) storedPasskey(email string) passkey.Key {
	h.t.Helper()
	doc, _, err := staff.AccessDocs(h.engine, h.shop.ID).Get(h.t.Context(), h.member(email).ID)
	if err != nil || len(doc.Passkeys) != 1 {
		h.t.Fatalf("%d passkeys: %v", len(doc.Passkeys), err)
	}
	return doc.Passkeys[0]
}

// TestSignInByPasskey goes the whole way: enrolment, recovery codes, sign-in, and a fresh factor later.
func TestSignInByPasskey(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	k := h.withPasskey(boss, staff.Owner)
	if len(k.recovery) != 10 || !h.at(&k.employee).IsFresh() || !h.member(boss).IsEnrolled() {
		t.Fatalf("%d recovery codes, enrolled %t", len(k.recovery), h.member(boss).IsEnrolled())
	}
	half, options := h.asked(boss, "browser of "+boss)
	k.key.Count = 3
	in, err := half.EnterPasskey(t.Context(), k.key.Prove(options))
	if err != nil || len(in.Codes) != 0 {
		t.Fatalf("sign in: %+v, %v", in, err)
	}
	if key := h.storedPasskey(boss); key.Count != 3 || !key.UsedAt.Equal(h.clock.Now()) || key.Name != "Firefox, Windows" {
		t.Errorf("afterwards the passkey is %+v", key)
	}
	k.cookie = in.Cookie
	h.clock.Move(16 * time.Minute)
	if h.at(&k.employee).IsFresh() {
		t.Fatal("fresh for more than 15 minutes")
	}
	options, err = h.at(&k.employee).AskPasskey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.key.Count++
	if err := h.at(&k.employee).ConfirmPasskey(t.Context(), k.key.Prove(options)); err != nil {
		t.Fatal(err)
	}
	if !h.at(&k.employee).IsFresh() {
		t.Error("not fresh after the passkey")
	}
}

// TestPasskeyChallengeWorksOnce answers one challenge with two answers at the same time, repeats the winner's
// and answers once more: one answer wins, and only its own repetition gets the same session.
func TestPasskeyChallengeWorksOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	k := h.withPasskey(boss, staff.Owner)
	half, options := h.asked(boss, "browser")
	answers := []string{k.key.Prove(options), k.key.Prove(options), k.key.Prove(options)}
	var mu sync.Mutex
	cookies := map[string]string{}
	var group sync.WaitGroup
	for n := range 30 {
		group.Go(func() {
			answer := answers[n%len(answers)]
			in, err := half.EnterPasskey(t.Context(), answer)
			mu.Lock()
			defer mu.Unlock()
			if kind := validate.KindOf(err); err == nil {
				cookies[in.Cookie] = answer
			} else if kind != validate.Invalid && kind != validate.SignIn {
				t.Errorf("a loser got %v", err)
			}
		})
	}
	group.Wait()
	if len(cookies) != 1 {
		t.Fatalf("%d sessions got in", len(cookies))
	}
	for cookie, answer := range cookies {
		h.at(&employee{email: boss, cookie: cookie})
		h.clock.Move(61 * time.Second)
		if _, err := half.EnterPasskey(t.Context(), answer); err == nil {
			t.Error("the same answer works a minute later")
		}
	}
	half, _ = h.asked(boss, "another browser")
	if _, err := half.EnterPasskey(t.Context(), answers[0]); validate.KindOf(err) != validate.Invalid {
		t.Errorf("in another session: %v", err)
	}
}

// TestPasskeyAnswersThatAreRefused checks what the person reads of each, that a refused answer uses up the
// challenge, and that none counts as a wrong code.
func TestPasskeyAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer func(h *testApp, k *keyHolder, options []byte) string
		key    string
	}{
		"of another host": {func(_ *testApp, k *keyHolder, options []byte) string {
			k.key.Host = "127.0.0.1"
			return k.key.Prove(options)
		}, "passkey.site"},
		"from another address": {func(_ *testApp, k *keyHolder, options []byte) string {
			k.key.Origin = "https://evil.example"
			return k.key.Prove(options)
		}, "passkey.site"},
		"of a colleague": {func(h *testApp, _ *keyHolder, options []byte) string {
			return h.withPasskey("jo@shop.example", staff.Viewer).key.Prove(options)
		}, "passkey.unknown"},
		"without the person": {func(_ *testApp, k *keyHolder, options []byte) string {
			k.key.Flags &^= passkeytest.Verified
			return k.key.Prove(options)
		}, "passkey.refused"},
		"too late": {func(h *testApp, k *keyHolder, options []byte) string {
			h.clock.Move(passkey.Life)
			return k.key.Prove(options)
		}, "passkey.expired"},
		"no answer": {func(*testApp, *keyHolder, []byte) string { return "{}" }, "passkey.refused"},
	} {
		h := newTestApp(t)
		k := h.withPasskey(boss, staff.Owner)
		right := *k.key
		half, options := h.asked(boss, "browser")
		if _, err := half.EnterPasskey(t.Context(), test.answer(h, k, options)); validate.KeyOf(err) != test.key {
			t.Errorf("%s: %v", name, err)
		}
		half = h.again(half, "browser")
		if _, err := half.EnterPasskey(t.Context(), right.Prove(options)); validate.KindOf(err) != validate.Invalid {
			t.Errorf("%s: the challenge works once more: %v", name, err)
		}
		doc, _, err := staff.AccessDocs(h.engine, h.shop.ID).Get(t.Context(), h.member(boss).ID)
		if err != nil || doc.Tries.N != 0 {
			t.Errorf("%s: %d wrong codes, %v", name, doc.Tries.N, err)
		}
	}
}

// TestCopiedPasskeyIsBlocked uses a passkey whose counter went back: it no longer works, person and owners are
// told once, and a recovery code still signs in.
func TestCopiedPasskeyIsBlocked(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.enrolled("owner@shop.example", staff.Owner)
	k := h.withPasskey(boss, staff.Manager)
	h.quiet()
	for _, count := range []uint32{7, 6} {
		half, options := h.asked(boss, "browser of "+boss)
		k.key.Count = count
		_, err := half.EnterPasskey(t.Context(), k.key.Prove(options))
		if (count == 6) != (validate.KeyOf(err) == "passkey.copied") {
			t.Fatalf("with the counter at %d: %v", count, err)
		}
	}
	if h.storedPasskey(boss).CopiedAt.IsZero() {
		t.Error("the passkey is not blocked")
	}
	h.work()
	var told []string
	for _, m := range h.deliver() {
		told = append(told, m.To+": "+m.Subject)
	}
	slices.Sort(told)
	want := []string{boss + ": A passkey was blocked at " + h.shop.Name,
		"owner@shop.example: A passkey belonging to " + boss + " was blocked at " + h.shop.Name}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	half := h.halfWay(boss, "browser")
	if _, err := half.AskPasskey(t.Context(), ""); validate.KindOf(err) != validate.Invalid {
		t.Errorf("it is still asked for: %v", err)
	}
	if _, err := half.EnterCode(t.Context(), k.recovery[0]); err != nil {
		t.Errorf("a recovery code: %v", err)
	}
}

// add adds a passkey to the person's sign-in.
func (h *testApp) add(e *employee, name string) (*passkeytest.Key, error) {
	h.t.Helper()
	options, err := h.at(e).AskNewPasskey(h.t.Context())
	if err != nil {
		return nil, err
	}
	key := h.authenticator()
	return key, h.at(e).AddPasskey(h.t.Context(), name, key.Create(options))
}

// TestPasskeysOfAPerson adds, renames and removes passkeys. The last factor stays; each change but the name
// needs a fresh factor, is told to person and owners, and is logged.
func TestPasskeysOfAPerson(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.enrolled("owner@shop.example", staff.Owner)
	k := h.withPasskey(boss, staff.Manager)
	e := &k.employee
	first := h.storedPasskey(boss).Ref()
	if err := h.at(e).RemovePasskey(t.Context(), first); validate.KeyOf(err) != "factor.last" {
		t.Errorf("the last factor: %v", err)
	}
	h.quiet()
	if _, err := h.add(e, " Work laptop "); err != nil {
		t.Fatal(err)
	}
	added := h.at(e).Factors().Passkeys[1]
	if added.Name != "Work laptop" {
		t.Errorf("the name is %q", added.Name)
	}
	if err := h.at(e).RenamePasskey(t.Context(), added.Ref(), ""); validate.KindOf(err) != validate.Invalid {
		t.Errorf("no name: %v", err)
	}
	if err := h.at(e).RenamePasskey(t.Context(), added.Ref(), "Laptop"); err != nil {
		t.Error(err)
	}
	if err := h.at(e).RemovePasskey(t.Context(), first); err != nil {
		t.Error(err)
	}
	if err := h.at(e).RemovePasskey(t.Context(), first); validate.KindOf(err) != validate.NotFound {
		t.Errorf("removed twice: %v", err)
	}
	h.work()
	told := map[string]int{}
	for _, m := range h.deliver() {
		told[m.To]++
	}
	if told[boss] != 2 || told["owner@shop.example"] != 2 {
		t.Errorf("told %v", told)
	}
	acts := h.staffActs()
	if got := acts[len(acts)-2:]; got[0] != "staff.passkey_added of boss@shop.example by staff, passkey  -> Work laptop" ||
		got[1] != "staff.passkey_removed of boss@shop.example by staff, passkey Firefox, Windows -> " {
		t.Errorf("logged %q", got)
	}
	h.clock.Move(16 * time.Minute)
	if _, err := h.add(e, "x"); validate.KindOf(err) != validate.StepUp {
		t.Errorf("adding with a stale factor: %v", err)
	}
	if err := h.at(e).AddPasskey(t.Context(), "x", "{}"); validate.KindOf(err) != validate.StepUp {
		t.Errorf("adding with a stale factor: %v", err)
	}
	if err := h.at(e).RemovePasskey(t.Context(), added.Ref()); validate.KindOf(err) != validate.StepUp {
		t.Errorf("removing with a stale factor: %v", err)
	}
}

// TestPasskeysAreLimited checks the largest number, and that an authenticator in use is excluded.
func TestPasskeysAreLimited(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	for n := range staff.MaxPasskeys + 1 {
		_, err := h.add(e, "key")
		if (validate.KeyOf(err) == "passkey.full") != (n == staff.MaxPasskeys) {
			t.Errorf("passkey %d: %v", n+1, err)
		}
	}
}

// TestWrongEnrolmentCodeMakesNoPasskey checks that nobody is asked for a passkey before the inviter's code is
// right, and that the code's five tries hold.
func TestWrongEnrolmentCodeMakesNoPasskey(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	code := h.inviteStaff(boss, staff.Owner)
	half := h.halfWay(boss, "browser")
	for _, wrong := range []string{"", "0000-0000", "0000-0001", "0000-0002", "0000-0003", "0000-0004", code} {
		if _, err := half.AskPasskey(t.Context(), wrong); validate.KindOf(err) != validate.Invalid {
			t.Errorf("with %q: %v", wrong, err)
		}
	}
	if _, err := half.EnrolPasskey(t.Context(), code, "", h.authenticator().Create([]byte(`{"challenge":"AAAA"}`))); err == nil {
		t.Error("enrolled without a challenge")
	}
}

// TestResetVoidsPasskeys resets a sign-in: the passkey and the app from before no longer work, also after the
// person has enrolled again.
func TestResetVoidsPasskeys(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	k := h.withPasskey(boss, staff.Owner)
	code, err := h.app.Operator().ResetStaffFactor(t.Context(), h.shop.ID, boss)
	if err != nil {
		t.Fatal(err)
	}
	half := h.halfWay(boss, "browser")
	if half.HasFactor() || half.PasskeyOffer().Usable {
		t.Fatal("the passkey survives the reset")
	}
	e := &employee{email: boss, secret: secretOf(t, half)}
	if _, err := half.Enrol(t.Context(), code, h.appCode(e)); err != nil {
		t.Fatal(err)
	}
	half = h.halfWay(boss, "browser")
	if _, err := half.AskPasskey(t.Context(), ""); validate.KeyOf(err) != "passkey.unknown" {
		t.Errorf("after enrolling again: %v", err)
	}
	if _, err := half.EnterCode(t.Context(), k.recovery[0]); validate.KindOf(err) != validate.Invalid {
		t.Errorf("a recovery code from before: %v", err)
	}
}

// TestPasskeysNeedAHostName checks base URLs with an IP address and without https: no passkey is offered, and
// the offer says why.
func TestPasskeysNeedAHostName(t *testing.T) {
	t.Parallel()
	for base, why := range map[string]string{"https://192.0.2.7": "passkey.why.address",
		"http://127.0.0.1:8080": "passkey.why.address", "http://localhost:8080": "", "https://a.shop.example": ""} {
		h := newTestApp(t)
		changed, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{BaseURL: &base})
		if err != nil {
			t.Fatal(err)
		}
		h.shop = changed
		code := h.inviteStaff(boss, staff.Owner)
		half := h.halfWay(boss, "browser")
		if got := half.PasskeyOffer(); got.Why != why {
			t.Errorf("%s: %+v", base, got)
		}
		if _, err := half.AskPasskey(t.Context(), code); validate.KeyOf(err) != why {
			t.Errorf("%s: %v", base, err)
		}
	}
}

// TestPasskeyEnrolmentSurvivesACrash enrols in a process that dies before each write: afterwards the person
// can enrol, or has and signs in with the passkey.
func TestPasskeyEnrolmentSurvivesACrash(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		code := h.inviteStaff(boss, staff.Owner)
		link, _ := h.staffLink(boss, "browser")
		key := h.authenticator()
		attempt := func(app *portal.App) error {
			cookie, err := app.Visitor(h.shop, firefox("browser")).RedeemStaff(t.Context(), link)
			if err != nil {
				return err
			}
			enter := func() (merchant.Candidate, error) {
				return merchant.EnterHalf(t.Context(), app, h.shop, cookie, firefox("browser"))
			}
			half, err := enter()
			if err != nil {
				return err
			}
			options, err := half.AskPasskey(t.Context(), code)
			if err != nil {
				return err
			}
			answer := key.Create(options)
			if half, err = enter(); err == nil {
				_, err = half.EnrolPasskey(t.Context(), code, "", answer)
			}
			return err
		}
		return attempt, func(bool) {
			h.work()
			half := h.halfWay(boss, "second")
			options, err := half.AskPasskey(t.Context(), code)
			if err != nil {
				t.Fatal(err)
			}
			if half = h.again(half, "second"); half.HasFactor() {
				_, err = half.EnterPasskey(t.Context(), key.Prove(options))
			} else {
				_, err = half.EnrolPasskey(t.Context(), code, "", h.authenticator().Create(options))
			}
			if err != nil {
				t.Errorf("afterwards: %v", err)
			}
		}
	})
}

package portal_test

import (
	"testing"
	"time"

	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

// These tests cover the five patterns of account pre-hijacking (Sudhodanan and Paverd, USENIX Security
// 2022): an attacker who knows a person's address prepares an account before that person first signs in,
// and still has access afterwards.

// TestClassicFederatedMerge covers the merging of two accounts created in different ways, which gives both
// creators access. Here the attacker registers in the shop's own system with the victim's address, while
// the victim uses the mailbox. The attacker's registration gives no access, a second one is refused instead
// of merged, and the link the attacker requested works only for the victim who receives it.
func TestClassicFederatedMerge(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	put := func(id string) error {
		_, err := feed.PutCustomer(t.Context(), id,
			[]byte(`{"email":"jan@example.com","first_name":"Mallory","updated_at":"2026-01-01T00:00:00Z"}`))
		return err
	}
	if err := put("attacker's"); err != nil {
		t.Fatal(err)
	}
	link, code := h.askLink(jan, "attacker's") // the email goes to the victim
	signed, err := h.visitor("victim's").Redeem(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.visitor("attacker's").EnterCode(t.Context(), jan,
		code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the attacker's browser: %v", err)
	}
	if err := put("victim's"); validate.KindOf(err) != validate.Conflict {
		t.Errorf("a second registration: %v", err)
	}
	if list, err := h.shopper(signed.Cookie).Sessions(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("sessions %+v, %v", list, err)
	}
}

// TestUnexpiredSession covers an attacker's session that outlives the victim's recovery. Here recovery is a
// change of address or its undo. Each ends every session immediately in every process, and returning to the
// old address revives none.
func TestUnexpiredSession(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	attackers, _ := h.enterWith(jan, "attacker's")
	victims := h.signInByCode(jan, "victim's")
	now := h.change(victims, jana, "victim's")
	h.wantNoSession("after the victim's change", attackers)
	_, undo := h.undoMail(jan)
	if err := h.undo(undo); err != nil {
		t.Fatal(err)
	}
	h.wantNoSession("after the undo", attackers, victims, now)
}

// TestTrojanIdentifier covers an identifier that the attacker leaves in the account to regain access later.
// Here an account has one address. A former address gives access only through the undo emailed to it, which
// the owner's undo ends, and the shop system's id gives no access.
func TestTrojanIdentifier(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.change(h.signInByCode(jan, "attacker's"), mallory, "attacker's")
	_, owners := h.undoMail(jan)
	h.change(h.refresh(cookie), jana, "attacker's") // any third address; mallory's is now a former one
	_, trojan := h.undoMail(mallory)
	if err := h.undo(owners); err != nil {
		t.Fatal(err)
	}
	h.wantGoneUndo("the trojan", trojan)
	if _, err := h.visitor("attacker's").RequestLink(t.Context(), mallory, "", "en"); err != nil {
		t.Fatal(err)
	}
	for _, m := range h.deliver() {
		if m.To == mallory {
			t.Errorf("a mail to the attacker: %s", m.Text)
		}
	}
	h.quiet()
	h.put(orderJSON("by the attacker", mallory))
	owner, _ := h.enterWith(jan, "victim's")
	if diff := cmp.Diff([]string{"o-" + jan}, h.orders(owner)); diff != "" {
		t.Errorf("the attacker's orders come into the account: %s", diff)
	}
}

// TestUnexpiredEmailChange covers an attacker who starts a change of address and completes it after the
// victim has recovered the account. Here the code works for ten minutes, only in the session that requested
// it, and only while that session is live and fresh.
func TestUnexpiredEmailChange(t *testing.T) {
	t.Parallel()
	for name, recover := range map[string]func(h *testApp){
		"signs out everywhere else": func(h *testApp) {
			_, victim := h.enterWith(jan, "victim's")
			if _, err := victim.EndOtherSessions(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"says it was not them": func(h *testApp) {
			if err := h.raiseAlarm(); err != nil {
				t.Fatal(err)
			}
		},
		"changes the address": func(h *testApp) {
			h.change(h.signInByCode(jan, "victim's"),
				jana, "victim's")
		},
		"waits ten minutes": func(h *testApp) { h.clock.Move(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestApp(t)
			h.newCustomer(jan)
			cookie := h.signInByCode(jan, "attacker's")
			code := h.wanted(cookie, mallory)
			attacker := h.shopper(cookie)
			recover(h)
			_, err := attacker.ChangeEmail(t.Context(), mallory, code, firefox("attacker's"))
			if diff := cmp.Diff([]string{"code code.wrong"}, fieldErrorsOf(err)); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
			if _, err := h.feed().CustomerByEmail(t.Context(),
				mallory); validate.KindOf(err) != validate.NotFound {
				t.Errorf("the attacker's address: %v", err)
			}
		})
	}
}

// TestNonVerifyingIdentityProvider covers a takeover through a provider that does not verify addresses.
// Here the provider is the shop's own system: the attacker registers there with the victim's address and
// then changes it to another. The portal follows the shop, but the victim is notified at the old address
// and can undo the change, and when the shop's system repeats the new address, the account does not move
// again.
func TestNonVerifyingIdentityProvider(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	put := func(email, at string) error {
		_, err := feed.WithForce("a request").PutCustomer(t.Context(), "66",
			[]byte(`{"email":"`+email+`","first_name":"Mallory","updated_at":"`+at+`"}`))
		return err
	}
	h.newCustomer(jan)
	victims, _ := h.enterWith(jan, "victim's")
	id := h.shopper(victims).Customer().ID
	if err := put(jan, "2026-01-01T00:00:00Z"); err != nil {
		t.Fatal(err)
	}
	if err := put(mallory, h.clock.Now().Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
	_, undo := h.undoMail(jan)
	attackers, _ := h.enterWith(mallory, "attacker's")
	if err := h.undo(undo); err != nil {
		t.Fatal(err)
	}
	h.wantNoSession("after the undo", attackers, victims)
	if err := put(mallory, h.clock.Now().Add(time.Minute).Format(time.RFC3339)); err != nil {
		t.Errorf("said again: %v", err)
	}
	h.quiet()
	owner, _ := h.enterWith(jan, "victim's")
	if c := h.shopper(owner).Customer(); c.ID != id || c.Email != jan {
		t.Errorf("the account: %+v", c)
	}
}

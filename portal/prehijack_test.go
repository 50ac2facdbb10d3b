package portal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
)

// The five patterns of account pre-hijacking (Sudhodanan and Paverd, USENIX Security 2022): someone who
// knows a person's address prepares an account before the person comes, and is still in it afterwards.

// TestClassicFederatedMerge: an account made one way is merged with one made another way, and both makers
// are in. Here one way is the shop's own system, where the attacker registers with the victim's address,
// and the other is the mailbox. The attacker's registration opens nothing here, a second one is refused
// rather than merged, and the link that the attacker asked for lets in the mailbox that it came to.
func TestClassicFederatedMerge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	feed := h.feed()
	put := func(id string) error {
		_, err := feed.PutCustomer(t.Context(), id, []byte(`{"email":"jan@example.com","first_name":"Mallory","updated_at":"2026-01-01T00:00:00Z"}`))
		return err
	}
	if err := put("attacker's"); err != nil {
		t.Fatal(err)
	}
	link, code := h.askLink(jan, "attacker's") // the mail goes to the victim
	signed, err := h.visitor("victim's").Redeem(t.Context(), link)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.visitor("attacker's").EnterCode(t.Context(), jan, code); portal.KindOf(err) != portal.Invalid {
		t.Errorf("the attacker's browser: %v", err)
	}
	if err := put("victim's"); portal.KindOf(err) != portal.Conflict {
		t.Errorf("a second registration: %v", err)
	}
	if list, err := h.shopper(signed.Cookie).Sessions(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("sessions %+v, %v", list, err)
	}
}

// TestUnexpiredSession: the attacker's session outlives the victim's recovery. Here the recovery is a new
// address, or an undo: each ends every session there is, at once in every process, and none comes back with
// the address.
func TestUnexpiredSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
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

// TestTrojanIdentifier: the attacker leaves an identifier of their own in the account, to come back by.
// Here an account has one address; one that it had leads in only by the undo that was mailed there, which
// the owner's undo ends; and the shop system's id opens nothing.
func TestTrojanIdentifier(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.newCustomer(jan)
	cookie := h.change(h.signInByCode(jan, "attacker's"), mallory, "attacker's")
	_, owners := h.undoMail(jan)
	h.change(h.refresh(cookie), jana, "attacker's") // any third address; mallory's is a former one now
	_, trojan := h.undoMail(mallory)
	if err := h.undo(owners); err != nil {
		t.Fatal(err)
	}
	h.wantGoneUndo("the trojan", trojan)
	if _, err := h.visitor("attacker's").Ask(t.Context(), mallory, "", "en"); err != nil {
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

// TestUnexpiredEmailChange: the attacker begins a change of address, and ends it after the victim has
// recovered the account. Here the code works in the session that asked, while that lives and is fresh, for
// ten minutes.
func TestUnexpiredEmailChange(t *testing.T) {
	t.Parallel()
	for name, recover := range map[string]func(h *house){
		"signs out everywhere else": func(h *house) {
			_, victim := h.enterWith(jan, "victim's")
			if _, err := victim.EndOtherSessions(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"says it was not them": func(h *house) {
			if err := h.raiseAlarm(); err != nil {
				t.Fatal(err)
			}
		},
		"changes the address": func(h *house) { h.change(h.signInByCode(jan, "victim's"), jana, "victim's") },
		"waits ten minutes":   func(h *house) { h.clock.Move(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.newCustomer(jan)
			cookie := h.signInByCode(jan, "attacker's")
			code := h.wanted(cookie, mallory)
			attacker := h.shopper(cookie)
			recover(h)
			_, err := attacker.ChangeEmail(t.Context(), mallory, code, firefox("attacker's"))
			if diff := cmp.Diff([]string{"code code.wrong"}, faultsOf(err)); diff != "" {
				t.Errorf("%v: %s", err, diff)
			}
			if _, err := h.feed().CustomerByEmail(t.Context(), mallory); portal.KindOf(err) != portal.NotFound {
				t.Errorf("the attacker's address: %v", err)
			}
		})
	}
}

// TestNonVerifyingIdentityProvider: an account is taken over by way of a provider that does not verify
// addresses. Here it is the shop's own system: the attacker registers there with the victim's address, and
// changes it there to their own. The portal follows its shop, but whoever signed in by the old address is
// told, can undo it, and the shop's system saying it again does not move the account once more.
func TestNonVerifyingIdentityProvider(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	feed := h.feed()
	put := func(email, at string) error {
		_, err := feed.Forced("a request").PutCustomer(t.Context(), "66", []byte(`{"email":"`+email+`","first_name":"Mallory","updated_at":"`+at+`"}`))
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

package portal_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
)

// undo submits an undo token.
func (h *testApp) undo(text string) error {
	h.t.Helper()
	return h.visitor("mailbox").UndoEmailChange(h.t.Context(), text)
}

// wantGoneUndo fails unless the undo token is refused both when its page is opened and when it is
// submitted.
func (h *testApp) wantGoneUndo(name, text string) {
	h.t.Helper()
	if page, err := h.visitor("mailbox").EmailUndo(h.t.Context(), text); err != nil ||
		page != (portal.EmailUndoPage{}) {
		h.t.Errorf("%s: page %+v, %v", name, page, err)
	}
	if err := h.undo(text); validate.KindOf(err) != validate.Gone {
		h.t.Errorf("%s: %v", name, err)
	}
}

// TestUndoOfAnEmailChange undoes a change in the last possible millisecond. It checks that the account is
// back at the old address and that all sessions, links and codes from before and after the change have
// ended, in another process too.
func TestUndoOfAnEmailChange(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	before := h.signInByCode(jan, "one")
	thief := h.change(before, mallory, "thief's")
	_, undo := h.undoMail(jan)
	h.clock.Move(14*24*time.Hour - time.Hour - time.Millisecond)
	since, _ := h.enterWith(mallory, "thief's second")
	live, code := h.askLink(mallory, "thief's")
	h.clock.Move(time.Hour)
	page, err := h.visitor("mailbox").EmailUndo(t.Context(), undo)
	if err != nil || page.OldEmail != validate.MaskEmail(jan) ||
		page.NewEmail != validate.MaskEmail(mallory) {
		t.Errorf("page %+v, %v", page, err)
	}
	if h.shopper(since).Customer().Email != mallory {
		t.Error("looking undid it")
	}
	if err := h.undo(undo); err != nil {
		t.Fatal(err)
	}
	h.wantNoSession("after the undo", before, thief, since)
	h.wantGoneUndo("used twice", undo)
	if _, err := h.visitor("thief's").Redeem(t.Context(), live); validate.KindOf(err) != validate.Gone {
		t.Errorf("a link since: %v", err)
	}
	if _, err := h.visitor("thief's").EnterCode(t.Context(), mallory,
		code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("a code since: %v", err)
	}
	h.wantUndoneMails(jan, mallory)
	owner, _ := h.enterWith(jan, "owner's")
	if h.orders(owner)[0] != "o-"+jan {
		t.Error("not the account that it was")
	}
	h.work()
	h.wantNoSession("after the work", before, thief, since)
	h.newCustomer(mallory)
	h.quiet()
	other, _ := h.enterWith(mallory, "thief's")
	if h.shopper(other).Customer().ID == h.shopper(owner).Customer().ID {
		t.Error("the thief's address leads into the account")
	}
	h.wantNoSession("with the address's own account", before, thief, since)
}

// wantUndoneMails checks that an undo sends one email to each of the two addresses, naming the restored
// address and offering no action.
func (h *testApp) wantUndoneMails(back, displaced string) {
	h.t.Helper()
	h.work()
	var to []string
	for _, m := range h.deliver() {
		if strings.Contains(m.Subject, "was restored") && strings.Contains(m.Text,
			validate.MaskEmail(back)) && firstGroup(undoInMail, m.Text) == "" {
			to = append(to, m.To)
		}
	}
	if diff := cmp.Diff(sorted([]string{back, displaced}), sorted(to)); diff != "" {
		h.t.Errorf("told of the undo: %s", diff)
	}
}

func TestUndoThatIsNone(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	other := h.open("other", shop.Settings{})
	link, _ := h.askLink(jan, "one")
	session := h.change(h.signInByCode(jan, "one"), jana, "one")
	_, undo := h.undoMail(jan)
	damaged := []byte(undo)
	damaged[50] ^= 1
	for name, text := range map[string]string{
		"none": "", "cut": undo[:63], "long": undo + "A", "damaged": string(damaged), "a link": link,
		"a session": session,
	} {
		h.wantGoneUndo(name, text)
	}
	home := h.shop
	h.shop = other
	h.wantGoneUndo("of another shop", undo)
	h.shop = home
	h.clock.Move(14 * 24 * time.Hour)
	h.wantGoneUndo("late", undo)
	h.work()
	h.wantGoneUndo("late, and the address given up", undo)
	fresh, _ := h.enterWith(jana, "two")
	if h.shopper(fresh).Customer().Email != jana {
		t.Error("something was undone")
	}
}

// TestUndoFromTheMailboxInTheMiddle moves the account from its owner to a thief's address and then to
// another. The thief's undo restores only the thief's first address. It cannot stop the owner's undo and
// does nothing after it.
func TestUndoFromTheMailboxInTheMiddle(t *testing.T) {
	t.Parallel()
	const second = "mallory.two@example.net"
	for _, thiefFirst := range []bool{false, true} {
		h := newTestApp(t)
		h.newCustomer(jan)
		cookie := h.change(h.signInByCode(jan, "one"), mallory, "thief's")
		_, owners := h.undoMail(jan)
		cookie = h.change(h.refresh(cookie), second, "thief's")
		_, thiefs := h.undoMail(mallory)
		sessions := []string{cookie}
		if thiefFirst {
			if err := h.undo(thiefs); err != nil {
				t.Fatal(err)
			}
			h.quiet()
			in, _ := h.enterWith(mallory, "thief's")
			sessions = append(sessions, in)
		}
		if err := h.undo(owners); err != nil {
			t.Fatalf("the owner's: %v", err)
		}
		h.wantNoSession("after the owner's undo", sessions...)
		h.wantGoneUndo("the thief's", thiefs)
		h.work()
		for _, m := range h.deliver() {
			if firstGroup(undoInMail, m.Text) != "" {
				t.Errorf("an undo to %s", m.To)
			}
		}
		in, _ := h.enterWith(jan, "owner's")
		if h.shopper(in).Customer().Email != jan {
			t.Error("the account is not the owner's")
		}
	}
}

// TestManyChangesDoNotPushTheUndoOut checks that the owner's undo still works after three changes on each
// of 13 days.
func TestManyChangesDoNotPushTheUndoOut(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.change(h.signInByCode(jan, "one"), mallory, "thief's")
	_, undo := h.undoMail(jan)
	for day := range 13 {
		for n := range 3 {
			if day+n > 0 {
				cookie = h.change(h.refresh(cookie),
					string(rune('a'+day))+string(rune('a'+n))+mallory, "thief's")
				h.quiet()
				h.clock.Move(time.Hour)
			}
		}
		h.clock.Move(22 * time.Hour)
	}
	if err := h.undo(undo); err != nil {
		t.Errorf("the owner's undo: %v", err)
	}
}

// TestUndoTogether submits one undo a hundred times at once: one succeeds, and the account ends up at the
// old address.
func TestUndoTogether(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.change(h.signInByCode(jan, "one"), mallory, "thief's")
	_, undo := h.undoMail(jan)
	var undone atomic.Int32
	together(100, func(int) {
		switch err := h.visitor("mailbox").UndoEmailChange(context.Background(), undo); {
		case err == nil:
			undone.Add(1)
		case validate.KindOf(err) != validate.Gone:
			t.Errorf("undo: %v", err)
		}
	})
	if undone.Load() != 1 {
		t.Errorf("undone %d times", undone.Load())
	}
	h.quiet()
	h.enterWith(jan, "owner's")
}

// TestUndoDuringAChange moves the account on while the owner undoes the first change. Whichever runs first,
// the same undo gives the account back to the owner.
func TestUndoDuringAChange(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		h := newTestApp(t)
		h.newCustomer(jan)
		cookie := h.refresh(h.change(h.signInByCode(jan, "one"), mallory, "thief's"))
		_, undo := h.undoMail(jan)
		code := h.wanted(cookie, jana)
		s := h.shopper(cookie)
		together(2, func(i int) {
			var err error
			if i == 0 {
				err = h.visitor("mailbox").UndoEmailChange(context.Background(), undo)
			} else if _, err = s.ChangeEmail(context.Background(), jana, code,
				firefox("thief's")); err != nil && validate.KindOf(err) == validate.Internal {
				t.Errorf("round %d: change: %v", round, err)
			} else {
				err = nil
			}
			if err != nil {
				t.Errorf("round %d: undo: %v", round, err)
			}
		})
		h.quiet()
		h.wantNoSession("after the undo", cookie)
		if owner, _ := h.enterWith(jan, "owner's"); h.shopper(owner).Customer().Email != jan {
			t.Errorf("round %d: the account is not the owner's", round)
		}
		h.wantGoneUndo("once more", undo)
	}
}

// TestUndoMailThatMayHaveArrived checks that the undo tokens of both delivery attempts work if the first
// email may have arrived; otherwise only the second works.
func TestUndoMailThatMayHaveArrived(t *testing.T) {
	t.Parallel()
	for _, unsure := range []bool{true, false} {
		h := newTestApp(t)
		h.newCustomer(jan)
		h.change(h.signInByCode(jan, "one"), jana, "one")
		h.post.fail = &mail.Failure{Temporary: true, Unsure: unsure, Reason: "test"}
		_, first := h.undoMail(jan)
		h.post.fail = nil
		h.clock.Move(2 * time.Minute)
		_, second := h.undoMail(jan)
		if page, err := h.visitor("x").EmailUndo(t.Context(), first); err != nil ||
			(page.OldEmail != "") != unsure {
			t.Errorf("the first, unsure %v: %+v, %v", unsure, page, err)
		}
		if err := h.undo(second); err != nil {
			t.Errorf("the second: %v", err)
		}
		h.wantGoneUndo("the first afterwards", first)
	}
}

// TestRevokeFromTheOldEmail checks that "this wasn't me" in an email sent before the change also ends the
// sessions at the new address.
func TestRevokeFromTheOldEmail(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie := h.signInByCode(jan, "one")
	alarm := firstGroup(alarmInMail, h.notices()[0].Text)
	now := h.change(cookie, mallory, "thief's")
	if err := h.visitor("owner's").RevokeAccess(t.Context(), alarm); err != nil {
		t.Fatal(err)
	}
	h.wantNoSession("after the alarm", now, cookie)
	_, undo := h.undoMail(jan)
	if err := h.undo(undo); err != nil {
		t.Errorf("the undo after the alarm: %v", err)
	}
}

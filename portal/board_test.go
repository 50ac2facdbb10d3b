package portal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/board"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/job"
	"postern/portal/merchant"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/vies"
	"postern/portal/withdrawal"
	"postern/storage"
)

// boardJobCases returns the cases of jobCases for what staff have counted, decided and created.
func boardJobCases() map[string]func(h *testApp) {
	return map[string]func(h *testApp){
		"count_board": func(h *testApp) {
			e := h.colleague("support@shop.test", staff.Support)
			h.putCustomer("77", jan)
			h.put(orderJSON("1", jan))
			h.quiet()
			h.look(e)
		},
		"signed_in": func(h *testApp) {
			h.newCustomer(jan)
			h.work()
			h.enterWith(jan, "one")
		},
		"forget_key": func(h *testApp) {
			if _, err := h.app.Operator().CreateKey(h.t.Context(), h.shop.ID, "feed"); err != nil {
				h.t.Fatal(err)
			}
			h.quiet()
			keys, err := h.app.Operator().Keys(h.t.Context(), h.shop.ID)
			if err == nil {
				err = h.app.Operator().RevokeKey(h.t.Context(), h.shop.ID, keys[0].ID)
			}
			if err != nil {
				h.t.Fatal(err)
			}
		},
		"withdrawal_decided": func(h *testApp) {
			e := h.colleague("support@shop.test", staff.Support)
			h.putCustomer("77", jan)
			h.withdraw(stated("1"))
			h.quiet()
			h.decide(e, withdrawal.Decision{State: withdrawal.Refunded})
		},
	}
}

// look opens the start page.
func (h *testApp) look(e *employee) (board.Board, merchant.Figures) {
	h.t.Helper()
	b, f, err := h.at(e).Board(h.t.Context(), merchant.Period{Name: "7"})
	if err != nil {
		h.t.Fatal(err)
	}
	return b, f
}

// decide decides about the only statement.
func (h *testApp) decide(e *employee, made withdrawal.Decision) {
	h.t.Helper()
	page, err := h.at(e).Withdrawals(h.t.Context(), false, "")
	if err != nil || len(page.Rows) != 1 {
		h.t.Fatalf("%d statements, %v", len(page.Rows), err)
	}
	if err := h.at(e).DecideWithdrawal(h.t.Context(), page.Rows[0].ID, made); err != nil {
		h.t.Fatal(err)
	}
}

// silent is a VIES client that never answers.
type silent struct{}

func (silent) Check(context.Context, string, string, string) (vies.Answer, error) {
	return vies.Answer{}, errors.New("VIES does not answer")
}

// TestBoardCountsWhatWaits leaves one of each kind waiting, and checks the numbers, and that they go back when
// somebody has seen to it.
func TestBoardCountsWhatWaits(t *testing.T) {
	t.Parallel()
	h := newTestApp(t, portal.WithVATChecker(silent{}))
	h.set(shop.Settings{SupportEmail: ptr("help@shop.test")})
	shopper := h.settled()
	h.put(orderJSON("1", jan))
	h.enterVATID(shopper, oneVATID)
	h.withdraw(stated("1"))
	if err := shopper.WriteMessage(t.Context(), portal.Message{Form: shopper.NewForm(), Number: "1", Text: "When?"}); err != nil {
		t.Fatal(err)
	}
	h.failJob()
	_, _ = h.app.Worker().RunOnce(t.Context()) // VIES fails
	h.clock.Move(25 * time.Hour)
	_, _ = h.app.Worker().RunOnce(t.Context())
	e := h.colleague("owner@shop.test", staff.Owner)
	h.look(e)
	_, _ = h.app.Worker().RunOnce(t.Context())
	b, _ := h.look(e)
	want := map[string]board.Number{board.Messages: {N: 1}, board.Requests: {}, board.Returns: {}, board.Withdrawals: {N: 1},
		board.Emails: {}, board.VATIDs: {N: 1}, board.Jobs: {N: 1}, board.Orders: {N: 2}}
	if diff := cmp.Diff(want, b.Waiting); diff != "" {
		t.Errorf("waiting (-want +got):\n%s", diff)
	}
	if b.RefundBy.IsZero() {
		t.Error("the refund has no deadline")
	}
	if err := h.at(e).Answer(t.Context(), shopper.Customer().ID, storage.NewID(), inquiry.Inquiry{Order: "1", Text: "Soon."}); err != nil {
		t.Fatal(err)
	}
	h.decide(e, withdrawal.Decision{State: withdrawal.Received})
	h.decide(e, withdrawal.Decision{State: withdrawal.Refunded})
	list, err := h.at(e).FailedJobs(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%d failed jobs, %v", len(list), err)
	}
	if err := h.at(e).DismissJob(t.Context(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(board.Life)
	h.look(e)
	_, _ = h.app.Worker().RunOnce(t.Context())
	b, _ = h.look(e)
	want[board.Messages], want[board.Withdrawals], want[board.Jobs] = board.Number{}, board.Number{}, board.Number{}
	if diff := cmp.Diff(want, b.Waiting); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
}

// failJob leaves a job that was given up in the shop's customers.
func (h *testApp) failJob() {
	h.t.Helper()
	docs := customer.Docs(h.engine, h.shop.ID)
	_, err := docs.Change(h.t.Context(), h.ids()[0], func(c *customer.Customer) error {
		id := c.Work.Add(job.Request{Kind: customer.KindSignInEmail, At: h.clock.Now()})
		for i := range c.Work.Jobs {
			if c.Work.Jobs[i].ID == id {
				c.Work.Jobs[i].FailedAt, c.Work.Jobs[i].LastError = h.clock.Now(), "no room"
			}
		}
		c.Work.Cancel("none") // updates the indexed times
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// TestDaysAreCountedFromTheirSources checks the figures of each day, that an order whose status changes is
// counted again, and that a day that was lost is.
func TestDaysAreCountedFromTheirSources(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.settledCookie()
	h.put(orderJSON("1", jan))
	h.clock.Move(24 * time.Hour)
	h.putCustomer("78", jana)
	h.signInByCode(jan, "one")
	e := h.colleague("support@shop.test", staff.Support)
	counted := func() []board.Day {
		h.clock.Move(time.Hour)
		h.look(e)
		h.work()
		_, f := h.look(e)
		if f.Pending {
			t.Error("a day was not counted")
		}
		for i := range f.Days {
			f.Days[i].At, f.Days[i].Day, f.Days[i].Zone = time.Time{}, "", ""
		}
		return f.Days[len(f.Days)-2:]
	}
	first := counted()
	if first[0].Customers != 1 || first[0].SignIns != 1 || first[1].Customers != 1 || first[1].SignIns != 1 {
		t.Errorf("days %+v", first)
	}
	days := board.DayDocs(h.engine, h.shop.ID)
	found, err := storage.Find[struct{}](t.Context(), days, storage.Query{Index: board.ByDay, Limit: 100})
	if err != nil || len(found.Hits) != 7 {
		t.Fatalf("%d days, %v", len(found.Hits), err)
	}
	for _, hit := range found.Hits {
		_, read, err := days.Get(t.Context(), hit.Key)
		if err == nil {
			err = days.Delete(t.Context(), hit.Key, read)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(first, counted()); diff != "" {
		t.Errorf("rebuilt (-before +after):\n%s", diff)
	}
}

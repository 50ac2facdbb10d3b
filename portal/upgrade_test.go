package portal_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/validate"
)

// linkAsBefore links orders to an id as earlier versions did, all to the customer of one email.
func (h *testApp) linkAsBefore(email, id string, orders ...string) {
	h.t.Helper()
	if err := h.app.LinkAsBefore(h.t.Context(), h.shop, email, id, orders...); err != nil {
		h.t.Fatal(err)
	}
}

// guests creates orders of three people with one id, all of which an earlier version gave to the first of
// them, and returns a session of that customer.
func (h *testApp) guests(id string) (cookie string) {
	h.t.Helper()
	for number, email := range map[string]string{"1": jan, "2": jana, "3": eva} {
		h.putBy(id, number, email)
	}
	h.linkAsBefore(jan, strings.Trim(id, `"`), "1", "2", "3")
	cookie, shopper := h.enterWith(jan, "one")
	if page, err := shopper.Orders(h.t.Context(), order.Query{}); err != nil || page.Total != 3 ||
		len(page.Rows) != 3 {
		h.t.Fatalf("before the upgrade: %d of %d orders, %v", len(page.Rows), page.Total, err)
	}
	return cookie
}

// apart checks that each guest has their own order, both on the pages and in the total.
func (h *testApp) apart() {
	h.t.Helper()
	for email, number := range map[string]string{jan: "1", jana: "2", eva: "3"} {
		h.quiet()
		_, shopper := h.enterWith(email, "after")
		page, err := shopper.Orders(h.t.Context(), order.Query{})
		if diff := cmp.Diff([]string{number}, numbers(page)); diff != "" || page.Total != 1 || err != nil {
			h.t.Errorf("%s: total %d, %v, %s", email, page.Total, err, diff)
		}
	}
}

// TestPutUpgradeSamePut checks that the upgrade removes strangers' orders from an account and that
// redelivering the orders does not restore them.
func TestPutUpgradeSamePut(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`0`, `"-1"`, `"guest"`, `"5"`} {
		h := newTestApp(t)
		cookie := h.guests(id)
		h.work()
		h.apart()
		h.wantNoSession("of the account that held strangers' orders", cookie)
		for number, email := range map[string]string{"1": jan, "2": jana, "3": eva} {
			if customer, by := h.putBy(id, number, email); customer != h.find(email).ID || by != order.Kept {
				t.Errorf("%s: the same order %s again is %s's by %s", id, number, customer, by)
			}
		}
		h.work()
		h.apart()
		if id := h.find(jan).FeedID; id != "" {
			t.Errorf("the id %q survived", id)
		}
	}
}

// TestSharedIDIntroducedAfterTheUpgrade checks that an id shared by several people, once introduced,
// applies only to new orders.
func TestSharedIDIntroducedAfterTheUpgrade(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.guests(`"5"`)
	h.work()
	h.putCustomer("5", jan)
	for number, email := range map[string]string{"1": jan, "2": jana, "3": eva} {
		h.putBy(`"5"`, number, email)
	}
	h.work()
	h.apart()
	if customer, by := h.putBy(`"5"`, "new", "new@example.com"); customer != h.find(jan).ID ||
		by != order.ByIntroducedID {
		t.Errorf("a new order is %s's by %s", customer, by)
	}
}

// TestIDForNobodyDoesNotSurviveTheUpgrade checks that a stored link by an id for nobody is removed, although
// all its orders are the customer's own.
func TestIDForNobodyDoesNotSurviveTheUpgrade(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"0", "-1", "guest"} {
		h := newTestApp(t)
		h.newCustomer(jan)
		owner := h.find(jan)
		h.putBy(`"77"`, "n0", jan)
		h.linkAsBefore(jan, id, "n0")
		h.work()
		if now := h.find(owner.ID); now.FeedID != "" || now.Orders == 0 {
			t.Errorf("%s: id %q, %d orders", id, now.FeedID, now.Orders)
		}
	}
}

func TestLinkOfOnePersonSurvivesTheUpgrade(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		emails []string // emails of the id's orders, in the order of arrival
		before func(h *testApp)
	}{
		"one email": {[]string{jan, jan}, func(*testApp) {}},
		"an email of late": {[]string{jan, jana},
			func(h *testApp) { h.change(h.signInByCode(jan, "one"), jana, "one") }},
		"the first, given up": {[]string{jana, jana}, func(*testApp) {}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newTestApp(t)
			h.newCustomer(jan)
			test.before(h)
			owner := h.find(jan)
			var orders []string
			for i, email := range test.emails {
				orders = append(orders, fmt.Sprint("n", i))
				h.putBy(`"77"`, orders[i], email)
			}
			h.linkAsBefore(owner.Email, "77", orders...)
			h.deliver()
			cookie, _ := h.enterWith(owner.Email, "one")
			h.work()
			if now := h.find(owner.ID); now.FeedID != "77" || now.Orders != 3 {
				t.Errorf("id %q, %d orders", now.FeedID, now.Orders)
			}
			h.shopper(cookie)
			if customer, by := h.putBy(`"77"`, "new", "else@example.com"); customer != owner.ID ||
				by != order.ByIntroducedID {
				t.Errorf("a new order is %s's by %s", customer, by)
			}
		})
	}
}

// TestUndecidedLink checks that until the upgrade has decided about an id, it leads to no customer and
// cannot be introduced, and that an erasure leaves strangers' orders alone.
func TestUndecidedLink(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.guests(`"5"`)
	if _, err := h.feed().Customer(t.Context(), "5"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("read: %v", err)
	}
	for _, id := range []string{"5", "6"} {
		_, err := h.feed().PutCustomer(t.Context(), id,
			[]byte(`{"email":"`+jan+`","updated_at":"2026-03-06T10:00:00Z"}`))
		if validate.KindOf(err) != validate.Unavailable {
			t.Errorf("put %s: %v", id, err)
		}
	}
	if customer, by := h.putBy(`"5"`, "4", jana); customer != h.find(jana).ID || by != order.ByEmail {
		t.Errorf("a new order is %s's by %s", customer, by)
	}
	if _, err := h.app.Operator().EraseCustomer(t.Context(), h.shop.ID, h.find(jan).ID, true); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		h.work()
		h.clock.Move(time.Minute)
	}
	for number, email := range map[string]string{"2": jana, "3": eva} {
		if order, err := h.app.Operator().Order(t.Context(), h.shop.ID, number); err != nil ||
			order.ErasedAt != nil || order.Email != email {
			t.Errorf("order %s: %+v, %v", number, order, err)
		}
	}
}

// TestUpgradeLogsNumbersOnly checks that the log contains no id and no address.
func TestUpgradeLogsNumbersOnly(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.guests(`"guest-id"`)
	var log bytes.Buffer
	app := portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0),
		portal.WithLog(slog.New(slog.NewTextHandler(&log, nil))))
	for range 5 {
		if _, err := app.Worker().RunOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"links_removed=1", "orders_moved=2", "sessions_ended=1",
		"upgrade of customer links is complete"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in %s", want, log.String())
		}
	}
	for _, never := range []string{"@", "guest-id", h.find(jan).ID, h.find(jana).ID} {
		if strings.Contains(log.String(), never) {
			t.Errorf("%s in %s", never, log.String())
		}
	}
}

// TestUpgradeIsResumed stops the process at each of the upgrade's writes in turn and checks that the next
// process completes it.
func TestUpgradeIsResumed(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`"5"`, `0`} {
		crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
			cookie := h.guests(id)
			attempt := func(app *portal.App) (err error) {
				for done := 1; err == nil && done > 0; {
					done, err = app.Worker().RunOnce(t.Context())
				}
				if errors.Is(err, errDead) {
					return errDead
				}
				return err
			}
			return attempt, func(bool) {
				h.work()
				h.apart()
				h.wantNoSession("of the account that held strangers' orders", cookie)
				if id := h.find(jan).FeedID; id != "" {
					t.Errorf("the id %q survived", id)
				}
				h.putBy(id, "2", jana)
				h.work()
				h.apart()
			}
		})
	}
}

// TestUpgradeOfAKeptLinkIsResumed checks that the id is introduced in the end, wherever the process was
// stopped.
func TestUpgradeOfAKeptLinkIsResumed(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.putBy(`"77"`, "1", jan)
		h.linkAsBefore(jan, "77", "1")
		attempt := func(app *portal.App) error {
			_, err := app.Worker().RunOnce(t.Context())
			return err
		}
		return attempt, func(bool) {
			h.work()
			if id := h.find(jan).FeedID; id != "77" {
				t.Errorf("the id is %q", id)
			}
			if customer, by := h.putBy(`"77"`, "2", jana); customer != h.find(jan).ID ||
				by != order.ByIntroducedID {
				t.Errorf("a new order is %s's by %s", customer, by)
			}
		}
	})
}

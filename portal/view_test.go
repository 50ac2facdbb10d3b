package portal_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/merchant"
	"postern/portal/secret/secrettest"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// over returns the actor of the person's latest session in another process.
func (h *testApp) over(app *portal.App, e *employee) merchant.Staff {
	h.t.Helper()
	s, err := merchant.Enter(h.t.Context(), app, h.shop, e.cookie, firefox("browser of "+e.email))
	if err != nil {
		h.t.Fatalf("enter as %s: %v", e.email, err)
	}
	return s
}

// views returns the entries of the log about views, oldest first.
func (h *testApp) views() (views []audit.Detail) {
	h.t.Helper()
	for _, act := range h.acts() {
		if act.Kind == audit.CustomerViewed {
			views = append(views, act)
		}
	}
	return views
}

// TestAViewIsOneEntryAnHour views one customer many times at once, then in the next hour, and as another
// person.
func TestAViewIsOneEntryAnHour(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.putCustomer("77", jan)
	one, two := h.enrolled(boss, staff.Owner), h.enrolled("viewer@shop.example", staff.Viewer)
	id := h.find(jan).ID
	view := func(e *employee) {
		t.Helper()
		if _, err := h.at(e).From("192.0.2.7").Customer(t.Context(), id, ""); err != nil {
			t.Fatal(err)
		}
	}
	var group errgroup.Group
	for range 40 {
		s := h.at(one).From("192.0.2.7")
		group.Go(func() error { _, err := s.Customer(t.Context(), id, ""); return err })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	view(one) // before it is appended
	h.work()
	view(one) // after that
	view(two)
	if views := h.views(); len(views) != 2 {
		t.Fatalf("%d entries in one hour by two people", len(views))
	}
	h.clock.Move(time.Hour)
	view(one)
	views := h.views()
	if len(views) != 3 {
		t.Fatalf("%d entries in two hours", len(views))
	}
	for _, v := range views {
		role := "owner"
		if v.Actor.ID == h.member(two.email).ID {
			role = "viewer"
		}
		if v.Actor.Kind != audit.Staff || v.Actor.Role != role || v.Customer != id || v.Address != "192.0.2.7" {
			t.Errorf("an entry says %+v", v.Act)
		}
	}
	if _, err := h.at(one).Customer(t.Context(), "nobody", ""); validate.KindOf(err) != validate.NotFound {
		t.Errorf("a customer who does not exist: %v", err)
	}
	if len(h.views()) != 3 {
		t.Error("the view of nobody is an entry")
	}
}

// TestNothingIsShownThatIsNotLogged views a customer in a process that dies before each write: what was shown
// is in the log, and once.
func TestNothingIsShownThatIsNotLogged(t *testing.T) {
	t.Parallel()
	crashes(t, func(h *testApp) (func(*portal.App) error, func(bool)) {
		h.putCustomer("77", jan)
		e := h.enrolled(boss, staff.Owner)
		h.quiet()
		id := h.find(jan).ID
		shown := false
		attempt := func(app *portal.App) error {
			v, err := h.over(app, e).Customer(t.Context(), id, "")
			shown = v.ID != ""
			if shown != (err == nil) {
				t.Errorf("the customer is returned with %v", err)
			}
			return err
		}
		return attempt, func(bool) {
			if shown && len(h.views()) != 1 {
				t.Errorf("%d entries", len(h.views()))
			}
			if _, err := h.at(e).Customer(t.Context(), id, ""); err != nil {
				t.Fatal(err)
			}
			if views := h.views(); len(views) != 1 || views[0].Number == 0 {
				t.Errorf("afterwards: %+v", views)
			}
		}
	})
}

// interrupted is a store that calls meanwhile before it inserts into a collection for the first time.
type interrupted struct {
	storage.Engine
	collection string
	meanwhile  func()
	once       sync.Once
}

func (i *interrupted) Insert(ctx context.Context, collection string, r storage.Record) error {
	if collection == i.collection {
		i.once.Do(i.meanwhile)
	}
	return i.Engine.Insert(ctx, collection, r)
}

// TestAViewDuringAnErasureLeavesNothing erases an account between the reading of the customer and the entry
// about the view: nothing is shown, and the entry names nobody.
func TestAViewDuringAnErasureLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.enrolled(boss, staff.Owner)
	h.putCustomer("77", jan)
	h.quiet()
	id := h.find(jan).ID
	engine := &interrupted{Engine: h.engine, collection: audit.DetailCollection().Name, meanwhile: func() {
		if _, err := h.app.Operator().EraseCustomer(t.Context(), h.shop.ID, id, true); err != nil {
			t.Error(err)
		}
		if err := h.workIn(h.app); err != nil {
			t.Error(err)
		}
	}}
	app := portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now))
	v, err := h.over(app, e).Customer(t.Context(), id, "")
	if validate.KindOf(err) != validate.NotFound || v.ID != "" {
		t.Errorf("the erased customer is shown: %v, %v", v.ID, err)
	}
	if len(h.views()) != 1 || strings.Contains(h.everything(), id) {
		t.Errorf("the store still knows the customer: %+v", h.views())
	}
	h.wantLog(int64(len(h.acts())))
}

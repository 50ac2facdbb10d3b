package portal_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/merchant"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
)

// visit is a visit of a member of staff to a customer's pages.
type visit struct {
	*testApp
	e      *employee
	id     string // the customer's
	cookie string
}

// visits begins a visit to a customer of the shop's system.
func (h *testApp) visits(e *employee, id string, write bool) visit {
	h.t.Helper()
	began, err := h.at(e).Impersonate(h.t.Context(), id, "ticket 7", write)
	if err != nil {
		h.t.Fatal(err)
	}
	return visit{h, e, id, began.Cookie}
}

func (v visit) enter() (portal.Shopper, error) {
	s, _, err := merchant.EnterAs(v.t.Context(), v.app, v.shop, v.cookie, "192.0.2.1")
	return s, err
}

// shopper is enter for a visit that must last.
func (v visit) shopper() portal.Shopper {
	v.t.Helper()
	s, err := v.enter()
	if err != nil {
		v.t.Fatal(err)
	}
	return s
}

func (v visit) wantOver(when string) {
	v.t.Helper()
	if _, err := v.enter(); validate.KindOf(err) != validate.SignIn {
		v.t.Errorf("%s: the visit goes on: %v", when, err)
	}
}

// rename changes the customer's last name on the page of the profile.
func rename(s portal.Shopper, name string) error {
	p := s.Profile()
	p.LastName = name
	_, err := s.SaveProfile(context.Background(), p)
	return err
}

func TestVisitLastsThirtyMinutes(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	v := h.visits(h.colleague("manager@shop.test", staff.Manager), h.fedCustomer("1", jan), true)
	h.clock.Move(29 * time.Minute)
	late := v.shopper()
	if err := rename(late, "Čermák"); err != nil {
		t.Errorf("a change after 29 minutes: %v", err)
	}
	h.clock.Move(time.Minute)
	v.wantOver("after 30 minutes")
	if err := rename(late, "Novák"); validate.KindOf(err) != validate.SignIn {
		t.Errorf("a change by a form that was opened in time: %v", err)
	}
	h.clock.Move(time.Minute)
	v.wantOver("after 31 minutes")
}

// TestWhatEndsAVisit ends it in every way, and tries a change of a request that began before.
func TestWhatEndsAVisit(t *testing.T) {
	t.Parallel()
	asks := func(c *customer.Customer) error {
		c.Erasure.Begun = c.CreatedAt
		return nil
	}
	for name, end := range map[string]func(v visit, owner merchant.Staff) error{
		"ended":      func(v visit, _ merchant.Staff) error { return v.at(v.e).EndImpersonation(v.t.Context()) },
		"signed out": func(v visit, _ merchant.Staff) error { return v.at(v.e).SignOut(v.t.Context()) },
		"signed out by an owner": func(v visit, o merchant.Staff) error {
			return o.SignOutColleague(v.t.Context(), v.at(v.e).Member().ID)
		},
		"demoted": func(v visit, o merchant.Staff) error {
			return o.SetRole(v.t.Context(), v.at(v.e).Member().ID, "support")
		},
		"promoted": func(v visit, o merchant.Staff) error {
			return o.SetRole(v.t.Context(), v.at(v.e).Member().ID, "owner")
		},
		"removed": func(v visit, o merchant.Staff) error { return o.Remove(v.t.Context(), v.at(v.e).Member().ID) },
		"factor reset": func(v visit, o merchant.Staff) error {
			return second(o.ResetFactor(v.t.Context(), v.at(v.e).Member().ID))
		},
		"customer disabled": func(v visit, o merchant.Staff) error {
			return second(o.DisableCustomer(v.t.Context(), v.id, "fraud"))
		},
		"customer signed out": func(v visit, o merchant.Staff) error {
			return second(o.SignOutCustomer(v.t.Context(), v.id, ""))
		},
		"erasure begun": func(v visit, _ merchant.Staff) error {
			return second(customer.Change(v.t.Context(), v.customers(), v.id, v.clock.Now, asks))
		},
		"another visit": func(v visit, _ merchant.Staff) error {
			return second(v.at(v.e).Impersonate(v.t.Context(), v.fedCustomer("2", jana), "ticket 8", false))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestApp(t)
			owner := h.at(h.colleague(boss, staff.Owner))
			v := h.visits(h.colleague("manager@shop.test", staff.Manager), h.fedCustomer("1", jan), true)
			began := v.shopper()
			h.clock.Move(time.Second)
			if err := end(v, owner); err != nil {
				t.Fatal(err)
			}
			v.wantOver(name)
			if err := rename(began, "Novák"); err == nil {
				t.Error("the request that had begun changes the customer")
			}
		})
	}
}

// TestMergeEndsAVisit merges the customer during a visit, which must not go on as the one that took it in.
func TestMergeEndsAVisit(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"survivor", "loser"} {
		t.Run(side, func(t *testing.T) {
			t.Parallel()
			m := newMergeShop(t)
			id := m.jan
			if side == "loser" {
				id = m.two
			}
			v := m.visits(m.manager, id, true)
			began := v.shopper()
			m.clock.Move(time.Second)
			merge := m.merged(m.jan, m.two)
			v.wantOver("merged")
			if err := rename(began, "Novák"); err == nil {
				t.Error("the request that had begun changes the customer")
			}
			m.undone(merge)
			v.wantOver("apart again")
		})
	}
}

// TestForgedVisits presents cookies of every other kind and of another shop.
func TestForgedVisits(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e := h.colleague("manager@shop.test", staff.Manager)
	v := h.visits(e, h.fedCustomer("1", jan), false)
	h.fedCustomer("2", jana)
	cookie, _ := h.enterWith(jana, "jana's")
	flipped := []byte(v.cookie)
	flipped[len(flipped)-2] ^= 1
	for name, forged := range map[string]string{
		"none": "", "a customer's": cookie, "a customer's as staff's": "as_" + cookie, "of staff": e.cookie,
		"of staff, renamed": "as_" + e.cookie, "flipped": string(flipped), "cut": v.cookie[:len(v.cookie)-1],
		"made up": staff.NewToken(h.at(e).Member().ID).Impersonation(),
	} {
		other := v
		other.cookie = forged
		other.wantOver(name)
	}
	other := v
	other.testApp = &testApp{t: t, app: h.app, shop: h.open("other", shop.Settings{}), clock: h.clock}
	other.wantOver("at another shop")
	if _, err := merchant.Enter(t.Context(), h.app, h.shop, v.cookie, firefox("x")); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the cookie opens the pages of staff: %v", err)
	}
	if _, err := h.app.Shopper(t.Context(), h.shop, v.cookie); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the cookie is a customer's session: %v", err)
	}
	v.shopper()
}

// TestChangeDuringAVisitIsAnActOfStaff also undoes it.
func TestChangeDuringAVisitIsAnActOfStaff(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e, id := h.colleague("manager@shop.test", staff.Manager), h.fedCustomer("1", jan)
	v := h.visits(e, id, true)
	before := v.shopper().Customer()
	if err := rename(v.shopper(), "Čermák"); err != nil {
		t.Fatal(err)
	}
	h.wantStaffActs(e, id, "customer.changed", "customer.impersonated")
	acts := h.acts()
	made := acts[slices.IndexFunc(acts, func(a audit.Detail) bool { return a.Reason == "ticket 7" && a.Kind == audit.CustomerChanged })]
	if made.Reason != "ticket 7" || made.Actor.ID != h.at(e).Member().ID || made.Address != "192.0.2.1" ||
		!slices.Contains(made.Changes, audit.Change{Field: "last_name", After: "Čermák"}) {
		t.Errorf("the act is %+v", made)
	}
	h.clock.Move(time.Second)
	if err := h.at(e).Undo(t.Context(), id, h.lastAct(e, id)); err != nil {
		t.Fatal(err)
	}
	after := v.shopper().Customer()
	if diff := cmp.Diff(before.Fields(), after.Fields()); diff != "" {
		t.Error(diff)
	}
	if !after.ShopperAt.Equal(before.ShopperAt) {
		t.Error("the customer counts as changed by the customer")
	}
}

// TestVisitChangesNothingElse changes each field of a customer's document in turn.
func TestVisitChangesNothingElse(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	v := h.visits(h.colleague("manager@shop.test", staff.Manager), h.fedCustomer("1", jan), true)
	open := []string{"FirstName", "LastName", "Language", "Title", "BirthDate", "Phone", "Company", "Addresses",
		"Removed", "ProfileVersion"}
	kind := reflect.TypeFor[customer.Customer]()
	for n := range kind.NumField() {
		name := kind.Field(n).Name
		if slices.Contains(open, name) {
			continue
		}
		err := v.shopper().Alter(t.Context(), func(c *customer.Customer) error {
			return fillIn(reflect.ValueOf(c).Elem().Field(n))
		})
		if validate.KindOf(err) != validate.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, field := range []struct {
		name  string
		alter func(*customer.Customer)
	}{
		{"a job's argument", func(c *customer.Customer) {
			c.Work.Add(job.Request{Kind: customer.KindChangeNotice, Args: job.Args{"what": "address"}, At: h.clock.Now()})
		}},
		{"a group", func(c *customer.Customer) { c.Groups = []customer.Membership{{Group: "g"}} }},
	} {
		err := v.shopper().Alter(t.Context(), func(c *customer.Customer) error {
			field.alter(c)
			return nil
		})
		if validate.KindOf(err) != validate.Denied {
			t.Errorf("%s: %v", field.name, err)
		}
	}
}

// fillIn gives a field another value than it has.
func fillIn(field reflect.Value) error {
	switch field.Kind() {
	case reflect.String:
		field.SetString(field.String() + "x")
	case reflect.Bool:
		field.SetBool(!field.Bool())
	case reflect.Int, reflect.Int64:
		field.SetInt(field.Int() + 1)
	case reflect.Slice:
		element := reflect.New(field.Type().Elem()).Elem()
		if err := fillIn(element); err != nil {
			return err
		}
		field.Set(reflect.Append(field, element))
	case reflect.Pointer:
		if field.IsNil() {
			field.Set(reflect.New(field.Type().Elem()))
			return nil
		}
		field.SetZero()
	case reflect.Struct:
		if at, is := field.Interface().(time.Time); is {
			field.Set(reflect.ValueOf(at.Add(time.Hour)))
			return nil
		}
		return fillIn(field.Field(0))
	default:
		return errors.New("cannot change a " + field.Kind().String())
	}
	return nil
}

// TestUseCasesClosedToAVisit calls each use case of a customer. A new one must be closed, or be listed here.
func TestUseCasesClosedToAVisit(t *testing.T) {
	t.Parallel()
	open := []string{
		"Address", "Addresses", "Correspondence", "Order", "Orders", "OwnsLink", "ReturnPhoto", "UnreadOrders",
		"SaveAddress", "DeleteAddress", "UndoDeleteAddress", "SetDefaultAddress", "SaveCompany", "SaveProfile",
		"SetLanguage", "Alter", "InquiryData", "ReadAnswers",
	}
	h := newTestApp(t)
	id := h.fedCustomer("1", jan)
	s := reflect.ValueOf(h.visits(h.colleague("manager@shop.test", staff.Manager), id, true).shopper())
	for n := range s.NumMethod() {
		name, method := s.Type().Method(n).Name, s.Method(n)
		takesContext := method.Type().NumIn() > 0 && method.Type().In(0) == reflect.TypeFor[context.Context]()
		if !takesContext || slices.Contains(open, name) {
			continue
		}
		args := []reflect.Value{reflect.ValueOf(t.Context())}
		for at := 1; at < method.Type().NumIn(); at++ {
			args = append(args, reflect.Zero(method.Type().In(at)))
		}
		results := method.Call(args)
		err, _ := results[len(results)-1].Interface().(error)
		var closed *validate.Error
		if !errors.As(err, &closed) || closed.Key != "impersonation.closed" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestViewingLeavesNoTrace walks the reading use cases and tries the writing ones in a visit that may only
// view.
func TestViewingLeavesNoTrace(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	e, id := h.colleague("support@shop.test", staff.Support), h.fedCustomer("1", jan)
	if _, err := h.at(e).Impersonate(t.Context(), id, "ticket 7", true); validate.KindOf(err) != validate.Denied {
		t.Errorf("support may write: %v", err)
	}
	s := h.visits(e, id, false).shopper()
	before := s.Customer()
	for name, err := range map[string]error{
		"profile":  rename(s, "Novák"),
		"language": s.SetLanguage(t.Context(), "sk"),
		"company":  second(s.SaveCompany(t.Context(), customer.Company{Name: "Novák s. r. o.", Country: "SK"})),
		"default":  s.SetDefaultAddress(t.Context(), "none", customer.UseShipping),
		"delete":   s.DeleteAddress(t.Context(), "none", ""),
	} {
		if validate.KindOf(err) != validate.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	after, _, err := h.customers().Get(t.Context(), id)
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if v := h.visits(e, id, false); strings.Contains(h.everything(), v.cookie) {
		t.Error("the store holds the cookie")
	}
}

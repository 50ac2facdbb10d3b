package customer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/address"
	"postern/portal/audit"
	"postern/portal/validate"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// randomChange returns a change that staff could make.
func randomChange(r *rand.Rand, now time.Time) func(*Customer) {
	texts := []string{"title", "first_name", "last_name", "phone", "language", "company.name", "company.vat_id",
		"tax_exempt.reason"}
	word := fmt.Sprint("w", r.IntN(4))
	switch r.IntN(9) {
	case 6:
		return func(c *Customer) {
			if len(c.Addresses) > 0 {
				c.Addresses = slices.Clone(c.Addresses)
				_ = c.SetDefault(c.Addresses[r.IntN(len(c.Addresses))].ID, []string{UseShipping, UseBilling}[r.IntN(2)])
			}
		}
	case 7:
		return func(c *Customer) {
			if c.Enable() != nil {
				_ = c.Disable(word+" and more", now)
			}
		}
	case 0, 1:
		return func(c *Customer) { c.SetText(texts[r.IntN(len(texts))], word) }
	case 2:
		return func(c *Customer) { c.SetTag(word, r.IntN(2) == 0) }
	case 3:
		return func(c *Customer) {
			if _, member := c.Membership(word); member {
				c.Leave(word)
			} else {
				_ = c.Join(Membership{Group: word, At: now, By: "staff:m", Reason: "<" + word + ">"})
			}
		}
	case 4:
		return func(c *Customer) {
			c.Remember(Consent{Purpose: Purposes()[r.IntN(2)], Status: ConsentWithdrawn, At: now, Source: "staff"})
		}
	case 5:
		return func(c *Customer) {
			c.Addresses = slices.Clone(c.Addresses)
			_ = c.add(&SavedAddress{Address: address.Address{City: word, Country: "SK"}, DefaultBilling: r.IntN(2) == 0})
		}
	}
	return func(c *Customer) {
		if len(c.Addresses) > 0 {
			c.Addresses = slices.Delete(slices.Clone(c.Addresses), 0, 1)
		}
	}
}

// bare returns a customer without versions, jobs and what is known of acts, and with the addresses sorted:
// undoing a deletion puts an address at the end of the list.
func bare(c Customer) Customer {
	c.ProfileVersion, c.Company.Version, c.Acts, c.Work.Jobs = "", "", nil, nil
	c.VAT.NextAt = time.Time{}
	c.Work.DueAt = time.Time{}
	c.Addresses = slices.Clone(c.Addresses)
	for i := range c.Addresses {
		c.Addresses[i].Version = ""
	}
	slices.SortFunc(c.Addresses, func(a, b SavedAddress) int { return cmpText(a.ID, b.ID) })
	return c
}

// TestUndoingActsInAnyAllowedOrderGivesBackTheCustomer makes random acts, and undoes random ones of those
// that may be undone until none is left.
func TestUndoingActsInAnyAllowedOrderGivesBackTheCustomer(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 1))
	for range 3000 {
		c := Customer{ID: "c", Email: "a@example.com", FirstName: "Eva", Tags: []string{"w1"},
			Groups:   []Membership{{Group: "w2", At: start, By: "staff:n", Version: "1"}},
			Consents: []Consent{{Purpose: Newsletter, Status: ConsentGiven, At: start, Source: "checkout"}}}
		before, now := bare(c), start
		var acts []audit.Act
		for n := r.IntN(12); len(acts) < n; {
			now = now.Add(time.Hour)
			act := audit.New(audit.CustomerChanged, audit.Actor{Kind: audit.Staff, ID: "m"}, now)
			fields := c.Fields()
			randomChange(r, now)(&c)
			if act.Changes = audit.Changes(fields, c.Fields()); len(act.Changes) == 0 {
				n--
				continue
			}
			if err := c.Carry(act, fields); err != nil {
				t.Fatal(err)
			}
			acts = append(acts, act)
		}
		for len(acts) > 0 {
			i := r.IntN(len(acts))
			present := bare(c)
			allowed := c.CanUndo(acts[i])
			err := c.Undo(acts[i])
			if allowed != (err == nil) {
				t.Fatalf("seed %d: allowed %v, but %v", seed, allowed, err)
			}
			if err != nil {
				if validate.KindOf(err) != validate.Conflict || !cmp.Equal(present, bare(c)) {
					t.Fatalf("seed %d: a refused undo: %v\n%s", seed, err, cmp.Diff(present, bare(c)))
				}
				continue
			}
			acts = slices.Delete(acts, i, i+1)
		}
		if diff := cmp.Diff(before, bare(c)); diff != "" || len(c.Acts) > 0 {
			t.Fatalf("seed %d: %v %s", seed, c.Acts, diff)
		}
	}
}

func TestAnActThatTheCustomerOverrodeCannotBeUndone(t *testing.T) {
	t.Parallel()
	c := Customer{ID: "c", FirstName: "Eva", LastName: "Malá"}
	act := audit.New(audit.CustomerChanged, audit.Actor{Kind: audit.Staff, ID: "m"}, start)
	before := c.Fields()
	c.SetText("first_name", "Iva")
	act.Changes = audit.Changes(before, c.Fields())
	if err := c.Carry(act, before); err != nil {
		t.Fatal(err)
	}
	other := func(field, value string) {
		acts, fields := slices.Clone(c.Acts), c.Fields()
		c.SetText(field, value)
		c.overtake(acts, fields)
	}
	other("last_name", "Veľká")
	if !c.CanUndo(act) {
		t.Error("a change of another field hinders the undo")
	}
	other("first_name", "Ema")
	other("first_name", "Iva") // the act's value, but not by the act
	if err := c.Undo(act); validate.KindOf(err) != validate.Conflict || c.FirstName != "Iva" {
		t.Errorf("undone: %v, %s", err, c.FirstName)
	}
	c.forgetActs(start.Add(audit.UndoPeriod))
	if c.Acts != nil {
		t.Errorf("kept: %v", c.Acts)
	}
}

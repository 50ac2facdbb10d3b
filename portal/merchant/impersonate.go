package merchant

import (
	"context"
	"time"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// Impersonated is a begun impersonation: the value of its cookie and for how long to keep that.
type Impersonated struct {
	Cookie string
	MaxAge time.Duration
}

// Impersonate lets the person see the customer's pages as the customer does, for staff.ImpersonationLife, and
// replaces an earlier impersonation. The reason is required; the customer can read it. write asks for being
// allowed to change what is open to staff, for which the role needs a permission of its own. It requires a
// fresh second factor. A disabled customer is a Conflict. The act is in the log before anything is shown; the
// customer's document stays as it is.
func (s Staff) Impersonate(ctx context.Context, id, reason string, write bool) (Impersonated, error) {
	made, err := s.mayImpersonate(ctx, id, reason, write)
	if err != nil {
		return Impersonated{}, err
	}
	token := staff.NewToken(s.member.ID)
	as := staff.Impersonation{Hash: token.Hash(), Customer: made.Customer, Reason: made.Reason, Write: write,
		BeganAt: made.At}
	if err := s.recordOn(ctx, made); err != nil {
		return Impersonated{}, err
	}
	err = s.changeAccess(ctx, func(a *staff.Access) error {
		session := a.Session(s.member, s.session.Hash, s.app.Now())
		if session == nil {
			return stranger()
		}
		if err := s.requireStill(ctx, impersonationPermission(write)); err != nil {
			return err
		}
		a.Impersonate(session, as)
		return nil
	})
	return Impersonated{Cookie: token.Impersonation(), MaxAge: staff.SessionAbsolute}, err
}

// mayImpersonate returns the act, unless something forbids it.
func (s Staff) mayImpersonate(ctx context.Context, id, reason string, write bool) (audit.Act, error) {
	if !s.May(impersonationPermission(write)) {
		return audit.Act{}, denied()
	}
	if err := s.requireFresh(); err != nil {
		return audit.Act{}, err
	}
	made, err := s.newAct(audit.CustomerImpersonated, id, reason)
	if err == nil && made.Reason == "" {
		err = wrongField("reason", "impersonation.reason_missing")
	}
	if err != nil {
		return made, err
	}
	access := audit.AccessRead
	if write {
		access = audit.AccessWrite
	}
	made.Changes = []audit.Change{{Field: audit.FieldAccess, After: access}}
	c, err := s.ReadCustomer(ctx, id)
	made.Customer = c.ID // another one for an account that was merged
	if err == nil && !c.Disabled.IsZero() {
		err = validate.NewError(validate.Conflict, "impersonation.disabled")
	}
	if err == nil && !c.Erasure.Begun.IsZero() {
		err = validate.NewError(validate.NotFound, "")
	}
	return made, err
}

func impersonationPermission(write bool) staff.Permission {
	if write {
		return staff.PermissionImpersonateWrite
	}
	return staff.PermissionImpersonate
}

// EndImpersonation ends the person's impersonation in every browser. It is no error if there is none.
func (s Staff) EndImpersonation(ctx context.Context) error {
	return s.changeAccess(ctx, func(a *staff.Access) error {
		if !a.EndImpersonations() {
			return storage.ErrUnchanged
		}
		return nil
	})
}

// EnterAs returns the customer of a request with the cookie of an impersonation, acted for by staff. It is a
// validate.SignIn error once the impersonation is over: by its time, by another one, with the session of
// staff, by a change of role, or because the customer is disabled, erased, or was signed out everywhere. id is
// the customer's, "" if the cookie tells nothing. address is the client's, for the log.
func EnterAs(ctx context.Context, app *portal.App, sh shop.Shop, cookie, address string) (as portal.Shopper, id string,
	err error) {
	s, err := findAs(ctx, app, sh, cookie)
	if err != nil {
		return as, "", err
	}
	s.address = address
	p := *s.session.As
	if err := s.impersonates(p); err != nil {
		return as, p.Customer, err
	}
	as, err = app.ShopperFor(ctx, sh, p.Customer, portal.Impersonation{
		Staff: s.member.ID, Reason: p.Reason, Write: p.Write, BeganAt: p.BeganAt, Until: p.Until(),
		Change: func(ctx context.Context, alter func(*customer.Customer) error) (customer.Customer, error) {
			return s.changeAs(ctx, p, alter)
		},
	})
	return as, p.Customer, err
}

// findAs returns the person whose session has the impersonation of a cookie, in that session.
func findAs(ctx context.Context, app *portal.App, sh shop.Shop, cookie string) (Staff, error) {
	t, ok := staff.ParseImpersonation(cookie)
	if !ok {
		return Staff{}, stranger()
	}
	p := person{app: app, shop: sh, token: t}
	doc, _, err := p.docs().Get(ctx, t.Member())
	if err != nil {
		return Staff{}, strangerIfMissing(err)
	}
	roster, _, err := p.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return Staff{}, strangerIfMissing(err)
	}
	m, found := roster.ByID(t.Member())
	session := doc.Impersonating(m, t.Hash(), app.Now())
	if !found || session == nil {
		return Staff{}, stranger()
	}
	p.member, p.access, p.session = m, doc, *session
	return Staff{p}, nil
}

// impersonates is an error once the time is over or the role no longer suffices.
func (s Staff) impersonates(p staff.Impersonation) error {
	if !s.app.Now().Before(p.Until()) || !s.May(impersonationPermission(p.Write)) {
		return stranger()
	}
	return nil
}

// changeAs is a change that the person makes on the pages of the customer: an act like any other of staff,
// for the reason of the impersonation. It is decided in the attempt itself whether that still lasts.
func (s Staff) changeAs(ctx context.Context, p staff.Impersonation,
	alter func(*customer.Customer) error) (customer.Customer, error) {
	made, err := s.newAct(audit.CustomerChanged, p.Customer, p.Reason)
	if err == nil && !p.Write {
		err = denied()
	}
	if err != nil {
		return customer.Customer{}, err
	}
	return s.actOn(ctx, staff.PermissionImpersonateWrite, made, func(c *customer.Customer) error {
		access, _, err := s.docs().Get(ctx, s.member.ID)
		if err != nil {
			return strangerIfMissing(err)
		}
		now := s.app.Now()
		if access.Impersonating(s.member, p.Hash, now) == nil || !now.Before(p.Until()) ||
			c.ID != p.Customer || !c.Admits(p.BeganAt, false) {
			return stranger()
		}
		return alter(c)
	})
}

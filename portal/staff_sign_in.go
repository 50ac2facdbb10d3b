package portal

import (
	"context"
	"errors"

	"postern/portal/credential"
	"postern/portal/secret"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// RequestStaffLink requests a sign-in email for a member of the shop's staff. It does the same for every
// well-formed address, as RequestLink does, and counts apart from it. destination is the page to open after
// the second factor, or "".
func (v Visitor) RequestStaffLink(ctx context.Context, email, destination, lang string) (Pending, error) {
	return v.requestLink(ctx, email, lang, linkRequest{kind: mailStaffSignIn, limits: "staff-link",
		destination: v.shop.Destination(destination)})
}

// StaffLink looks up a link of staff without using it.
func (v Visitor) StaffLink(ctx context.Context, text string) (credential.LinkPage, error) {
	damaged := credential.LinkPage{State: credential.LinkDamaged}
	t, ok := staff.ParseLink(text)
	if !ok {
		return damaged, nil
	}
	m, found, err := v.app.staffMember(ctx, v.shop.ID, t.Member())
	if err != nil || !found {
		return damaged, err
	}
	doc, _, err := staff.AccessDocs(v.app.engine, v.shop.ID).Get(ctx, m.ID)
	if err != nil {
		return damaged, ifFound(err)
	}
	now := v.app.now()
	r, live := doc.Links.LiveRequest(t.Hash(), now)
	if !live {
		return doc.Links.DeadPage(t.Hash(), now), nil
	}
	return credential.LinkPage{
		State: credential.LinkLive, Masked: validate.MaskEmail(m.Email), At: r.Until,
		Auto: credential.SameHash(r.Browser, v.browser.Hash()),
	}, nil
}

// RequestAnotherStaffLink requests a new link in place of an ended one. A damaged link is Gone.
func (v Visitor) RequestAnotherStaffLink(ctx context.Context, text, lang string) (Pending, error) {
	page, err := v.StaffLink(ctx, text)
	if err != nil {
		return Pending{}, err
	}
	if page.State == credential.LinkDamaged {
		return Pending{}, goneLink(credential.LinkDamaged)
	}
	t, _ := staff.ParseLink(text)
	m, _, err := v.app.staffMember(ctx, v.shop.ID, t.Member())
	if err != nil {
		return Pending{}, err
	}
	return v.RequestStaffLink(ctx, m.Email, page.Destination, lang)
}

// RedeemStaff uses a link of staff, once, and returns the cookie of a session that still has to prove the
// second factor. The rules are those of Redeem.
func (v Visitor) RedeemStaff(ctx context.Context, text string) (cookie string, err error) {
	t, ok := staff.ParseLink(text)
	if !ok {
		return "", goneLink(credential.LinkDamaged)
	}
	if v.browser.Secret == "" {
		return "", validate.NewError(validate.Invalid, "error.cookies")
	}
	made, err := t.Session(v.browser.Secret)
	if err != nil {
		return "", err
	}
	m, found, err := v.app.staffMember(ctx, v.shop.ID, t.Member())
	if err != nil || !found {
		return "", errorOr(err, goneLink(credential.LinkDamaged))
	}
	_, err = staff.AccessDocs(v.app.engine, v.shop.ID).Change(ctx, m.ID, func(a *staff.Access) error {
		now := v.app.now()
		if r, live := a.Links.LiveRequest(t.Hash(), now); live {
			v.beginStaff(a, m, r, made)
			return nil
		}
		fate := a.Links.EndState(t.Hash(), now)
		if fate.How == credential.LinkUsed && now.Sub(fate.At) < credential.RepeatWindow &&
			a.Session(m, made.Hash(), now) != nil {
			return storage.ErrUnchanged
		}
		return goneLink(fate.How)
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = goneLink(credential.LinkDamaged)
	}
	return made.String(), err
}

// EnterStaffCode uses an emailed code of staff, as RedeemStaff uses a link. The rules are those of EnterCode.
func (v Visitor) EnterStaffCode(ctx context.Context, email, text string) (cookie string, err error) {
	canonical, ok := validate.CanonicalEmail(email)
	code := credential.NormaliseCode(text)
	tries := int64(1)
	if !ok || code == "" || v.browser.Secret == "" {
		tries = 0 // it cannot be right
	}
	tried, refund, err := v.countCode(ctx, triesOfStaffCode(v.shop.ID, canonical, v.browser.Hash()), tries)
	if err != nil {
		return "", err
	}
	m, err := v.app.staffByEmail(ctx, v.shop.ID, canonical)
	if err != nil {
		return "", err
	}
	made, err := staff.CodeSession(m.ID, v.browser.Secret, code)
	if err != nil {
		return "", err
	}
	_, err = staff.AccessDocs(v.app.engine, v.shop.ID).Change(ctx, m.ID, func(a *staff.Access) error {
		now := v.app.now()
		if s := a.Session(m, made.Hash(), now); s != nil && now.Sub(s.SignedInAt) < credential.RepeatWindow {
			return storage.ErrUnchanged
		}
		r, matches := a.Links.MatchCode(v.browser.Hash(), code, tried, now)
		if tries == 0 || !matches {
			return storage.ErrNotFound
		}
		v.beginStaff(a, m, r, made)
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return "", validate.InvalidFields([]validate.FieldError{{Field: "code", Key: "code.wrong"}})
	}
	if err == nil {
		refund()
	}
	return made.String(), err
}

// triesOfStaffCode returns the counter of tries for a member's address from a browser.
func triesOfStaffCode(shop, email, browser string) credential.Counter {
	return credential.Counter{Shop: shop, Label: "staff-code-tries", Of: []string{email, browser}}
}

// beginStaff adds the session of a used link or code. Somebody without a factor gets the secret of an
// authenticator app to set up.
func (v Visitor) beginStaff(a *staff.Access, m staff.Member, r credential.Request, t staff.Token) {
	now := v.app.now()
	a.Prune(m, now)
	s := staff.Session{
		Hash: t.Hash(), Number: m.Sessions, Device: v.browser.Device(), Network: v.browser.Network(),
		SignedInAt: now, SeenAt: now, Destination: r.Destination,
	}
	if !a.HasFactor(m) {
		s.Pending = v.app.secret.Seal(StaffSeal(v.shop.ID, m.ID, s.Hash), staff.NewTOTPSecret())
	}
	a.Begin(r, s)
}

// StaffSeal returns the id that a secret of a member is sealed for.
func StaffSeal(shop, member, what string) string { return "staff/" + shop + "/" + member + "/" + what }

// staffMember returns a member of the shop's staff by id.
func (a *App) staffMember(ctx context.Context, shop, id string) (m staff.Member, found bool, err error) {
	roster, _, err := staff.RosterDocs(a.engine, shop).Get(ctx, staff.RosterKey)
	m, found = roster.ByID(id)
	return m, found, ifFound(err)
}

// staffByEmail returns a member by email. For an address of nobody it returns a member without access, so
// that what follows takes the same way.
func (a *App) staffByEmail(ctx context.Context, shop, email string) (staff.Member, error) {
	roster, _, err := staff.RosterDocs(a.engine, shop).Get(ctx, staff.RosterKey)
	m, found := roster.ByEmail(email)
	if !found {
		m = staff.Member{ID: a.secret.ID(shop, "no-staff", email), Email: email}
	}
	return m, ifFound(err)
}

// EnrolmentHash returns the hash of an inviter's one-time code as the roster stores it. It is keyed, because
// a code is shorter than a link.
func EnrolmentHash(ring *secret.Ring, shop, code string) string {
	return ring.ID(shop, "staff-enrolment", credential.NormaliseCode(code))
}

// errorOr returns err, or other without an error.
func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// sealStaffAgain re-encrypts the factors of a shop's staff with the current secret. Their links and sessions
// end, as those of customers do.
func (a *App) sealStaffAgain(ctx context.Context, shop string) error {
	roster, _, err := staff.RosterDocs(a.engine, shop).Get(ctx, staff.RosterKey)
	if err != nil {
		return ifFound(err)
	}
	for _, m := range roster.Members {
		_, err := staff.AccessDocs(a.engine, shop).Change(ctx, m.ID, func(doc *staff.Access) error {
			doc.Links.Clear(credential.LinkReplaced, a.now())
			doc.Sessions = nil
			if doc.TOTP != nil {
				if err := a.resealStaff(StaffSeal(shop, m.ID, "totp"), &doc.TOTP.Secret); err != nil {
					return err
				}
			}
			return a.resealStaff(StaffSeal(shop, m.ID, "recovery"), &doc.RecoveryKey)
		})
		if ifFound(err) != nil {
			return wrap("read the factors of the staff of shop "+shop, err)
		}
	}
	return nil
}

func (a *App) resealStaff(id string, sealed *[]byte) error {
	if len(*sealed) == 0 {
		return nil
	}
	plain, err := a.secret.Open(id, *sealed)
	if err == nil {
		*sealed = a.secret.Seal(id, plain)
	}
	return err
}

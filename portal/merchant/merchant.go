// Package merchant holds the use cases of the people who work for a shop. A request with the cookie of staff
// becomes a Candidate, who has opened a sign-in link, and with the second factor a Staff. Only these have use
// cases, and each contains the shop and the person.
//
// It must not know about HTTP or pages, or what an email says.
package merchant

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// person is somebody with a live session, as this request found them.
type person struct {
	app     *portal.App
	shop    shop.Shop
	member  staff.Member
	access  staff.Access
	session staff.Session
	token   staff.Token
	browser credential.Browser
	address string // the client's, for the log
}

// Candidate is a person who has used a sign-in link and not yet proved the second factor.
type Candidate struct{ person }

// Staff is a signed-in person with a role.
type Staff struct{ person }

// Enter returns the actor of a request with the cookie of staff. It is a validate.SignIn error if the cookie
// does not belong to a live session that has proved the second factor.
func Enter(ctx context.Context, app *portal.App, sh shop.Shop, cookie string,
	browser credential.Browser) (Staff, error) {
	p, err := find(ctx, app, sh, cookie, browser)
	if err == nil && !p.session.IsProven() {
		err = stranger()
	}
	if err != nil {
		return Staff{}, err
	}
	s := Staff{p}
	if now := app.Now(); now.Sub(p.session.SeenAt) >= credential.SessionTouch {
		return s, s.touch(ctx, now)
	}
	return s, nil
}

// EnterHalf is Enter for a session that has not proved the second factor. A session that proved it a moment
// ago is found by its earlier cookie, too, so that a form sent twice gets the same answer; nothing else is
// open to it.
func EnterHalf(ctx context.Context, app *portal.App, sh shop.Shop, cookie string,
	browser credential.Browser) (Candidate, error) {
	p, err := find(ctx, app, sh, cookie, browser)
	if err == nil && p.session.IsProven() {
		return Candidate{}, stranger()
	}
	if validate.KindOf(err) == validate.SignIn {
		if s := p.access.Repeated(p.member, p.token.Hash(), app.Now()); s != nil {
			p.session, err = staff.Session{Hash: p.token.Hash(), Destination: s.Destination}, nil
		}
	}
	return Candidate{p}, err
}

// From returns the person with the address of the client, for the log.
func (c Candidate) From(address string) Candidate {
	c.address = address
	return c
}

// Cookie returns the cookie of this request.
func (p person) Cookie() string { return p.token.String() }

// Destination returns the page to open after the second factor, or "".
func (c Candidate) Destination() string { return c.session.Destination }

func stranger() error { return validate.NewError(validate.SignIn, "error.staff_sign_in") }

func find(ctx context.Context, app *portal.App, sh shop.Shop, cookie string,
	browser credential.Browser) (person, error) {
	t, ok := staff.ParseToken(cookie)
	if !ok {
		return person{}, stranger()
	}
	p := person{app: app, shop: sh, token: t, browser: browser}
	doc, _, err := p.docs().Get(ctx, t.Member())
	if err != nil {
		return person{}, strangerIfMissing(err)
	}
	roster, _, err := p.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return person{}, strangerIfMissing(err)
	}
	m, found := roster.ByID(t.Member())
	if !found {
		return person{}, stranger()
	}
	p.member, p.access = m, doc
	session := doc.Session(m, t.Hash(), app.Now())
	if session == nil {
		return p, stranger()
	}
	p.session = *session
	return p, nil
}

func strangerIfMissing(err error) error {
	if errors.Is(err, storage.ErrNotFound) {
		return stranger()
	}
	return err
}

func (p person) docs() storage.Docs[staff.Access] { return staff.AccessDocs(p.app.Engine(), p.shop.ID) }

func (p person) rosters() storage.Docs[staff.Roster] {
	return staff.RosterDocs(p.app.Engine(), p.shop.ID)
}

// Shop returns the shop that the person works for.
func (p person) Shop() shop.Shop { return p.shop }

// Member returns the person as this request found them.
func (p person) Member() staff.Member { return p.member }

// HasFactor reports whether the person has set up a second factor.
func (p person) HasFactor() bool { return p.access.HasFactor(p.member) }

// FormOwner identifies the person in the forms of their pages. It grants no access.
func (p person) FormOwner() string {
	return p.app.Secret().ID(p.shop.ID, "staff-form-owner", p.member.ID)
}

// Language returns the language that the person chose for the pages, or "".
func (p person) Language() string { return p.access.Lang }

// SetLanguage stores the language of the person's pages, which must be one that the shop offers.
func (s Staff) SetLanguage(ctx context.Context, lang string) error {
	if s.shop.Offered(lang) == "" {
		return wrongField("language", "language.offered")
	}
	return s.changeAccess(ctx, func(a *staff.Access) error {
		a.Lang = lang
		return nil
	})
}

// SignOut ends this session.
func (p person) SignOut(ctx context.Context) error {
	_, err := p.end(ctx, func(other staff.Session) bool { return other.Hash == p.session.Hash })
	return err
}

func (p person) end(ctx context.Context, which func(staff.Session) bool) (ended int, err error) {
	_, err = p.docs().Change(ctx, p.member.ID, func(a *staff.Access) error {
		if ended = a.EndSessions(which); ended == 0 {
			return storage.ErrUnchanged
		}
		return nil
	})
	return ended, strangerIfMissing(err)
}

// touch records that the session was used, to within five minutes.
func (s Staff) touch(ctx context.Context, now time.Time) error {
	_, err := s.docs().Change(ctx, s.member.ID, func(a *staff.Access) error {
		live := a.Session(s.member, s.session.Hash, now)
		if live == nil || !live.SeenAt.Before(now) {
			return storage.ErrUnchanged
		}
		live.SeenAt = now
		return nil
	})
	return strangerIfMissing(err)
}

// May reports whether the person's role has a permission.
func (s Staff) May(p staff.Permission) bool { return s.member.Role.May(p) }

// IsFresh reports whether the second factor was proved within the last 15 minutes, which acts on others
// require.
func (s Staff) IsFresh() bool { return s.session.IsFresh(s.app.Now()) }

// Sessions lists the person's sessions: the current one first, then the most recently used.
func (s Staff) Sessions() []credential.SessionInfo {
	infos := s.access.SessionInfos(s.member, s.session.Hash, s.app.Now())
	slices.SortStableFunc(infos, func(a, b credential.SessionInfo) int {
		switch {
		case a.Current == b.Current:
			return 0
		case a.Current:
			return -1
		}
		return 1
	})
	return infos
}

// EndSession ends one of the person's sessions by its id. It is no error if it has already ended.
func (s Staff) EndSession(ctx context.Context, id string) error {
	_, err := s.end(ctx, func(other staff.Session) bool { return other.ID() == id })
	return err
}

// EndOtherSessions ends all of the person's sessions but this one and returns how many there were.
func (s Staff) EndOtherSessions(ctx context.Context) (int, error) {
	return s.end(ctx, func(other staff.Session) bool { return other.Hash != s.session.Hash })
}

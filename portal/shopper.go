package portal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postern/storage"
)

// Shopper is a signed-in customer, with the shop and the session of one request.
type Shopper struct {
	app      *App
	shop     Shop
	customer Customer
	access   string // key of the access document that contains the session
	session  session
	page     string // language of the current page, "" for none
}

// On returns the customer acting on a page in the given language, which is used for the emails that this
// causes.
func (s Shopper) On(lang string) Shopper {
	s.page = lang
	return s
}

// Shopper returns the actor of a request with a session cookie. It is a SignIn error if the cookie does not
// belong to an active session of this shop: unknown, ended, expired, or from before the account's address
// changed.
func (a *App) Shopper(ctx context.Context, shop Shop, cookie string) (Shopper, error) {
	stranger := failure(SignIn, "error.sign_in")
	t, ok := parseToken(cookie)
	if !ok {
		return Shopper{}, stranger
	}
	doc, _, err := a.accessDocs(shop.ID).Get(ctx, t.access)
	if errors.Is(err, storage.ErrNotFound) {
		return Shopper{}, stranger
	}
	if err != nil {
		return Shopper{}, err
	}
	now := a.now()
	session, live := doc.session(t.hash(), now)
	if !live {
		return Shopper{}, stranger
	}
	customer, err := a.customer(ctx, shop.ID, doc.Customer)
	if errors.Is(err, storage.ErrNotFound) || err == nil && customer.Email != doc.Email {
		return Shopper{}, stranger
	}
	s := Shopper{app: a, shop: shop, customer: customer, access: t.access, session: session}
	if err == nil && now.Sub(session.SeenAt) >= sessionTouch {
		err = s.touch(ctx, now)
	}
	return s, err
}

// touch records that the session was used, to within five minutes, so that most requests write nothing.
func (s Shopper) touch(ctx context.Context, now time.Time) error {
	_, err := s.app.accessDocs(s.shop.ID).Change(ctx, s.access, func(a *access) error {
		at := slices.IndexFunc(a.Sessions, func(other session) bool { return other.Hash == s.session.Hash })
		if at < 0 || !a.Sessions[at].SeenAt.Before(now) {
			return storage.ErrUnchanged
		}
		a.Sessions[at].SeenAt = now
		return nil
	})
	return err
}

// Shop returns the shop that the customer is in.
func (s Shopper) Shop() Shop { return s.shop }

// Customer returns the customer as this request found it.
func (s Shopper) Customer() Customer { return s.customer }

// FormOwner identifies the customer in the forms of their pages. It grants no access, and only the portal
// can create it.
func (s Shopper) FormOwner() string { return s.app.secret.ID(s.shop.ID, "form-owner", s.customer.ID) }

// Owns reports whether a link's token belongs to this account, so that a second click simply opens the
// account. The link need not be valid any more, but it must have existed.
func (s Shopper) Owns(ctx context.Context, text string) (bool, error) {
	t, ok := parseLink(text)
	if !ok || t.access != s.access {
		return false, nil
	}
	doc, _, err := s.app.accessDocs(s.shop.ID).Get(ctx, s.access)
	if err != nil {
		return false, err
	}
	_, live := doc.live(t.hash(), s.app.now())
	return live || doc.fate(t.hash(), s.app.now()).How != LinkDamaged, nil
}

// SessionInfo describes one signed-in browser to its owner.
type SessionInfo struct {
	ID         string // identifies the session, grants no access
	Device     string // "Firefox, Windows", "" when unknown
	Network    string // "192.0.2.0/24", "" when unknown
	SignedInAt time.Time
	SeenAt     time.Time // to within five minutes
	Present    bool      // the session that makes the request
}

const sessionIDLength = 12

func (s session) id() string { return s.Hash[:sessionIDLength] }

// Sessions lists the customer's active sessions: the current one first, then the most recently used.
func (s Shopper) Sessions(ctx context.Context) ([]SessionInfo, error) {
	doc, _, err := s.app.accessDocs(s.shop.ID).Get(ctx, s.access)
	if err != nil {
		return nil, err
	}
	infos := doc.sessionInfos(s.app.now())
	for i := range infos {
		infos[i].Present = infos[i].ID == s.session.id()
	}
	slices.SortStableFunc(infos, func(a, b SessionInfo) int {
		if a.Present != b.Present {
			return strings.Compare(presence(b), presence(a))
		}
		return b.SeenAt.Compare(a.SeenAt)
	})
	return infos, nil
}

func presence(s SessionInfo) string {
	if s.Present {
		return "present"
	}
	return ""
}

// sessionInfos returns the active sessions, most recently used first.
func (a *access) sessionInfos(now time.Time) []SessionInfo {
	var infos []SessionInfo
	for _, s := range a.Sessions {
		if s.live(now) {
			infos = append(infos, SessionInfo{
				ID: s.id(), Device: s.Device, Network: s.Network, SignedInAt: s.SignedInAt, SeenAt: s.SeenAt,
			})
		}
	}
	slices.SortStableFunc(infos, func(a, b SessionInfo) int { return b.SeenAt.Compare(a.SeenAt) })
	return infos
}

// EndSession ends one session by its id, immediately in every process. It is no error if the session has
// already ended.
func (s Shopper) EndSession(ctx context.Context, id string) error {
	_, err := s.end(ctx, func(other session) bool { return other.id() == id })
	return err
}

// EndOtherSessions ends all sessions but this one and returns how many there were.
func (s Shopper) EndOtherSessions(ctx context.Context) (int, error) {
	return s.end(ctx, func(other session) bool { return other.Hash != s.session.Hash })
}

// SignOut ends this session.
func (s Shopper) SignOut(ctx context.Context) error {
	_, err := s.end(ctx, func(other session) bool { return other.Hash == s.session.Hash })
	return err
}

func (s Shopper) end(ctx context.Context, which func(session) bool) (ended int, err error) {
	_, err = s.app.accessDocs(s.shop.ID).Change(ctx, s.access, func(a *access) error {
		if ended = a.endSessions(which); ended == 0 {
			return storage.ErrUnchanged
		}
		return nil
	})
	return ended, err
}

// SetLanguage stores the customer's language, which must be one that the shop offers.
func (s Shopper) SetLanguage(ctx context.Context, lang string) error {
	if !slices.Contains(s.shop.Languages, lang) {
		return invalid([]Fault{{Field: "language", Key: "language.offered"}})
	}
	_, err := s.change(ctx, func(c *Customer) error {
		c.Language, c.ProfileVersion = lang, storage.NewID()
		return nil
	})
	return err
}

// change modifies the customer's document and dates the change.
func (s Shopper) change(ctx context.Context, alter func(*Customer) error) (Customer, error) {
	c, err := s.app.changeCustomer(ctx, s.shop.ID, s.customer.ID, func(c *Customer) error {
		if err := alter(c); err != nil {
			return err
		}
		c.ChangedAt = s.app.now()
		c.ShopperAt, c.PageLang = c.ChangedAt, s.page
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = failure(SignIn, "error.sign_in") // erased in the meantime
	}
	return c, err
}

package portal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// Shopper is a signed-in customer, with the shop and the session of one request.
type Shopper struct {
	app            *App
	shop           shop.Shop
	customer       customer.Customer
	credentialsKey string // key of the credentials document that contains the session
	email          string // by which the session was opened
	session        credential.Session
	page           string         // language of the current page, "" for none
	by             *Impersonation // nil if the customer acts
}

// InLanguage returns the customer acting on a page in the given language, which is used for the emails that
// this causes.
func (s Shopper) InLanguage(lang string) Shopper {
	s.page = lang
	return s
}

// Shopper returns the actor of a request with a session cookie. It is a validate.SignIn error if the cookie
// does not belong to an active session of this shop: unknown, ended, expired, or from before the account's
// address changed, or one that the customer does not admit.
func (a *App) Shopper(ctx context.Context, shop shop.Shop, cookie string) (Shopper, error) {
	stranger := validate.NewError(validate.SignIn, "error.sign_in")
	t, ok := credential.ParseToken(cookie)
	if !ok {
		return Shopper{}, stranger
	}
	doc, _, err := a.credentialDocs(shop.ID).Get(ctx, t.Credentials)
	if errors.Is(err, storage.ErrNotFound) {
		return Shopper{}, stranger
	}
	if err != nil {
		return Shopper{}, err
	}
	now := a.now()
	session, live := doc.Session(t.Hash(), now)
	if !live {
		return Shopper{}, stranger
	}
	customer, err := a.customer(ctx, shop.ID, doc.Customer)
	if errors.Is(err, storage.ErrNotFound) || err == nil && (!customer.SignsInBy(doc.Email) ||
		!customer.Admits(session.SignedInAt, session.Closed)) {
		return Shopper{}, stranger
	}
	s := Shopper{app: a, shop: shop, customer: customer, credentialsKey: t.Credentials, session: session,
		email: doc.Email}
	if err == nil && now.Sub(session.SeenAt) >= credential.SessionTouch {
		err = s.touch(ctx, now)
	}
	if err == nil && customer.List != nil && now.Sub(customer.List.VisitedAt) >= visitInterval {
		err = a.noteVisit(ctx, shop.ID, customer.ID)
	}
	return s, err
}

// touch records that the session was used, to within five minutes, so that most requests write nothing.
func (s Shopper) touch(ctx context.Context, now time.Time) error {
	_, err := s.app.credentialDocs(s.shop.ID).Change(ctx, s.credentialsKey,
		func(a *credential.Credentials) error {
			at := slices.IndexFunc(a.Sessions,
				func(other credential.Session) bool { return other.Hash == s.session.Hash })
			if at < 0 || !a.Sessions[at].SeenAt.Before(now) {
				return storage.ErrUnchanged
			}
			a.Sessions[at].SeenAt = now
			return nil
		})
	return err
}

// Shop returns the shop that the customer is in.
func (s Shopper) Shop() shop.Shop { return s.shop }

// Customer returns the customer as this request found it.
func (s Shopper) Customer() customer.Customer { return s.customer }

// IsClosed reports whether the customer is disabled. The session then opens only what such a customer must be
// able to do; which that is the site decides.
func (s Shopper) IsClosed() bool { return s.session.Closed }

// FormOwner identifies the customer in the forms of their pages. It grants no access, and only the portal
// can create it.
func (s Shopper) FormOwner() string {
	if s.by != nil { // the customer may be signed in with the same browser
		return s.app.secret.ID(s.shop.ID, "form-owner", s.customer.ID, s.by.Staff,
			s.by.BeganAt.UTC().Format(time.RFC3339Nano))
	}
	return s.app.secret.ID(s.shop.ID, "form-owner", s.customer.ID)
}

// OwnsLink reports whether a link's token belongs to this account, so that a second click simply opens the
// account. The link need not be valid any more, but it must have existed.
func (s Shopper) OwnsLink(ctx context.Context, text string) (bool, error) {
	t, ok := credential.ParseLink(text)
	if !ok || t.Credentials != s.credentialsKey {
		return false, nil
	}
	doc, _, err := s.app.credentialDocs(s.shop.ID).Get(ctx, s.credentialsKey)
	if err != nil {
		return false, err
	}
	_, live := doc.LiveRequest(t.Hash(), s.app.now())
	return live || doc.EndState(t.Hash(), s.app.now()).How != credential.LinkDamaged, nil
}

// Sessions lists the customer's active sessions: the current one first, then the most recently used.
func (s Shopper) Sessions(ctx context.Context) ([]credential.SessionInfo, error) {
	if err := s.requireOwn(); err != nil {
		return nil, err
	}
	doc, _, err := s.app.credentialDocs(s.shop.ID).Get(ctx, s.credentialsKey)
	if err != nil {
		return nil, err
	}
	infos := doc.SessionInfos(s.app.now())
	for i := range infos {
		infos[i].Current = infos[i].ID == s.session.ID()
	}
	slices.SortStableFunc(infos, func(a, b credential.SessionInfo) int {
		if a.Current != b.Current {
			return strings.Compare(presence(b), presence(a))
		}
		return b.SeenAt.Compare(a.SeenAt)
	})
	return infos, nil
}

func presence(s credential.SessionInfo) string {
	if s.Current {
		return "present"
	}
	return ""
}

// EndSession ends one session by its id, immediately in every process. It is no error if the session has
// already ended.
func (s Shopper) EndSession(ctx context.Context, id string) error {
	_, err := s.end(ctx, func(other credential.Session) bool { return other.ID() == id })
	return err
}

// EndOtherSessions ends all sessions but this one and returns how many there were.
func (s Shopper) EndOtherSessions(ctx context.Context) (int, error) {
	return s.end(ctx, func(other credential.Session) bool { return other.Hash != s.session.Hash })
}

// SignOut ends this session.
func (s Shopper) SignOut(ctx context.Context) error {
	_, err := s.end(ctx, func(other credential.Session) bool { return other.Hash == s.session.Hash })
	return err
}

func (s Shopper) end(ctx context.Context, which func(credential.Session) bool) (ended int, err error) {
	if err := s.requireOwn(); err != nil {
		return 0, err
	}
	_, err = s.app.credentialDocs(s.shop.ID).Change(ctx, s.credentialsKey,
		func(a *credential.Credentials) error {
			if ended = a.EndSessions(which); ended == 0 {
				return storage.ErrUnchanged
			}
			return nil
		})
	return ended, err
}

// SetLanguage stores the customer's language, which must be one that the shop offers.
func (s Shopper) SetLanguage(ctx context.Context, lang string) error {
	if !slices.Contains(s.shop.Languages, lang) {
		return validate.InvalidFields([]validate.FieldError{{Field: "language", Key: "language.offered"}})
	}
	_, err := s.change(ctx, func(c *customer.Customer) error {
		c.Language, c.ProfileVersion = lang, storage.NewID()
		return nil
	})
	return err
}

// change modifies the customer's document and dates the change.
func (s Shopper) change(ctx context.Context,
	alter func(*customer.Customer) error) (customer.Customer, error) {
	if s.by != nil {
		return s.changeBy(ctx, alter)
	}
	return s.note(ctx, func(c *customer.Customer) error {
		if err := alter(c); err != nil {
			return err
		}
		c.ChangedAt = s.app.now()
		c.ShopperAt, c.PageLang = c.ChangedAt, s.page
		return nil
	})
}

// note modifies the customer's document by something that is no change of the customer's data.
func (s Shopper) note(ctx context.Context, alter func(*customer.Customer) error) (customer.Customer, error) {
	if err := s.requireOwn(); err != nil {
		return customer.Customer{}, err
	}
	c, err := s.app.changeCustomer(ctx, s.shop.ID, s.customer.ID, alter)
	if errors.Is(err, storage.ErrNotFound) {
		err = validate.NewError(validate.SignIn, "error.sign_in") // erased in the meantime
	}
	return c, err
}

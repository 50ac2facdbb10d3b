// Package credential holds everything that lets somebody in by one email of a shop: links, codes, sessions,
// known browsers, and the challenges and revoke tokens that belong to them. One document per email makes
// sign-in a single write.
//
// It must not know who the customer is or how an email is sent.
package credential

import (
	"crypto/subtle"
	"slices"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// The limits of a credentials document and its lists.
const (
	maxLiveLinks    = 5
	maxCodeOnly     = 3 // requests that got a code and no link, since five links lived
	maxDead         = 20
	maxSessions     = 20
	maxBrowsers     = 20
	CodeLife        = 10 * time.Minute
	CodeTries       = 5
	DeadRemembered  = 30 * 24 * time.Hour
	RepeatWindow    = 60 * time.Second
	sessionIdle     = 14 * 24 * time.Hour
	SessionAbsolute = 30 * 24 * time.Hour
	SessionTouch    = 5 * time.Minute
	AutoWindow      = 15 * time.Minute
)

// Credentials holds everything that can sign someone in with one address of one shop. A sign-in is a single
// Replace of it.
type Credentials struct {
	Email        string         `bson:"email"`
	Customer     string         `bson:"customer,omitempty"` // "" until the click, for an address nobody had
	Requests     []Request      `bson:"requests,omitempty"` // live ones, oldest first
	Dead         []DeadLink     `bson:"dead,omitempty"`
	Sessions     []Session      `bson:"sessions,omitempty"`
	Browsers     []KnownBrowser `bson:"browsers,omitempty"`
	RevokeTokens []RevokeToken  `bson:"revoke_tokens,omitempty"`
	Challenges   []Challenge    `bson:"challenges,omitempty"`
	Work         job.List       `bson:"work,omitempty"`
	StaleAt      time.Time      `bson:"stale_at,omitempty"` // of an address nobody has: when nothing in it matters any more
	EndedBy      string         `bson:"ended_by,omitempty"` // the id of the act that cleared it last
}

// Request is one requested sign-in email: a link, a code, or both.
type Request struct {
	ID          string    `bson:"id"`
	Entry       string    `bson:"entry"`          // of the outbox, that asked for it
	Link        string    `bson:"link,omitempty"` // hash
	Code        string    `bson:"code,omitempty"` // hash
	CodeUntil   time.Time `bson:"code_until,omitempty"`
	Mark        Mark      `bson:"mark"`              // of the counter of tries when the code was made
	Browser     string    `bson:"browser,omitempty"` // hash of the asking browser's secret
	Destination string    `bson:"destination,omitempty"`
	Lang        string    `bson:"lang,omitempty"`   // of the page that asked
	Closed      bool      `bson:"closed,omitempty"` // see Session
	// Confirm is that using the link also confirms an address whose account was merged with another.
	Confirm bool      `bson:"confirm,omitempty"`
	MadeAt  time.Time `bson:"made_at"`
	Until   time.Time `bson:"until"` // the first moment it no longer works
}

// DeadLink is a link that no longer works.
type DeadLink struct {
	Link        string    `bson:"link"`
	How         LinkState `bson:"how"`
	At          time.Time `bson:"at"`
	Destination string    `bson:"destination,omitempty"`
}

// Session is one signed-in browser.
type Session struct {
	Hash         string    `bson:"hash"`
	Device       string    `bson:"device,omitempty"`
	Network      string    `bson:"network,omitempty"`
	SignedInAt   time.Time `bson:"signed_in_at"`
	SeenAt       time.Time `bson:"seen_at"`                 // to five minutes
	VerifiedAt   time.Time `bson:"verified_at,omitempty"`   // when a code was entered last
	VerifiedCode string    `bson:"verified_code,omitempty"` // hash of that code, which may come twice

	Destination string `bson:"destination,omitempty"` // of a sign-in by code, which may come twice

	// Closed is that the customer was disabled when signing in. The session opens only what a disabled customer
	// must be able to do, and ends when the customer is enabled.
	Closed bool `bson:"closed,omitempty"`
}

// KnownBrowser is a browser that has signed in here before.
type KnownBrowser struct {
	Hash   string    `bson:"hash"`
	SeenAt time.Time `bson:"seen_at"`
}

const (
	ByStale    = "stale"
	ByCustomer = "customer"
)

// Collection declares the collection of credentials and its indexes.
func Collection() storage.Collection {
	return storage.Collection{Name: "credentials", Indexes: append(job.Indexes(), []storage.Index{
		{Name: ByStale, Fields: []storage.Field{{Path: "stale_at", Kind: storage.Time}}},
		{Name: ByCustomer, Fields: []storage.Field{{Path: "customer", Kind: storage.String}},
			Head: []string{"email"}},
	}...)}
}

// Docs opens the credentials of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Credentials] {
	return storage.Open[Credentials](engine, shop, Collection())
}

// PruneExpired moves expired links to Dead and drops entries that are no longer needed.
func (a *Credentials) PruneExpired(now time.Time) {
	a.Requests = slices.DeleteFunc(a.Requests, func(r Request) bool {
		if r.Link != "" && !now.Before(r.Until) {
			a.Retire(r, LinkExpired, r.Until)
			return true
		}
		return r.Link == "" && !now.Before(r.CodeUntil)
	})
	a.Dead = slices.DeleteFunc(a.Dead, func(e DeadLink) bool { return now.Sub(e.At) > DeadRemembered })
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool { return !s.live(now) })
	a.Challenges = slices.DeleteFunc(a.Challenges, func(p Challenge) bool { return !now.Before(p.Until) })
}

func (a *Credentials) Retire(r Request, how LinkState, at time.Time) {
	if r.Link == "" {
		return
	}
	a.Dead = append(a.Dead, DeadLink{Link: r.Link, How: how, At: at, Destination: r.Destination})
	a.Dead = a.Dead[max(0, len(a.Dead)-maxDead):]
}

// LiveRequest returns the request of a link that still works.
func (a *Credentials) LiveRequest(link string, now time.Time) (Request, bool) {
	for _, r := range a.Requests {
		if SameHash(r.Link, link) && now.Before(r.Until) {
			return r, true
		}
	}
	return Request{}, false
}

// EndState reports how a link ended. A link that the document never had or has forgotten counts as damaged.
func (a *Credentials) EndState(link string, now time.Time) DeadLink {
	for _, e := range a.Dead {
		if SameHash(e.Link, link) {
			return e
		}
	}
	for _, r := range a.Requests {
		if SameHash(r.Link, link) && !now.Before(r.Until) {
			return DeadLink{Link: link, How: LinkExpired, At: r.Until, Destination: r.Destination}
		}
	}
	return DeadLink{How: LinkDamaged}
}

// AddRequest stores a request. If five links are live already, it is stored without its link: the existing
// links keep working, so a stranger who keeps requesting links cannot end anyone's.
func (a *Credentials) AddRequest(r Request) (linked bool) {
	links, codes := 0, 0
	for _, other := range a.Requests {
		if other.Link != "" {
			links++
		} else {
			codes++
		}
	}
	if links >= maxLiveLinks {
		r.Link = ""
	}
	if r.Link == "" && r.Code == "" {
		return false
	}
	if r.Link == "" && codes >= maxCodeOnly {
		oldest := slices.IndexFunc(a.Requests, func(o Request) bool { return o.Link == "" })
		a.Requests = slices.Delete(a.Requests, oldest, oldest+1)
	}
	a.Requests = append(a.Requests, r)
	return r.Link != ""
}

// RemoveRequest removes a request whose email certainly never arrived.
func (a *Credentials) RemoveRequest(entry string) {
	a.Requests = slices.DeleteFunc(a.Requests, func(r Request) bool { return r.Entry == entry })
}

// SignIn signs a browser in with a request: it ends every link and code and adds the session.
func (a *Credentials) SignIn(r Request, s Session, browserHash string) {
	a.Spend(r, s.SignedInAt)
	a.QueueNotice(r, s, browserHash)
	a.Work.Add(job.Request{Kind: KindSignedIn, Args: job.Args{"request": r.ID}, At: s.SignedInAt})
	if len(a.Sessions) >= maxSessions {
		slices.SortFunc(a.Sessions, func(x, y Session) int { return x.SeenAt.Compare(y.SeenAt) })
		a.Sessions = slices.Delete(a.Sessions, 0, len(a.Sessions)-maxSessions+1)
	}
	a.Sessions = append(a.Sessions, s)
	a.Browsers = slices.DeleteFunc(a.Browsers, func(b KnownBrowser) bool { return b.Hash == browserHash })
	a.Browsers = append(a.Browsers, KnownBrowser{Hash: browserHash, SeenAt: s.SignedInAt})
	a.Browsers = a.Browsers[max(0, len(a.Browsers)-maxBrowsers):]
}

// Spend ends every link and code, because a request was used.
func (a *Credentials) Spend(used Request, at time.Time) {
	for _, other := range a.Requests {
		how := LinkReplaced
		if other.ID == used.ID {
			how = LinkUsed
		}
		a.Retire(other, how, at)
	}
	a.Requests = nil
}

// AssignTo assigns the document to a customer, or with "" to no one. Anything that another customer left in
// it can no longer sign anyone in.
func (a *Credentials) AssignTo(email, customer string, now time.Time) {
	if a.Customer != "" && a.Customer != customer {
		a.Clear(LinkReplaced, now)
		a.RevokeTokens, a.Work = nil, job.List{}
	}
	a.Email, a.Customer, a.StaleAt = email, customer, time.Time{}
}

// Clear ends everything that lets someone in; how is what the links then say.
func (a *Credentials) Clear(how LinkState, now time.Time) {
	for _, r := range a.Requests {
		a.Retire(r, how, now)
	}
	a.Requests, a.Sessions, a.Browsers, a.Challenges = nil, nil, nil, nil
}

// WasUsed reports whether anyone is known to have signed in with the address.
func (a *Credentials) WasUsed() bool {
	return len(a.Sessions) > 0 || len(a.Browsers) > 0 ||
		slices.ContainsFunc(a.Dead, func(e DeadLink) bool { return e.How == LinkUsed })
}

// Session returns the live session with the given hash of its secret.
func (a *Credentials) Session(hash string, now time.Time) (Session, bool) {
	for _, s := range a.Sessions {
		if SameHash(s.Hash, hash) && s.live(now) {
			return s, true
		}
	}
	return Session{}, false
}

func (s Session) live(now time.Time) bool {
	return now.Before(s.SeenAt.Add(sessionIdle)) && now.Before(s.SignedInAt.Add(SessionAbsolute))
}

// VerifiedBy reports whether this code was entered in the session a moment ago, so that a second press of the
// button gets the same answer as the first.
func (s Session) VerifiedBy(code string, now time.Time) bool {
	return SameHash(s.VerifiedCode, CodeHash(s.Hash, code)) && now.Sub(s.VerifiedAt) < RepeatWindow
}

// Verify records that a code was entered in the session.
func (s *Session) Verify(code string, now time.Time) {
	s.VerifiedAt, s.VerifiedCode = now, CodeHash(s.Hash, code)
}

// SameHash compares stored hashes; an empty one equals none.
func SameHash(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// MatchCode finds the request that the code belongs to, if this browser made it, it has not expired and a
// try is left. tried includes this try.
func (a *Credentials) MatchCode(browserHash, code string, tried Tally, now time.Time) (Request, bool) {
	for _, r := range a.Requests {
		if r.takesCode(browserHash, tried, now) && SameHash(r.Code, CodeHash(r.ID, code)) {
			return r, true
		}
	}
	return Request{}, false
}

func (r Request) takesCode(browserHash string, tried Tally, now time.Time) bool {
	return r.Code != "" && SameHash(r.Browser, browserHash) && tried.since(r.Mark) <= CodeTries &&
		now.Before(r.CodeUntil)
}

// EndSessions ends the document's sessions that end selects and returns how many there were.
func (a *Credentials) EndSessions(end func(Session) bool) int {
	before := len(a.Sessions)
	a.Sessions = slices.DeleteFunc(a.Sessions, end)
	return before - len(a.Sessions)
}

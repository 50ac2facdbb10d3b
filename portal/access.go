package portal

import (
	"crypto/subtle"
	"slices"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// The limits of an access document and its lists.
const (
	maxLiveLinks    = 5
	maxCodeOnly     = 3 // requests that got a code and no link, since five links lived
	maxDead         = 20
	maxSessions     = 20
	maxBrowsers     = 20
	codeLife        = 10 * time.Minute
	codeTries       = 5
	deadRemembered  = 30 * 24 * time.Hour
	repeatWindow    = 60 * time.Second
	sessionIdle     = 14 * 24 * time.Hour
	sessionAbsolute = 30 * 24 * time.Hour
	sessionTouch    = 5 * time.Minute
	autoWindow      = 15 * time.Minute
)

// access holds everything that can sign someone in with one address of one shop. A sign-in is a single
// Replace of it.
type access struct {
	Email    string    `bson:"email"`
	Customer string    `bson:"customer,omitempty"` // "" until the click, for an address nobody had
	Requests []request `bson:"requests,omitempty"` // live ones, oldest first
	Dead     []ended   `bson:"dead,omitempty"`
	Sessions []session `bson:"sessions,omitempty"`
	Browsers []browser `bson:"browsers,omitempty"`
	Alarms   []alarm   `bson:"alarms,omitempty"`
	Proofs   []proof   `bson:"proofs,omitempty"`
	Work     job.List  `bson:"work,omitempty"`
	StaleAt  time.Time `bson:"stale_at,omitempty"` // of an address nobody has: when nothing in it matters any more
}

// request is one requested sign-in email: a link, a code, or both.
type request struct {
	ID          string    `bson:"id"`
	Entry       string    `bson:"entry"`          // of the outbox, that asked for it
	Link        string    `bson:"link,omitempty"` // hash
	Code        string    `bson:"code,omitempty"` // hash
	CodeUntil   time.Time `bson:"code_until,omitempty"`
	Mark        mark      `bson:"mark"`              // of the counter of tries when the code was made
	Browser     string    `bson:"browser,omitempty"` // hash of the asking browser's secret
	Destination string    `bson:"destination,omitempty"`
	Lang        string    `bson:"lang,omitempty"` // of the page that asked
	MadeAt      time.Time `bson:"made_at"`
	Until       time.Time `bson:"until"` // the first moment it no longer works
}

// ended is a link that no longer works.
type ended struct {
	Link        string    `bson:"link"`
	How         LinkState `bson:"how"`
	At          time.Time `bson:"at"`
	Destination string    `bson:"destination,omitempty"`
}

// session is one signed-in browser.
type session struct {
	Hash       string    `bson:"hash"`
	Device     string    `bson:"device,omitempty"`
	Network    string    `bson:"network,omitempty"`
	SignedInAt time.Time `bson:"signed_in_at"`
	SeenAt     time.Time `bson:"seen_at"`            // to five minutes
	FreshAt    time.Time `bson:"fresh_at,omitempty"` // when a code was entered last
	FreshBy    string    `bson:"fresh_by,omitempty"` // hash of that code, which may come twice

	Destination string `bson:"destination,omitempty"` // of a sign-in by code, which may come twice
}

// browser is a browser that has signed in here before.
type browser struct {
	Hash   string    `bson:"hash"`
	SeenAt time.Time `bson:"seen_at"`
}

const (
	accessByStale    = "stale"
	accessByCustomer = "customer"
)

func accessCollection() storage.Collection {
	return storage.Collection{Name: "access", Indexes: append(job.Indexes(), []storage.Index{
		{Name: accessByStale, Fields: []storage.Field{{Path: "stale_at", Kind: storage.Time}}},
		{Name: accessByCustomer, Fields: []storage.Field{{Path: "customer", Kind: storage.String}}, Head: []string{"email"}},
	}...)}
}

// tidy moves expired links to Dead and drops entries that are no longer needed.
func (a *access) tidy(now time.Time) {
	a.Requests = slices.DeleteFunc(a.Requests, func(r request) bool {
		if r.Link != "" && !now.Before(r.Until) {
			a.bury(r, LinkExpired, r.Until)
			return true
		}
		return r.Link == "" && !now.Before(r.CodeUntil)
	})
	a.Dead = slices.DeleteFunc(a.Dead, func(e ended) bool { return now.Sub(e.At) > deadRemembered })
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s session) bool { return !s.live(now) })
	a.Proofs = slices.DeleteFunc(a.Proofs, func(p proof) bool { return !now.Before(p.Until) })
}

func (a *access) bury(r request, how LinkState, at time.Time) {
	if r.Link == "" {
		return
	}
	a.Dead = append(a.Dead, ended{Link: r.Link, How: how, At: at, Destination: r.Destination})
	a.Dead = a.Dead[max(0, len(a.Dead)-maxDead):]
}

// live returns the request of a link that still works.
func (a *access) live(link string, now time.Time) (request, bool) {
	for _, r := range a.Requests {
		if sameHash(r.Link, link) && now.Before(r.Until) {
			return r, true
		}
	}
	return request{}, false
}

// fate reports how a link ended. A link that the document never had or has forgotten counts as damaged.
func (a *access) fate(link string, now time.Time) ended {
	for _, e := range a.Dead {
		if sameHash(e.Link, link) {
			return e
		}
	}
	for _, r := range a.Requests {
		if sameHash(r.Link, link) && !now.Before(r.Until) {
			return ended{Link: link, How: LinkExpired, At: r.Until, Destination: r.Destination}
		}
	}
	return ended{How: LinkDamaged}
}

// add stores a request. If five links are live already, it is stored without its link: the existing links
// keep working, so a stranger who keeps requesting links cannot end anyone's.
func (a *access) add(r request) (linked bool) {
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
		oldest := slices.IndexFunc(a.Requests, func(o request) bool { return o.Link == "" })
		a.Requests = slices.Delete(a.Requests, oldest, oldest+1)
	}
	a.Requests = append(a.Requests, r)
	return r.Link != ""
}

// withdraw removes a request whose email certainly never arrived.
func (a *access) withdraw(entry string) {
	a.Requests = slices.DeleteFunc(a.Requests, func(r request) bool { return r.Entry == entry })
}

// admit signs a browser in with a request: it ends every link and code and adds the session.
func (a *access) admit(r request, s session, browserHash string) {
	for _, other := range a.Requests {
		how := LinkReplaced
		if other.ID == r.ID {
			how = LinkUsed
		}
		a.bury(other, how, s.SignedInAt)
	}
	a.Requests = nil
	a.announce(r, s, browserHash)
	if len(a.Sessions) >= maxSessions {
		slices.SortFunc(a.Sessions, func(x, y session) int { return x.SeenAt.Compare(y.SeenAt) })
		a.Sessions = slices.Delete(a.Sessions, 0, len(a.Sessions)-maxSessions+1)
	}
	a.Sessions = append(a.Sessions, s)
	a.Browsers = slices.DeleteFunc(a.Browsers, func(b browser) bool { return b.Hash == browserHash })
	a.Browsers = append(a.Browsers, browser{Hash: browserHash, SeenAt: s.SignedInAt})
	a.Browsers = a.Browsers[max(0, len(a.Browsers)-maxBrowsers):]
}

// belongTo assigns the document to a customer, or with "" to no one. Anything that another customer left in
// it can no longer sign anyone in.
func (a *access) belongTo(email, customer string, now time.Time) {
	if a.Customer != "" && a.Customer != customer {
		a.clear(LinkReplaced, now)
		a.Alarms, a.Work = nil, job.List{}
	}
	a.Email, a.Customer, a.StaleAt = email, customer, time.Time{}
}

// clear ends everything that lets someone in; how is what the links then say.
func (a *access) clear(how LinkState, now time.Time) {
	for _, r := range a.Requests {
		a.bury(r, how, now)
	}
	a.Requests, a.Sessions, a.Browsers, a.Proofs = nil, nil, nil, nil
}

// entered reports whether anyone is known to have signed in with the address.
func (a *access) entered() bool {
	return len(a.Sessions) > 0 || len(a.Browsers) > 0 ||
		slices.ContainsFunc(a.Dead, func(e ended) bool { return e.How == LinkUsed })
}

// session returns the live session with the given hash of its secret.
func (a *access) session(hash string, now time.Time) (session, bool) {
	for _, s := range a.Sessions {
		if sameHash(s.Hash, hash) && s.live(now) {
			return s, true
		}
	}
	return session{}, false
}

func (s session) live(now time.Time) bool {
	return now.Before(s.SeenAt.Add(sessionIdle)) && now.Before(s.SignedInAt.Add(sessionAbsolute))
}

// provenBy reports whether this code was entered in the session a moment ago, so that a second press of the
// button gets the same answer as the first.
func (s session) provenBy(code string, now time.Time) bool {
	return sameHash(s.FreshBy, codeHash(s.Hash, code)) && now.Sub(s.FreshAt) < repeatWindow
}

// prove records that a code was entered in the session.
func (s *session) prove(code string, now time.Time) {
	s.FreshAt, s.FreshBy = now, codeHash(s.Hash, code)
}

// sameHash compares stored hashes; an empty one equals none.
func sameHash(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

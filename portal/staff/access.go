package staff

import (
	"slices"
	"time"

	"postern/portal/credential"
	"postern/portal/job"
	"postern/portal/passkey"
	"postern/portal/validate"
	"postern/storage"
)

// The limits of an Access.
const (
	LinkLife        = 10 * time.Minute
	SignInMailLife  = time.Hour        // a later email would only surprise
	HalfLife        = 15 * time.Minute // of a session without the second factor
	SessionIdle     = 8 * time.Hour
	SessionAbsolute = 12 * time.Hour
	FreshLife       = 15 * time.Minute // of a second factor, for acts that require a fresh one
	FactorTries     = 5                // wrong codes in a FactorWindow
	FactorWindow    = 15 * time.Minute
	maxSessions     = 20
	maxBrowsers     = 20
)

// Access holds everything that lets one person in. Each step of the sign-in is a single Replace of it.
type Access struct {
	Email    string                 `bson:"email"`
	Lang     string                 `bson:"lang,omitempty"`    // of the pages, "" for the browser's
	Columns  []string               `bson:"columns,omitempty"` // of the list of customers, nil for the usual ones
	Links    credential.Credentials `bson:"links"`             // of its fields only the links, codes and browsers
	Sessions []Session              `bson:"sessions,omitempty"`

	Factors     int           `bson:"factors"` // the Member's number under which they were set up
	TOTP        *TOTP         `bson:"totp,omitempty"`
	Passkeys    []passkey.Key `bson:"passkeys,omitempty"`
	RecoveryKey []byte        `bson:"recovery_key,omitempty"` // sealed; keys the hashes of the recovery codes
	Recovery    []string      `bson:"recovery,omitempty"`     // hashes of the unused codes

	Tries Tries    `bson:"tries"`
	Work  job.List `bson:"work,omitempty"`
}

// TOTP is an authenticator app.
type TOTP struct {
	Secret  []byte    `bson:"secret"` // sealed
	Step    int64     `bson:"step"`   // the last one used; it and earlier ones are refused
	AddedAt time.Time `bson:"added_at"`
}

// Tries counts the wrong codes of the second factor since a time.
type Tries struct {
	Since time.Time `bson:"since,omitempty"`
	N     int       `bson:"n,omitempty"`
}

// Session is one browser that opened a link. Until ProvenAt is set, only the second factor is open to it.
type Session struct {
	Hash       string    `bson:"hash"`
	Number     int       `bson:"number"` // the Member's Sessions under which it began
	Device     string    `bson:"device,omitempty"`
	Network    string    `bson:"network,omitempty"`
	SignedInAt time.Time `bson:"signed_in_at"`
	SeenAt     time.Time `bson:"seen_at"`
	ProvenAt   time.Time `bson:"proven_at,omitempty"` // the latest second factor
	Pending    []byte    `bson:"pending,omitempty"`   // sealed secret of the app to be set up
	Before     string    `bson:"before,omitempty"`    // hash of the session before the second factor
	Proof      string    `bson:"proof,omitempty"`     // hash of the code that proved it, which may come twice
	// Destination is the page to open after the second factor, "" for the start page.
	Destination string `bson:"destination,omitempty"`
	// Challenge is the question that the answer of a passkey must be to, once.
	Challenge Challenge `bson:"challenge,omitempty"`
	// As is the customer whose pages the session shows as the customer sees them, nil for none.
	As *Impersonation `bson:"as,omitempty"`
}

// AccessCollection declares the collection of Access.
func AccessCollection() storage.Collection {
	return storage.Collection{Name: "staff_access", Indexes: job.Indexes()}
}

// AccessDocs opens the Access of a shop's staff.
func AccessDocs(engine storage.Engine, shop string) storage.Docs[Access] {
	return storage.Open[Access](engine, shop, AccessCollection())
}

// The kinds of the Access's jobs and their arguments.
const (
	KindEnrolled  = "staff_enrolled"
	KindNewDevice = "staff_new_device"
	KindFactor    = "staff_factor"
	ArgFactors    = "factors"
	ArgDevice     = "device"
	ArgNetwork    = "network"
	ArgPasskey    = "passkey" // its name
	ArgWhat       = "what"    // one of the following
)

// The changes of a person's factors that cause a notice.
const (
	RecoveryUsed    = "recovery_used"
	RecoveryRenewed = "recovery_renewed"
	PasskeyAdded    = "passkey_added"
	PasskeyRemoved  = "passkey_removed"
	PasskeyCopied   = "passkey_copied"
)

// HasFactor reports whether the person can prove a second factor under the Member's number.
func (a *Access) HasFactor(m Member) bool {
	return a.Factors == m.Factors && (a.TOTP != nil || len(a.Passkeys) > 0)
}

// Prune removes what has expired.
func (a *Access) Prune(m Member, now time.Time) {
	a.Links.PruneExpired(now)
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool { return !s.Live(m, now) })
}

// Live reports whether a session still lets in.
func (s Session) Live(m Member, now time.Time) bool {
	switch {
	case s.Number != m.Sessions, m.HasEnded(s.ID()):
		return false
	case s.ProvenAt.IsZero():
		return now.Before(s.SignedInAt.Add(HalfLife))
	}
	return now.Before(s.SeenAt.Add(SessionIdle)) && now.Before(s.SignedInAt.Add(SessionAbsolute))
}

// IsProven reports whether the session has proved a second factor.
func (s Session) IsProven() bool { return !s.ProvenAt.IsZero() }

// IsFresh reports whether it proved one within FreshLife.
func (s Session) IsFresh(now time.Time) bool { return s.IsProven() && now.Sub(s.ProvenAt) < FreshLife }

// Session returns the live session with the hash, to read or to change.
func (a *Access) Session(m Member, hash string, now time.Time) *Session {
	for i := range a.Sessions {
		if s := &a.Sessions[i]; credential.SameHash(s.Hash, hash) && s.Live(m, now) {
			return s
		}
	}
	return nil
}

// Begin signs a browser in with a request, before the second factor: it ends all links and codes.
func (a *Access) Begin(r credential.Request, s Session) {
	a.Links.Spend(r, s.SignedInAt)
	if len(a.Sessions) >= maxSessions {
		slices.SortFunc(a.Sessions, func(x, y Session) int { return x.SeenAt.Compare(y.SeenAt) })
		a.Sessions = slices.Delete(a.Sessions, 0, len(a.Sessions)-maxSessions+1)
	}
	a.Sessions = append(a.Sessions, s)
}

// Prove records the second factor of a session and gives it a new hash. It reports whether the browser was
// known; from now on it is.
func (a *Access) Prove(s *Session, hash, proof, browser string, now time.Time) (known bool) {
	s.Before, s.Hash, s.Proof = s.Hash, hash, proof
	s.ProvenAt, s.SeenAt, s.Pending, s.Challenge = now, now, nil, Challenge{}
	a.Tries = Tries{}
	before := len(a.Links.Browsers)
	a.Links.Browsers = slices.DeleteFunc(a.Links.Browsers,
		func(b credential.KnownBrowser) bool { return b.Hash == browser })
	known = len(a.Links.Browsers) < before
	a.Links.Browsers = append(a.Links.Browsers, credential.KnownBrowser{Hash: browser, SeenAt: now})
	a.Links.Browsers = a.Links.Browsers[max(0, len(a.Links.Browsers)-maxBrowsers):]
	return known
}

// Tell requests the notice of a sign-in from a browser that is not known.
func (a *Access) Tell(s *Session, now time.Time) {
	a.Work.Add(job.Request{Kind: KindNewDevice, At: now,
		Args: job.Args{ArgDevice: s.Device, ArgNetwork: s.Network}})
}

// Repeats reports whether a session was proved a moment ago by the same code, from this session or from the
// one that it was before, so that a second press of the button gets the same answer as the first.
func (a *Access) Repeats(m Member, hash, proof string, now time.Time) bool {
	return slices.ContainsFunc(a.Sessions, func(s Session) bool {
		return (credential.SameHash(s.Before, hash) || credential.SameHash(s.Hash, hash)) &&
			credential.SameHash(s.Proof, proof) && s.Live(m, now) && now.Sub(s.ProvenAt) < credential.RepeatWindow
	})
}

// Allow returns an error if too many wrong codes came in the window.
func (a *Access) Allow(now time.Time) error {
	if end := a.Tries.Since.Add(FactorWindow); a.Tries.N >= FactorTries && now.Before(end) {
		return &validate.Error{Kind: validate.TooMany, Key: "factor.too_many", RetryAfter: end.Sub(now)}
	}
	return nil
}

// CountWrong counts a wrong code.
func (a *Access) CountWrong(now time.Time) {
	if !now.Before(a.Tries.Since.Add(FactorWindow)) {
		a.Tries = Tries{Since: now}
	}
	a.Tries.N++
}

// EndSessions ends the sessions that end selects and returns how many there were.
func (a *Access) EndSessions(end func(Session) bool) int {
	before := len(a.Sessions)
	a.Sessions = slices.DeleteFunc(a.Sessions, end)
	return before - len(a.Sessions)
}

// SessionInfos returns the live proven sessions, the latest first.
func (a *Access) SessionInfos(m Member, present string, now time.Time) []credential.SessionInfo {
	var infos []credential.SessionInfo
	for _, s := range a.Sessions {
		if s.Live(m, now) && s.IsProven() {
			infos = append(infos, credential.SessionInfo{
				ID: s.ID(), Device: s.Device, Network: s.Network, SignedInAt: s.SignedInAt, SeenAt: s.SeenAt,
				Current: s.Hash == present,
			})
		}
	}
	slices.SortStableFunc(infos, func(a, b credential.SessionInfo) int { return b.SeenAt.Compare(a.SeenAt) })
	return infos
}

// ID identifies a session without letting anybody in.
func (s Session) ID() string { return s.Hash[:12] }

// Repeated returns the session that proved its second factor a moment ago, and had another hash before, or
// nil.
func (a *Access) Repeated(m Member, before string, now time.Time) *Session {
	for i := range a.Sessions {
		if s := &a.Sessions[i]; credential.SameHash(s.Before, before) && s.Live(m, now) &&
			now.Sub(s.ProvenAt) < credential.RepeatWindow {
			return s
		}
	}
	return nil
}

package merchant

import (
	"context"
	"crypto/sha256"
	"strconv"
	"time"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/credential"
	"postern/portal/job"
	"postern/portal/passkey"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// Names of what is sealed for a person.
const (
	sealTOTP     = "totp"
	sealRecovery = "recovery"
)

// SetUp is what somebody needs to add the shop to an authenticator app.
type SetUp struct {
	URL  string // content of the QR code
	Text string // the secret, to type it in
}

// Proven is the result of the second factor.
type Proven struct {
	Cookie string
	MaxAge time.Duration
	Codes  []string // the recovery codes, only after setting up the factor
}

func (p person) seal(what string) string { return portal.StaffSeal(p.shop.ID, p.member.ID, what) }

// SetUp returns what to add to an authenticator app. It stays the same for the session. It is a Conflict if
// the person has a factor.
func (c Candidate) SetUp() (SetUp, error) {
	if c.HasFactor() {
		return SetUp{}, validate.NewError(validate.Conflict, "factor.exists")
	}
	secret, err := c.app.Secret().Open(c.seal(c.session.Hash), c.session.Pending)
	if err != nil {
		return SetUp{}, stranger() // begun while there was a factor; a new link repairs it
	}
	return SetUp{URL: staff.TOTPURL(c.shop.Name, c.member.Email, secret), Text: staff.TOTPText(secret)}, nil
}

// Enrol sets up the authenticator app and signs in. It needs the app's code and the one-time code from the
// inviter. Field errors are at "code" and "enrolment". Five wrong codes from the inviter make a new one
// necessary. Sent twice, it signs in again and returns no codes.
func (c Candidate) Enrol(ctx context.Context, enrolment, code string) (Proven, error) {
	now := c.app.Now()
	if sent := staff.NormaliseTOTP(code); c.access.Repeats(c.member, c.session.Hash,
		proofOf(c.session.Hash, sent), now) {
		return Proven{Cookie: c.proven(sent).String(), MaxAge: staff.SessionAbsolute}, nil
	}
	secret, err := c.app.Secret().Open(c.seal(c.session.Hash), c.session.Pending)
	if err != nil {
		return Proven{}, stranger()
	}
	f := &validate.Validator{}
	if enrolment == "" {
		f.Reject("enrolment", "enrol.code.missing")
	}
	if code == "" {
		f.Reject("code", "enrol.app.missing")
	}
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return Proven{}, err
	}
	code = staff.NormaliseTOTP(code)
	step, right := staff.MatchTOTP(secret, code, 0, now)
	if !right { // the secret is on the page, so that this reveals nothing
		return Proven{}, wrongField("code", "factor.wrong_app")
	}
	if err := c.takeEnrolment(ctx, enrolment); err != nil {
		return Proven{}, err
	}
	proven := Proven{Cookie: c.proven(code).String(), MaxAge: staff.SessionAbsolute}
	_, err = c.docs().Change(ctx, c.member.ID, func(a *staff.Access) error {
		s := a.Session(c.member, c.session.Hash, now)
		if s == nil {
			return stranger()
		}
		app := &staff.TOTP{Secret: c.app.Secret().Seal(c.seal(sealTOTP), secret), Step: step, AddedAt: now}
		proven.Codes, err = c.enrol(a, s, code, enrolled{app: app})
		return err
	})
	if err != nil {
		return Proven{}, strangerIfMissing(err)
	}
	return proven, nil
}

// enrolled is the first factor of a person: an authenticator app or a passkey.
type enrolled struct {
	app     *staff.TOTP
	passkey *passkey.Key
}

// enrol gives a person the first factor, in place of all from before a reset, and proves it with what was
// sent. It returns new recovery codes.
func (c Candidate) enrol(a *staff.Access, s *staff.Session, sent string, first enrolled) ([]string, error) {
	if a.HasFactor(c.member) {
		return nil, validate.NewError(validate.Conflict, "factor.exists")
	}
	act := c.ownAct(audit.StaffAppAdded)
	a.TOTP, a.Passkeys = first.app, nil
	if first.passkey != nil {
		a.Passkeys = append(a.Passkeys, *first.passkey)
		act = c.ownAct(audit.StaffPasskeyAdded, audit.Change{Field: fieldPasskey, After: first.passkey.Name})
	}
	key, now := staff.NewRecoveryKey(), c.app.Now()
	codes, hashes := staff.NewRecoveryCodes(key)
	a.Factors, a.Recovery = c.member.Factors, hashes
	a.RecoveryKey = c.app.Secret().Seal(c.seal(sealRecovery), key)
	a.Prove(s, c.proven(sent).Hash(), proofOf(c.session.Hash, sent), c.browser.Hash(), now)
	a.Work.Add(job.Request{Kind: staff.KindEnrolled, At: now,
		Args: job.Args{staff.ArgFactors: strconv.Itoa(a.Factors)}})
	return codes, act.Carry(&a.Work)
}

// takeEnrolment checks the one-time code from the inviter.
func (c Candidate) takeEnrolment(ctx context.Context, text string) error {
	right := false
	hash := portal.EnrolmentHash(c.app.Secret(), c.shop.ID, text)
	_, err := c.rosters().Change(ctx, staff.RosterKey, func(r *staff.Roster) (err error) {
		right, err = r.TakeEnrolment(c.member.ID, hash, c.app.Now())
		return err
	})
	if err == nil && !right {
		err = wrongField("enrolment", "factor.wrong_enrolment")
	}
	return strangerIfMissing(err)
}

func wrongField(field, key string) error {
	return validate.InvalidFields([]validate.FieldError{{Field: field, Key: key}})
}

// proven returns the token of the session after its second factor. A second request with the same code gets
// the same; without the installation secret nobody can derive it from the earlier token.
func (p person) proven(code string) staff.Token {
	id := func(half string) string {
		return p.app.Secret().ID(p.shop.ID, "staff-session", p.session.Hash, code, half)
	}
	return p.token.With(sha256.Sum256([]byte(id("first") + id("second"))))
}

func proofOf(session, code string) string { return credential.CodeHash(session, code) }

// EnterCode proves the second factor with a code of the authenticator app or with a recovery code, and signs
// in. A wrong code is Invalid at "code"; after five in 15 minutes, all are validate.TooMany. The app's code
// works once, but the same browser may send it again within 60 seconds.
func (c Candidate) EnterCode(ctx context.Context, text string) (Proven, error) {
	code := normalise(text)
	made, proof := c.proven(code), proofOf(c.session.Hash, code)
	err := c.prove(ctx, code, func(a *staff.Access, s *staff.Session, now time.Time) {
		if !a.Prove(s, made.Hash(), proof, c.browser.Hash(), now) {
			a.Tell(s, now)
		}
	})
	return Proven{Cookie: made.String(), MaxAge: staff.SessionAbsolute}, err
}

// Confirm proves the second factor once more, so that the session is fresh. The rules are those of
// Candidate.EnterCode.
func (s Staff) Confirm(ctx context.Context, text string) error {
	code := normalise(text)
	return s.prove(ctx, code, func(a *staff.Access, live *staff.Session, now time.Time) {
		live.ProvenAt, live.SeenAt, live.Proof = now, now, proofOf(s.session.Hash, code)
		a.Tries = staff.Tries{}
	})
}

// normalise reads a code of an app, otherwise a recovery code.
func normalise(text string) string {
	if code := staff.NormaliseTOTP(text); code != "" {
		return code
	}
	return credential.NormaliseCode(text)
}

// prove checks a code and applies then in the same Replace, which also uses up the code. A wrong code is
// counted in a Replace of its own.
func (p person) prove(ctx context.Context, code string,
	then func(*staff.Access, *staff.Session, time.Time)) error {
	wrong, now := false, p.app.Now()
	_, err := p.docs().Change(ctx, p.member.ID, func(a *staff.Access) error {
		wrong = false
		if a.Repeats(p.member, p.session.Hash, proofOf(p.session.Hash, code), now) {
			return storage.ErrUnchanged
		}
		s := a.Session(p.member, p.session.Hash, now)
		if s == nil || !a.HasFactor(p.member) {
			return stranger()
		}
		if err := a.Allow(now); err != nil {
			return err
		}
		right, err := p.take(a, code, now)
		if err != nil {
			return err
		}
		if wrong = !right; wrong {
			a.CountWrong(now)
			return nil
		}
		then(a, s, now)
		return nil
	})
	if err == nil && wrong {
		err = wrongField("code", "factor.wrong")
	}
	return strangerIfMissing(err)
}

// take uses up a code, if it is right.
func (p person) take(a *staff.Access, code string, now time.Time) (bool, error) {
	switch {
	case code == "":
		return false, nil
	case staff.NormaliseTOTP(code) != "" && a.TOTP != nil:
		secret, err := p.app.Secret().Open(p.seal(sealTOTP), a.TOTP.Secret)
		if err != nil {
			return false, err
		}
		step, right := staff.MatchTOTP(secret, code, a.TOTP.Step, now)
		if right {
			a.TOTP.Step = step
		}
		return right, nil
	case len(a.RecoveryKey) == 0:
		return false, nil
	}
	key, err := p.app.Secret().Open(p.seal(sealRecovery), a.RecoveryKey)
	if err != nil || !a.TakeRecovery(key, code) {
		return false, err
	}
	a.Work.Add(job.Request{Kind: staff.KindFactor, At: now, Args: job.Args{staff.ArgWhat: staff.RecoveryUsed,
		staff.ArgDevice: p.browser.Device(), staff.ArgNetwork: p.browser.Network()}})
	return true, nil
}

// Factors describes a person's second factors to that person.
type Factors struct {
	AppSince time.Time // when the authenticator app was set up; zero for none
	Passkeys []passkey.Key
	Recovery int // unused recovery codes
}

// Factors returns the person's second factors.
func (s Staff) Factors() Factors {
	f := Factors{Passkeys: s.access.Passkeys, Recovery: len(s.access.Recovery)}
	if s.access.TOTP != nil {
		f.AppSince = s.access.TOTP.AddedAt
	}
	return f
}

// RenewRecovery replaces the recovery codes and returns the new ones. It needs a fresh second factor.
func (s Staff) RenewRecovery(ctx context.Context) ([]string, error) {
	if err := s.requireFresh(); err != nil {
		return nil, err
	}
	key, now := staff.NewRecoveryKey(), s.app.Now()
	codes, hashes := staff.NewRecoveryCodes(key)
	err := s.changeAccess(ctx, func(a *staff.Access) error {
		a.Recovery, a.RecoveryKey = hashes, s.app.Secret().Seal(s.seal(sealRecovery), key)
		a.Work.Add(job.Request{Kind: staff.KindFactor, At: now, Args: job.Args{
			staff.ArgWhat: staff.RecoveryRenewed, staff.ArgDevice: s.browser.Device(),
			staff.ArgNetwork: s.browser.Network()}})
		return nil
	})
	return codes, err
}

// changeAccess changes the person's access, if the session still lives: for the roster as it is now, too, not
// as this request found it.
func (s Staff) changeAccess(ctx context.Context, change func(*staff.Access) error) error {
	_, err := s.docs().Change(ctx, s.member.ID, func(a *staff.Access) error {
		m, err := s.present(ctx)
		if err != nil {
			return err
		}
		if a.Session(m, s.session.Hash, s.app.Now()) == nil || !a.HasFactor(m) {
			return stranger()
		}
		return change(a)
	})
	return strangerIfMissing(err)
}

// present returns the person as the roster has them at this moment.
func (p person) present(ctx context.Context) (staff.Member, error) {
	roster, _, err := p.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return staff.Member{}, strangerIfMissing(err)
	}
	m, found := roster.ByID(p.member.ID)
	if !found {
		return m, stranger()
	}
	return m, nil
}

func (s Staff) requireFresh() error {
	if !s.IsFresh() {
		return validate.NewError(validate.StepUp, "error.staff_confirm")
	}
	return nil
}

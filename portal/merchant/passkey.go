package merchant

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/passkey"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// fieldPasskey is the name of a passkey in the log.
const fieldPasskey = "passkey"

// maxPasskeyName is the length of a passkey's name in characters.
const maxPasskeyName = 60

// PasskeyOffer says whether a person can use passkeys.
type PasskeyOffer struct {
	Host      string // that they are for
	Why       string // the message key of why there are none, "" if there are
	Usable    bool   // the person has one that works here
	Elsewhere bool   // the person has one that does not, because the shop's address has changed
}

// PasskeyOffer returns whether the person can use passkeys. Only the shop's base URL decides, not the address
// that the browser has opened.
func (p person) PasskeyOffer() PasskeyOffer {
	site, err := p.site()
	if err != nil {
		return PasskeyOffer{Why: validate.KeyOf(err)}
	}
	offer := PasskeyOffer{Host: site.Host}
	for _, k := range p.access.Owner(p.member).Keys {
		offer.Usable = offer.Usable || k.Works(site.Host)
		offer.Elsewhere = offer.Elsewhere || k.Host != site.Host
	}
	return offer
}

// Device names the browser of this request, "" for an unknown one.
func (s Staff) Device() string { return s.browser.Device() }

// HasApp reports whether the person has set up an authenticator app.
func (c Candidate) HasApp() bool { return c.HasFactor() && c.access.TOTP != nil }

// Passkey returns one of the person's passkeys.
func (s Staff) Passkey(ref string) (key passkey.Key, found bool) {
	if mine := s.access.Passkey(ref); mine != nil {
		return *mine, true
	}
	return key, false
}

// site returns the shop as the site of passkeys. It is a Conflict if browsers make none there.
func (p person) site() (passkey.Site, error) {
	site, err := passkey.NewSite(p.shop.Name, p.shop.BaseURL)
	key := ""
	switch {
	case errors.Is(err, passkey.ErrAddress):
		key = "passkey.why.address"
	case errors.Is(err, passkey.ErrInsecure):
		key = "passkey.why.insecure"
	default:
		return site, err
	}
	return site, &validate.Error{Kind: validate.Conflict, Key: key, Cause: err}
}

// AskPasskey returns what the browser asks the authenticator for: to prove a passkey, or to make the first
// one. Making one needs the one-time code from the inviter, so that no passkey is made in vain.
func (c Candidate) AskPasskey(ctx context.Context, enrolment string) (options []byte, err error) {
	if c.HasFactor() {
		return c.ask(ctx, passkey.Site.AskProof)
	}
	f := &validate.Validator{}
	f.Required("enrolment", enrolment)
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return nil, err
	}
	if err := c.takeEnrolment(ctx, enrolment); err != nil {
		return nil, err
	}
	return c.ask(ctx, passkey.Site.Ask)
}

// AskPasskey returns what the browser asks the authenticator for to prove one of the person's passkeys.
func (s Staff) AskPasskey(ctx context.Context) (options []byte, err error) {
	return s.ask(ctx, passkey.Site.AskProof)
}

// AskNewPasskey returns what the browser asks the authenticator for to make one more passkey. It needs a fresh
// second factor.
func (s Staff) AskNewPasskey(ctx context.Context) (options []byte, err error) {
	if err := s.requireFresh(); err != nil {
		return nil, err
	}
	return s.ask(ctx, passkey.Site.Ask)
}

// ask stores the challenge of a question in the session and returns the question's options.
func (p person) ask(ctx context.Context,
	question func(passkey.Site, passkey.Person) ([]byte, string, error)) ([]byte, error) {
	site, err := p.site()
	if err != nil {
		return nil, err
	}
	options, challenge, err := question(site, p.access.Owner(p.member))
	if err != nil {
		return nil, refusal(err)
	}
	_, err = p.docs().Change(ctx, p.member.ID, func(a *staff.Access) error {
		now := p.app.Now()
		s := a.Session(p.member, p.session.Hash, now)
		if s == nil {
			return stranger()
		}
		s.Challenge = staff.NewChallenge(challenge, now)
		return nil
	})
	return options, strangerIfMissing(err)
}

// refusal returns the error for the person to whose answer a passkey error belongs.
func refusal(err error) error {
	for _, known := range []struct {
		err error
		key string
	}{{passkey.ErrSite, "passkey.site"}, {passkey.ErrUnknown, "passkey.unknown"},
		{passkey.ErrCopied, "passkey.copied"}, {passkey.ErrRefused, "passkey.refused"}} {
		if errors.Is(err, known.err) {
			return &validate.Error{Kind: validate.Invalid, Key: known.key, Cause: err}
		}
	}
	return err
}

// digest identifies the answer of a passkey, as a code does the answer of an app.
func digest(answer string) string {
	sum := sha256.Sum256([]byte(answer))
	return "passkey " + hex.EncodeToString(sum[:])
}

// EnterPasskey proves the second factor with the answer of a passkey, and signs in. A refused answer is
// Invalid. The challenge works once, but the same browser may send the same answer again within 60 seconds.
func (c Candidate) EnterPasskey(ctx context.Context, answer string) (Proven, error) {
	sent := digest(answer)
	made := c.proven(sent)
	err := c.provePasskey(ctx, answer, func(a *staff.Access, s *staff.Session, now time.Time) {
		if !a.Prove(s, made.Hash(), proofOf(c.session.Hash, sent), c.browser.Hash(), now) {
			a.Tell(s, now)
		}
	})
	return Proven{Cookie: made.String(), MaxAge: staff.SessionAbsolute}, err
}

// ConfirmPasskey proves the second factor once more, so that the session is fresh. The rules are those of
// Candidate.EnterPasskey.
func (s Staff) ConfirmPasskey(ctx context.Context, answer string) error {
	return s.provePasskey(ctx, answer, func(a *staff.Access, live *staff.Session, now time.Time) {
		live.ProvenAt, live.SeenAt, live.Proof = now, now, proofOf(s.session.Hash, digest(answer))
		a.Tries = staff.Tries{}
	})
}

// provePasskey checks an answer and applies then in the Replace that uses up the challenge. A passkey whose
// counter went back no longer works from then on.
func (p person) provePasskey(ctx context.Context, answer string,
	then func(*staff.Access, *staff.Session, time.Time)) error {
	site, err := p.site()
	if err != nil {
		return err
	}
	key, proved := site.Prove(p.access.Owner(p.member), p.session.Challenge.Text, answer)
	return p.answered(ctx, digest(answer), func(a *staff.Access, s *staff.Session) error {
		wrong, now := proved, p.app.Now()
		if !a.HasFactor(p.member) {
			return stranger()
		}
		if errors.Is(wrong, passkey.ErrCopied) {
			if mine := a.Passkey(key.Ref()); mine != nil && mine.CopiedAt.IsZero() {
				mine.CopiedAt = now
				p.tellOfPasskey(a, staff.PasskeyCopied, mine.Name)
			}
		}
		if wrong == nil && !a.UsePasskey(key, now) {
			wrong = passkey.ErrUnknown
		}
		if wrong == nil {
			then(a, s, now)
		}
		return refusal(wrong)
	})
}

// answered uses up the session's challenge and applies do, in one Replace. do may refuse the answer with an
// Invalid error after it changed something else. The same answer once more, soon after, changes nothing.
func (p person) answered(ctx context.Context, sent string,
	do func(*staff.Access, *staff.Session) error) error {
	var refused error
	_, err := p.docs().Change(ctx, p.member.ID, func(a *staff.Access) error {
		refused = nil
		m, err := p.present(ctx)
		if err != nil {
			return err
		}
		now := p.app.Now()
		if a.Repeats(m, p.session.Hash, proofOf(p.session.Hash, sent), now) {
			return storage.ErrUnchanged
		}
		s := a.Session(m, p.session.Hash, now)
		if s == nil {
			return stranger()
		}
		if !s.TakeChallenge(p.session.Challenge, now) {
			refused = validate.NewError(validate.Invalid, "passkey.expired")
			return nil
		}
		err = do(a, s)
		if validate.KindOf(err) == validate.Invalid {
			refused, err = err, nil
		}
		return err
	})
	if err != nil {
		return strangerIfMissing(err)
	}
	return refused
}

// EnrolPasskey sets up a passkey as the first factor and signs in. It needs the one-time code from the inviter,
// too; a wrong one is a field error at "enrolment". Otherwise the rules are those of Enrol and EnterPasskey.
func (c Candidate) EnrolPasskey(ctx context.Context, enrolment, name, answer string) (Proven, error) {
	sent := digest(answer)
	proven := Proven{Cookie: c.proven(sent).String(), MaxAge: staff.SessionAbsolute}
	if c.access.Repeats(c.member, c.session.Hash, proofOf(c.session.Hash, sent), c.app.Now()) {
		return proven, nil
	}
	key, wrong, err := c.newPasskey(name, answer)
	if err == nil && wrong == nil {
		err = c.takeEnrolment(ctx, enrolment)
	}
	if err != nil {
		return Proven{}, err
	}
	err = c.answered(ctx, sent, func(a *staff.Access, s *staff.Session) error {
		if wrong != nil {
			return wrong
		}
		codes, err := c.enrol(a, s, sent, enrolled{passkey: &key})
		proven.Codes = codes
		return err
	})
	if err != nil {
		return Proven{}, err
	}
	return proven, nil
}

// newPasskey checks the answer that makes a passkey. wrong is why it is refused.
func (p person) newPasskey(name, answer string) (key passkey.Key, wrong, err error) {
	site, err := p.site()
	if err != nil {
		return key, nil, err
	}
	if name, err = passkeyName(name, p.browser.Device()); err != nil {
		return key, nil, err
	}
	key, wrong = site.Add(p.access.Owner(p.member), p.session.Challenge.Text, answer)
	key.Name, key.AddedAt = name, p.app.Now()
	return key, refusal(wrong), nil
}

// passkeyName reads the name of a passkey. Without one, it is that of the device.
func passkeyName(text, device string) (string, error) {
	f := &validate.Validator{}
	name := f.Text("name", text, maxPasskeyName)
	if name == "" {
		name = device
	}
	if name == "" {
		f.Required("name", name)
	}
	return name, validate.InvalidFields(f.Rejected)
}

// AddPasskey adds one more passkey. It needs a fresh second factor. A refused answer is Invalid; one more than
// staff.MaxPasskeys is a Conflict.
func (s Staff) AddPasskey(ctx context.Context, name, answer string) error {
	if err := s.requireFresh(); err != nil {
		return err
	}
	key, wrong, err := s.newPasskey(name, answer)
	if err != nil {
		return err
	}
	return s.answered(ctx, digest(answer), func(a *staff.Access, _ *staff.Session) error {
		if wrong != nil {
			return wrong
		}
		if err := a.AddPasskey(key); err != nil {
			return err
		}
		s.tellOfPasskey(a, staff.PasskeyAdded, key.Name)
		return s.ownAct(audit.StaffPasskeyAdded, audit.Change{Field: fieldPasskey, After: key.Name}).Carry(&a.Work)
	})
}

// RenamePasskey gives a passkey another name. Field errors are at "name".
func (s Staff) RenamePasskey(ctx context.Context, ref, name string) error {
	name, err := passkeyName(name, "")
	if err != nil {
		return err
	}
	return s.changeAccess(ctx, func(a *staff.Access) error {
		key := a.Passkey(ref)
		if key == nil {
			return validate.NewError(validate.NotFound, "")
		}
		key.Name = name
		return nil
	})
}

// RemovePasskey removes a passkey. It needs a fresh second factor; the last one that works is a Conflict.
func (s Staff) RemovePasskey(ctx context.Context, ref string) error {
	if err := s.requireFresh(); err != nil {
		return err
	}
	return s.changeAccess(ctx, func(a *staff.Access) error {
		key, err := a.RemovePasskey(ref, s.PasskeyOffer().Host)
		if err != nil {
			return err
		}
		s.tellOfPasskey(a, staff.PasskeyRemoved, key.Name)
		return s.ownAct(audit.StaffPasskeyRemoved, audit.Change{Field: fieldPasskey, Before: key.Name}).Carry(&a.Work)
	})
}

// tellOfPasskey requests the notices of what happened to a passkey.
func (p person) tellOfPasskey(a *staff.Access, what, name string) {
	a.Work.Add(job.Request{Kind: staff.KindFactor, At: p.app.Now(), Args: job.Args{
		staff.ArgWhat: what, staff.ArgPasskey: name, staff.ArgDevice: p.browser.Device(),
		staff.ArgNetwork: p.browser.Network()}})
}

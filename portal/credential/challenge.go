package credential

import (
	"slices"
	"time"

	"postern/storage"
)

// Challenge is a code that one session requested and that was emailed to an address. Entering it in that
// session proves that its user can read the mailbox now, which an old link or a stolen session does not
// show.
type Challenge struct {
	ID      string    `bson:"id"`
	Entry   string    `bson:"entry"`   // of the outbox, for the email with the code
	Kind    string    `bson:"kind"`    // of the email; decides what the code is for
	Session string    `bson:"session"` // hash of the only session that may enter it
	Email   string    `bson:"email"`   // canonical address of the mailbox
	Code    string    `bson:"code"`    // hash
	Until   time.Time `bson:"until"`   // the first moment when it no longer works
	Mark    Mark      `bson:"mark"`    // of the counter of tries when the code was made
}

const (
	maxChallenges = 5 // per session
	VerifiedLife  = 15 * time.Minute
	CodesAnHour   = 6 // requests per session
	// OwnCodes of a session's CodesAnHour do not depend on other sessions. The rest share a limit per
	// customer of three times CodesAnHour.
	OwnCodes   = 3
	CodesADay  = 5  // per day from one customer to one unconfirmed address
	CodesToOne = 30 // per day to one address, from all customers
	MailStepUp = "step_up"
	PaySession = "session"
)

// AddChallenge adds a proof. It replaces the proof of an earlier attempt at the same email, unless that email
// may have arrived.
func (a *Credentials) AddChallenge(p Challenge, unsure bool, now time.Time) {
	a.Challenges = slices.DeleteFunc(a.Challenges, func(old Challenge) bool {
		return !now.Before(old.Until) || old.Entry == p.Entry && !unsure
	})
	ofSession := 0
	for _, other := range slices.Backward(a.Challenges) {
		if SameHash(other.Session, p.Session) {
			ofSession++
		}
	}
	for i := 0; ofSession >= maxChallenges; { // only its own, so that a session cannot displace another one's
		if SameHash(a.Challenges[i].Session, p.Session) {
			a.Challenges = slices.Delete(a.Challenges, i, i+1)
			ofSession--
			continue
		}
		i++
	}
	a.Challenges = append(a.Challenges, p)
}

// Matches reports whether the proof matches the kind, address and session of wanted.
func (p Challenge) Matches(wanted Challenge) bool {
	return p.Kind == wanted.Kind && p.Email == wanted.Email && SameHash(p.Session, wanted.Session)
}

// Accepts reports whether the code of the proof may be tried for wanted. tried includes this try.
func (p Challenge) Accepts(wanted Challenge, tried Tally, now time.Time) bool {
	return p.Matches(wanted) && tried.since(p.Mark) <= CodeTries && now.Before(p.Until)
}

// TakeChallenge applies the rules of a code: the right one ends all proofs of its kind, address and session.
// It returns storage.ErrUnchanged for a wrong code or an ended session.
func (a *Credentials) TakeChallenge(wanted Challenge, code string, tried Tally, now time.Time) error {
	if _, live := a.Session(wanted.Session, now); !live {
		return storage.ErrUnchanged
	}
	proven := slices.ContainsFunc(a.Challenges, func(p Challenge) bool {
		return p.Accepts(wanted, tried, now) && SameHash(p.Code, CodeHash(p.ID, code))
	})
	if !proven {
		return storage.ErrUnchanged
	}
	a.Challenges = slices.DeleteFunc(a.Challenges, func(p Challenge) bool { return p.Matches(wanted) })
	return nil
}

// Verified reports whether this code was entered in the session a moment ago.
func (a *Credentials) Verified(session, code string, now time.Time) bool {
	s, live := a.Session(session, now)
	return live && s.VerifiedBy(code, now)
}

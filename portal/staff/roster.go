package staff

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"postern/portal/credential"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// The limits of a roster.
const (
	MaxMembers     = 200
	EnrolmentLife  = 7 * 24 * time.Hour // of an invitation and its code
	EnrolmentTries = 5
)

// RosterKey is the key of the one document of a shop.
const RosterKey = "roster"

// Roster lists the staff of a shop.
type Roster struct {
	Members []Member `bson:"members,omitempty"`
	Work    job.List `bson:"work,omitempty"`
}

// Member is a person on the roster.
type Member struct {
	ID         string    `bson:"id"` // 16 random bytes as base64url; also the key of the person's Access
	Email      string    `bson:"email"`
	Role       Role      `bson:"role"`
	InvitedAt  time.Time `bson:"invited_at"`
	EnrolledAt time.Time `bson:"enrolled_at,omitempty"` // zero until the present factors are set up
	Enrolment  Enrolment `bson:"enrolment"`
	// Factors counts how often the factors were reset, and Sessions how often all sessions were ended. What was
	// made under an earlier number is void, so that one write of the roster ends it.
	Factors  int `bson:"factors"`
	Sessions int `bson:"sessions"`
	// Ended lists single sessions that somebody ended, until they would have ended by themselves.
	Ended []EndedSession `bson:"ended,omitempty"`
}

// EndedSession is a session that somebody else ended.
type EndedSession struct {
	ID    string    `bson:"id"`
	Until time.Time `bson:"until"`
}

// Enrolment is the one-time code that setting up the factors requires.
type Enrolment struct {
	Hash  string    `bson:"hash,omitempty"`
	Until time.Time `bson:"until,omitempty"` // the first moment when it no longer works
	Tries int       `bson:"tries,omitempty"` // wrong ones
}

// RosterCollection declares the collection of the rosters.
func RosterCollection() storage.Collection {
	return storage.Collection{Name: "staff", Indexes: job.Indexes()}
}

// RosterDocs opens the roster of a shop.
func RosterDocs(engine storage.Engine, shop string) storage.Docs[Roster] {
	return storage.Open[Roster](engine, shop, RosterCollection())
}

// The kind of the roster's job, the events that it reports, and its arguments.
const (
	KindTell     = "staff_tell"
	EventInvited = "invited"
	EventRole    = "role"
	EventReset   = "reset"
	EventRemoved = "removed"
	ArgEvent     = "event"
	ArgMember    = "member"
	ArgEmail     = "email"
	ArgRole      = "role"
	ArgBy        = "by" // the email of who did it, "" for the command line
)

func newID() string {
	id := make([]byte, 16)
	rand.Read(id) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(id)
}

// ByID returns a member.
func (r *Roster) ByID(id string) (Member, bool) {
	return r.find(func(m Member) bool { return m.ID == id })
}

// ByEmail returns the member with a canonical email.
func (r *Roster) ByEmail(email string) (Member, bool) {
	return r.find(func(m Member) bool { return m.Email == email })
}

func (r *Roster) find(is func(Member) bool) (Member, bool) {
	if i := slices.IndexFunc(r.Members, is); i >= 0 {
		return r.Members[i], true
	}
	return Member{}, false
}

// Owners returns the owners who can sign in.
func (r *Roster) Owners() []Member {
	return slices.DeleteFunc(slices.Clone(r.Members), func(m Member) bool {
		return m.Role != Owner || !m.IsEnrolled()
	})
}

// IsEnrolled reports whether the member has set up the present factors.
func (m Member) IsEnrolled() bool { return !m.EnrolledAt.IsZero() }

// HasExpired reports whether the member never enrolled and no longer can.
func (m Member) HasExpired(now time.Time) bool {
	return !m.IsEnrolled() && !now.Before(m.Enrolment.Until)
}

// Invite adds a person, or invites again one who has not enrolled. hash is that of the one-time code. A
// person who has enrolled is a Conflict, as is a full roster.
func (r *Roster) Invite(email string, role Role, hash, by string, now time.Time) (Member, error) {
	at := slices.IndexFunc(r.Members, func(m Member) bool { return m.Email == email })
	switch {
	case at >= 0 && r.Members[at].IsEnrolled():
		return Member{}, validate.NewError(validate.Conflict, "staff.exists")
	case at >= 0 && r.Members[at].Role == Owner && role != Owner && r.IsLastOwner(r.Members[at]):
		return Member{}, validate.NewError(validate.Conflict, "staff.last_owner")
	case at < 0 && len(r.Members) >= MaxMembers:
		return Member{}, validate.NewError(validate.Conflict, "staff.full")
	case at < 0:
		r.Members = append(r.Members, Member{ID: newID(), Email: email})
		at = len(r.Members) - 1
	}
	m := &r.Members[at]
	m.Role, m.InvitedAt = role, now
	m.restart(hash, now)
	r.tell(EventInvited, *m, by, now)
	return *m, nil
}

// restart makes the member enrol again: earlier factors and sessions become void.
func (m *Member) restart(hash string, now time.Time) {
	m.Factors++
	m.Sessions++
	m.EnrolledAt = time.Time{}
	m.Enrolment = Enrolment{Hash: hash, Until: now.Add(EnrolmentLife)}
}

// SetRole changes a role and ends the member's sessions. The last owner is a Conflict.
func (r *Roster) SetRole(id string, role Role, by string, now time.Time) error {
	m := r.member(id)
	switch {
	case m == nil:
		return validate.NewError(validate.NotFound, "")
	case m.Role == role:
		return storage.ErrUnchanged
	case r.IsLastOwner(*m):
		return validate.NewError(validate.Conflict, "staff.last_owner")
	}
	m.Role = role
	m.Sessions++
	r.tell(EventRole, *m, by, now)
	return nil
}

// ResetFactor makes a member set up new factors with a new one-time code.
func (r *Roster) ResetFactor(id, hash, by string, now time.Time) error {
	m := r.member(id)
	if m == nil {
		return validate.NewError(validate.NotFound, "")
	}
	m.restart(hash, now)
	r.tell(EventReset, *m, by, now)
	return nil
}

// Remove removes a member, whose sessions and links end with the write. The last owner is a Conflict.
func (r *Roster) Remove(id, by string, now time.Time) error {
	m := r.member(id)
	switch {
	case m == nil:
		return validate.NewError(validate.NotFound, "")
	case r.IsLastOwner(*m):
		return validate.NewError(validate.Conflict, "staff.last_owner")
	}
	r.tell(EventRemoved, *m, by, now)
	r.Members = slices.DeleteFunc(r.Members, func(m Member) bool { return m.ID == id })
	return nil
}

// EndSessions ends all sessions of a member.
func (r *Roster) EndSessions(id string) error {
	m := r.member(id)
	if m == nil {
		return validate.NewError(validate.NotFound, "")
	}
	m.Sessions++
	return nil
}

// EndSession ends one session of a member by its id.
func (r *Roster) EndSession(id, session string, now time.Time) error {
	m := r.member(id)
	if m == nil {
		return validate.NewError(validate.NotFound, "")
	}
	if m.HasEnded(session) {
		return storage.ErrUnchanged
	}
	m.Ended = slices.DeleteFunc(slices.Clone(m.Ended), func(e EndedSession) bool { return !now.Before(e.Until) })
	m.Ended = append(m.Ended, EndedSession{ID: session, Until: now.Add(SessionAbsolute)})
	return nil
}

// HasEnded reports whether somebody ended a single session of the member, by its id.
func (m Member) HasEnded(session string) bool {
	return slices.ContainsFunc(m.Ended, func(e EndedSession) bool { return e.ID == session })
}

// Fields returns what the log compares of a member, by name. A member who does not exist has none.
func (m Member) Fields() map[string]string {
	if m.ID == "" {
		return map[string]string{}
	}
	fields := map[string]string{"email": m.Email, "role": string(m.Role)}
	if m.IsEnrolled() {
		fields["enrolled_at"] = m.EnrolledAt.UTC().Format(time.RFC3339)
	}
	return fields
}

// IsLastOwner reports whether no other owner would be left who can do the same: one who can sign in if this
// one can.
func (r *Roster) IsLastOwner(m Member) bool {
	return m.Role == Owner && !slices.ContainsFunc(r.Members, func(other Member) bool {
		return other.ID != m.ID && other.Role == Owner && (other.IsEnrolled() || !m.IsEnrolled())
	})
}

func (r *Roster) member(id string) *Member {
	if i := slices.IndexFunc(r.Members, func(m Member) bool { return m.ID == id }); i >= 0 {
		return &r.Members[i]
	}
	return nil
}

func (r *Roster) tell(event string, m Member, by string, now time.Time) {
	r.Work.Add(job.Request{Kind: KindTell, At: now, Args: job.Args{
		ArgEvent: event, ArgMember: m.ID, ArgEmail: m.Email, ArgRole: string(m.Role), ArgBy: by,
	}})
}

// TakeEnrolment checks the hash of a one-time code. A wrong one is counted; after five, the right one is
// refused, too. Both outcomes write the roster, so that parallel guesses take turns.
func (r *Roster) TakeEnrolment(id, hash string, now time.Time) (right bool, err error) {
	m := r.member(id)
	if m == nil || m.Enrolment.Tries >= EnrolmentTries || !now.Before(m.Enrolment.Until) {
		return false, storage.ErrUnchanged
	}
	if right = credential.SameHash(m.Enrolment.Hash, hash); !right {
		m.Enrolment.Tries++
	}
	return right, nil
}

// Enrolled records that a member has set up factors, unless they have been reset since.
func (r *Roster) Enrolled(id string, factors int, at time.Time) error {
	m := r.member(id)
	if m == nil || m.Factors != factors || m.IsEnrolled() {
		return storage.ErrUnchanged
	}
	m.EnrolledAt, m.Enrolment = at, Enrolment{}
	return nil
}

// Package audit is the log of the acts on a shop's customers and staff: who did what to whom, when, why, and
// what it changed. Entries are only added, and each contains the hash of the one before, so that a change to
// the log can be found.
//
// An entry consists of two documents. The link belongs to the chain and names no customer. The detail holds
// everything about the customer and is emptied when the customer is erased, which leaves the chain intact.
//
// The package must not know customers, orders or any other document that an act changes.
package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// Kind is what was done.
type Kind string

// The kinds of acts.
const (
	CustomerCreated          Kind = "customer.created"
	CustomerViewed           Kind = "customer.viewed"
	CustomerChanged          Kind = "customer.changed"
	CustomerUndone           Kind = "customer.undone" // an earlier act, which Act.Undoes names
	CustomerSignedOut        Kind = "customer.signed_out"
	CustomerLinkSent         Kind = "customer.link_sent"
	CustomerDisabled         Kind = "customer.disabled"
	CustomerEnabled          Kind = "customer.enabled"
	CustomerImpersonated     Kind = "customer.impersonated" // staff signed in as the customer
	CustomerErasureRequested Kind = "customer.erasure_requested"
	CustomerErasureCancelled Kind = "customer.erasure_cancelled"
	CustomerErased           Kind = "customer.erased" // names no customer
	CustomerEmailChanged     Kind = "customer.email_changed"
	CustomerMerged           Kind = "customer.merged"    // on both: the survivor and the account that it took in
	CustomerSeparated        Kind = "customer.separated" // after an undone merge, the log forgot the other's details
	OrderDeleted             Kind = "order.deleted"

	LogExported Kind = "log.exported" // all of it, or what is about one customer

	StaffInvited     Kind = "staff.invited" // also once more, until they enrol
	StaffRoleChanged Kind = "staff.role_changed"
	StaffFactorReset Kind = "staff.factor_reset"
	StaffSignedOut   Kind = "staff.signed_out" // of one session or of all
	StaffRemoved     Kind = "staff.removed"

	StaffPasskeyAdded   Kind = "staff.passkey_added"   // to one's own sign-in, as are those below
	StaffPasskeyRemoved Kind = "staff.passkey_removed" //nolint:gosec // a name
	StaffAppAdded       Kind = "staff.app_added"

	NoteAdded   Kind = "note.added"
	NoteChanged Kind = "note.changed"
	NoteDeleted Kind = "note.deleted"

	MessageSent    Kind = "message.sent"
	RequestDecided Kind = "request.decided"
	GroupCreated   Kind = "group.created" // acts on groups name no customer
	GroupChanged   Kind = "group.changed"
	GroupDeleted   Kind = "group.deleted"
	GroupRestored  Kind = "group.restored" // after it was deleted
	GroupUndone    Kind = "group.undone"   // a change, which Act.Undoes names
	ViewShared     Kind = "view.shared"    // acts on shared views of the list of customers name no customer
	ViewChanged    Kind = "view.changed"
	ViewDeleted    Kind = "view.deleted"
	ViewOpened     Kind = "view.opened" // a role's list opens with it, or no longer does

	CustomersExported   Kind = "customers.exported"   // into a file; these name no customer
	CustomersDownloaded Kind = "customers.downloaded" // the file

	WithdrawalDecided Kind = "withdrawal.decided" // names no customer if none has the address
	EmailResent       Kind = "email.resent"       // likewise
	JobRetried        Kind = "job.retried"        // a job that was given up; names no customer
	JobDismissed      Kind = "job.dismissed"      // likewise
	KeyCreated        Kind = "key.created"        // an API key
	KeyRevoked        Kind = "key.revoked"
)

// Undo says whether an act can be undone.
type Undo string

// The ways in which an act can be undone.
const (
	UndoNever Undo = "never"
	UndoDays  Undo = "days" // for UndoPeriod
	UndoUntil Undo = "date" // until a date that the act itself sets, such as that of an erasure
)

// UndoPeriod is how long an act can be undone.
const UndoPeriod = 30 * 24 * time.Hour

// Undos declares for each kind of act whether it can be undone.
func Undos() map[Kind]Undo {
	return map[Kind]Undo{
		CustomerCreated:          UndoNever, // an erasure removes the account
		CustomerViewed:           UndoNever,
		CustomerChanged:          UndoDays,
		CustomerUndone:           UndoNever,
		CustomerSignedOut:        UndoNever,
		CustomerLinkSent:         UndoNever,
		CustomerDisabled:         UndoDays,
		CustomerEnabled:          UndoNever, // disabling again also ends the sessions
		CustomerImpersonated:     UndoNever,
		CustomerErasureRequested: UndoUntil,
		CustomerErasureCancelled: UndoNever, // a new request starts a new period
		CustomerErased:           UndoNever,
		CustomerEmailChanged:     UndoNever, // whoever has the old address can, by the email to it
		CustomerMerged:           UndoDays,  // by the batch that did it
		CustomerSeparated:        UndoNever, // what was forgotten is another person's
		OrderDeleted:             UndoNever, // the feed can send it again
		LogExported:              UndoNever,
		StaffInvited:             UndoNever, // these concern who can sign in
		StaffRoleChanged:         UndoNever,
		StaffFactorReset:         UndoNever,
		StaffSignedOut:           UndoNever,
		StaffRemoved:             UndoNever,
		StaffPasskeyAdded:        UndoNever,
		StaffPasskeyRemoved:      UndoNever,
		StaffAppAdded:            UndoNever,
		NoteAdded:                UndoDays,
		NoteChanged:              UndoDays,
		NoteDeleted:              UndoDays,
		MessageSent:              UndoNever, // it was emailed
		RequestDecided:           UndoNever, // likewise
		WithdrawalDecided:        UndoNever, // it was emailed
		EmailResent:              UndoNever,
		JobRetried:               UndoNever,
		JobDismissed:             UndoNever, // the job is gone
		KeyCreated:               UndoNever, // it can be revoked
		KeyRevoked:               UndoNever, // its secret is not stored
		GroupCreated:             UndoNever, // it can be deleted
		GroupChanged:             UndoDays,
		GroupDeleted:             UndoDays, // by the batch that took the members out
		GroupRestored:            UndoNever,
		GroupUndone:              UndoNever,
		ViewShared:               UndoNever, // views can be saved again, and changed back
		ViewChanged:              UndoNever,
		ViewDeleted:              UndoNever,
		ViewOpened:               UndoNever,
		CustomersExported:        UndoNever,
		CustomersDownloaded:      UndoNever,
	}
}

// IsOnStaff reports whether acts of the kind are about a member of staff, and not about a customer.
func (k Kind) IsOnStaff() bool { return strings.HasPrefix(string(k), "staff.") }

// Kinds lists all kinds of acts.
func Kinds() []Kind { return slices.Sorted(maps.Keys(Undos())) }

// ActorKind is the kind of actor that did something.
type ActorKind string

// The kinds of actors.
const (
	Staff    ActorKind = "staff"
	Operator ActorKind = "operator"
	Feed     ActorKind = "feed"
	Worker   ActorKind = "worker"
)

// ActorKinds lists all kinds of actors.
func ActorKinds() []ActorKind { return []ActorKind{Staff, Operator, Feed, Worker} }

// Actor is who did something.
type Actor struct {
	Kind ActorKind `bson:"kind" json:"kind"`
	// ID is the id of a staff member or of a feed's key, or the name of the operator's system user. It is ""
	// for the worker.
	ID   string `bson:"id,omitempty" json:"id,omitempty"`
	Role string `bson:"role,omitempty" json:"role,omitempty"` // of a staff member at that time
}

// String returns the actor in the form in which a Query names it, such as "feed:KXWJ5T3A".
func (a Actor) String() string {
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}

// Change is the change of one field. Field is named as in the API. An address is JSON; "" means empty.
type Change struct {
	Field  string `bson:"field" json:"field"`
	Before string `bson:"before,omitempty" json:"before,omitempty"`
	After  string `bson:"after,omitempty" json:"after,omitempty"`
}

// FieldOrder is the field that names an order that was deleted.
const FieldOrder = "order"

// FieldAccess is the field that says what somebody signed in as the customer may do: AccessRead or AccessWrite.
const (
	FieldAccess = "access"
	AccessRead  = "read"
	AccessWrite = "write"
)

// Changes compares two states of a customer's fields, given by name.
func Changes(before, after map[string]string) []Change {
	all := maps.Clone(before)
	maps.Copy(all, after)
	var changes []Change
	for _, field := range slices.Sorted(maps.Keys(all)) {
		if before[field] != after[field] {
			changes = append(changes, Change{Field: field, Before: before[field], After: after[field]})
		}
	}
	return changes
}

// Act is something that was done to a customer or to a member of staff.
type Act struct {
	ID       string    `bson:"id" json:"id"`
	At       time.Time `bson:"at" json:"at"`
	Kind     Kind      `bson:"kind" json:"kind"`
	Actor    Actor     `bson:"actor" json:"actor"`
	Customer string    `bson:"customer,omitempty" json:"customer,omitempty"`
	Member   string    `bson:"member,omitempty" json:"member,omitempty"` // the id of the member of staff
	Email    string    `bson:"email,omitempty" json:"email,omitempty"`   // of that member, at that time
	Changes  []Change  `bson:"changes,omitempty" json:"changes,omitempty"`
	Reason   string    `bson:"reason,omitempty" json:"reason,omitempty"`
	Address  string    `bson:"address,omitempty" json:"address,omitempty"` // the client's IP address
	Undoes   string    `bson:"undoes,omitempty" json:"undoes,omitempty"`   // the id of the act that this one undoes
	Batch    string    `bson:"batch,omitempty" json:"batch,omitempty"`     // the id of the batch it belongs to
	Erases   []string  `bson:"erases,omitempty" json:"erases,omitempty"`   // of CustomerErased and CustomerSeparated: the acts that it emptied
}

// UndoOf returns the act that undoes another one. Its id follows from the other's, so that nothing is undone
// twice.
func UndoOf(act string, by Actor, at time.Time) Act {
	undo := New(CustomerUndone, by, at)
	undo.ID, undo.Undoes = undoID(act), act
	return undo
}

func undoID(act string) string { return "undo-" + act }

// New returns an act with a new id.
func New(kind Kind, by Actor, at time.Time) Act {
	return Act{ID: storage.NewID(), At: at.UTC().Truncate(time.Millisecond), Kind: kind, Actor: by}
}

func (a Act) check() error {
	if _, known := Undos()[a.Kind]; !known || !slices.Contains(ActorKinds(), a.Actor.Kind) || a.ID == "" {
		return fmt.Errorf("audit: act %q of the kind %q by %q is not declared", a.ID, a.Kind, a.Actor.Kind)
	}
	return nil
}

// KindRecord is the job that records an act. The document that the act changes carries it, so that the act
// and its entry are one write.
const KindRecord = "record_act"

// Args returns the act as the arguments of a job.
func (a Act) Args() (job.Args, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(a)
	return job.Args{"act": string(text)}, err
}

// Carry makes a document's list of jobs carry the act.
func (a Act) Carry(list *job.List) error {
	args, err := a.Args()
	if err == nil {
		list.Add(job.Request{Kind: KindRecord, Args: args, At: a.At})
	}
	return err
}

// Carried returns the act in the arguments of a job.
func Carried(args job.Args) (Act, error) {
	var a Act
	if err := json.Unmarshal([]byte(args["act"]), &a); err != nil {
		return a, errors.New("audit: the job carries no act")
	}
	return a, a.check()
}

// Pending returns the acts that a document carries.
func Pending(list job.List) ([]Act, error) {
	var acts []Act
	for _, j := range list.Jobs {
		if j.Kind != KindRecord {
			continue
		}
		act, err := Carried(j.Args)
		if err != nil {
			return nil, err
		}
		acts = append(acts, act)
	}
	return acts, nil
}

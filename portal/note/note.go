// Package note is what staff write about a customer for one another. No email contains a note, and the
// customer's pages show none, but the customer's data download does (Art. 15 GDPR).
//
// It must not know of customers' documents or of who may read it.
package note

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// Note is a note on a customer. Its key is the id of the form that made it, so that a form sent twice makes
// one.
type Note struct {
	Customer  string    `bson:"customer"`
	Text      string    `bson:"text"`
	Pinned    bool      `bson:"pinned,omitempty"`
	By        string    `bson:"by"` // the id of the staff member who wrote it
	At        time.Time `bson:"at"`
	ChangedAt time.Time `bson:"changed_at,omitempty"`
	Deleted   time.Time `bson:"deleted,omitempty"` // kept for audit.UndoPeriod from then on
	Acts      []string  `bson:"acts,omitempty"`    // that made its present state, the latest last
	Work      job.List  `bson:"work,omitempty"`
}

// The limits of notes.
const (
	MaxText        = 20_000 // characters
	MaxPerCustomer = 200
)

// ByCustomer lists the notes on a customer by their times.
const ByCustomer = "customer"

// Collection declares the collection of notes and its indexes.
func Collection() storage.Collection {
	return storage.Collection{Name: "notes", Indexes: append(job.Indexes(), storage.Index{Name: ByCustomer,
		Fields: []storage.Field{{Path: "customer", Kind: storage.String}, {Path: "at", Kind: storage.Time}}})}
}

// Docs opens the notes of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Note] {
	return storage.Open[Note](engine, shop, Collection())
}

// Each visits the notes on a customer, also the deleted ones, oldest first.
func Each(ctx context.Context, docs storage.Docs[Note], customer string, visit func(key string,
	n Note)) error {
	query := storage.Query{Index: ByCustomer, Equal: []any{customer}, Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return err
		}
		keys := make([]string, len(page.Hits))
		for i, hit := range page.Hits {
			keys[i] = hit.Key
		}
		read, err := storage.ReadAll[Note](ctx, docs, keys)
		if err != nil {
			return err
		}
		for _, hit := range read {
			visit(hit.Key, hit.Head)
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return nil
		}
	}
}

// IsDeleted reports whether the note was deleted, which can be undone for a while.
func (n Note) IsDeleted() bool { return !n.Deleted.IsZero() }

// Version names what the note says now, for a form that changes it.
func (n Note) Version() string { return fmt.Sprintf("%x", sha256.Sum256([]byte(n.Text))) }

// state is what an act changes, as the log has it. A deleted note has none.
type state struct {
	Text   string `json:"text"`
	Pinned bool   `json:"pinned,omitempty"`
}

func (n Note) state() string {
	if n.IsDeleted() || n.At.IsZero() {
		return ""
	}
	text, err := json.Marshal(state{n.Text, n.Pinned})
	if err != nil {
		return "" // texts always have a form in JSON
	}
	return string(text)
}

// TextOf returns the text of a note from a value that the log has of it.
func TextOf(value string) (text string, pinned bool) {
	var s state
	if err := json.Unmarshal([]byte(value), &s); err != nil {
		return value, false
	}
	return s.Text, s.Pinned
}

// FieldPrefix begins the name of the changed field in the log; the note's key follows.
const FieldPrefix = "notes."

// IsAct reports whether an act changed a note.
func IsAct(act audit.Act) bool {
	return len(act.Changes) == 1 && strings.HasPrefix(act.Changes[0].Field, FieldPrefix)
}

// KindForget is the job that removes a deleted note.
const KindForget = "forget_note"

const maxActs = 100

// Change changes the note by an act, which it then carries. It is storage.ErrUnchanged if nothing changed.
func (n *Note) Change(key string, act audit.Act, alter func(*Note) error) error {
	before := n.state()
	if err := alter(n); err != nil {
		return err
	}
	if n.state() == before {
		return storage.ErrUnchanged
	}
	act.Customer = n.Customer
	act.Changes = []audit.Change{{Field: FieldPrefix + key, Before: before, After: n.state()}}
	if act.Undoes == "" {
		n.Acts = append(n.Acts, act.ID)
		n.Acts = n.Acts[max(0, len(n.Acts)-maxActs):]
	}
	n.ChangedAt = act.At
	n.Work.Schedule(job.Request{Kind: KindForget, At: n.forgetAt()})
	return act.Carry(&n.Work)
}

func (n Note) forgetAt() time.Time {
	if n.IsDeleted() {
		return n.Deleted.Add(audit.UndoPeriod)
	}
	return time.Time{}
}

// CanUndo reports whether an act was the last to change the note.
func (n Note) CanUndo(act string) bool { return len(n.Acts) > 0 && n.Acts[len(n.Acts)-1] == act }

// Undo gives the note its state from before an act, by another act that undoes it. It is a Conflict if
// something else has changed the note since.
func (n *Note) Undo(key string, earlier, undo audit.Act) error {
	if !n.CanUndo(earlier.ID) || len(earlier.Changes) != 1 || earlier.Changes[0].After != n.state() {
		return validate.NewError(validate.Conflict, "undo.conflict")
	}
	before := earlier.Changes[0].Before
	var s state
	if before != "" {
		if err := json.Unmarshal([]byte(before), &s); err != nil {
			return err
		}
	}
	n.Acts = slices.Clip(n.Acts[:len(n.Acts)-1])
	return n.Change(key, undo, func(n *Note) error {
		if before == "" {
			n.Deleted = undo.At
			return nil
		}
		n.Text, n.Pinned, n.Deleted = s.Text, s.Pinned, time.Time{}
		return nil
	})
}

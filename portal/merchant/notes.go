package merchant

import (
	"context"
	"errors"
	"slices"
	"strings"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/note"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/storage"
)

// NoteView is a note with its key and its writer's email, "" for somebody who was removed from the staff.
type NoteView struct {
	note.Note
	Key, Writer string
}

func (s Staff) notes() storage.Docs[note.Note] { return note.Docs(s.app.Engine(), s.shop.ID) }

// Notes lists the notes on a customer: the pinned ones first, then the latest.
func (s Staff) Notes(ctx context.Context, id string) ([]NoteView, error) {
	if !s.May(staff.PermissionCustomers) {
		return nil, denied()
	}
	c, err := customer.Get(ctx, s.customers(), id)
	if err != nil {
		return nil, validate.NotFoundIfMissing(err)
	}
	return s.notesOn(ctx, c)
}

func (s Staff) notesOn(ctx context.Context, c customer.Customer) ([]NoteView, error) {
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return nil, strangerIfMissing(err)
	}
	var list []NoteView
	err = s.eachNote(ctx, c, func(key string, n note.Note) {
		if n.IsDeleted() {
			return
		}
		writer, _ := roster.ByID(n.By)
		list = append(list, NoteView{Note: n, Key: key, Writer: writer.Email})
	})
	slices.SortStableFunc(list, func(a, b NoteView) int {
		switch {
		case a.Pinned != b.Pinned && a.Pinned:
			return -1
		case a.Pinned != b.Pinned:
			return 1
		}
		return b.At.Compare(a.At)
	})
	return list, err
}

// eachNote visits the notes on a customer, and on the accounts that were merged.
func (s Staff) eachNote(ctx context.Context, c customer.Customer, visit func(string, note.Note)) error {
	for _, id := range c.IDs() {
		if err := note.Each(ctx, s.notes(), id, visit); err != nil {
			return err
		}
	}
	return nil
}

// AddNote writes a note on a customer and returns the id of the act. Field errors are at "text". A form sent
// twice adds one note.
func (s Staff) AddNote(ctx context.Context, id, form, text string, pinned bool) (string, error) {
	text, err := s.readNote(text)
	if err == nil {
		id, err = s.roomForNote(ctx, id)
	}
	if err != nil {
		return "", err
	}
	act, err := s.newAct(audit.NoteAdded, id, "")
	if err != nil {
		return "", err
	}
	key := s.app.Secret().ID(s.shop.ID, "note", id, s.member.ID, form)
	n := note.Note{Customer: id}
	if err := n.Change(key, act, func(n *note.Note) error {
		n.Text, n.Pinned, n.By, n.At = text, pinned, s.member.ID, act.At
		return nil
	}); err != nil {
		return "", err
	}
	err = s.notes().Insert(ctx, key, n)
	if errors.Is(err, storage.ErrExists) {
		return "", nil // a form sent twice
	}
	return act.ID, err
}

// roomForNote is an error unless the person may add a note on the customer, who has not too many. It returns
// the id of the customer that an id leads to.
func (s Staff) roomForNote(ctx context.Context, id string) (string, error) {
	if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
		return "", err
	}
	c, err := s.ReadCustomer(ctx, id)
	if err != nil {
		return "", err
	}
	count := 0 // deleted ones take their room for a while, too
	err = s.eachNote(ctx, c, func(string, note.Note) { count++ })
	if err == nil && count >= note.MaxPerCustomer {
		err = wrongField("text", "note.too_many")
	}
	return c.ID, err
}

func (s Staff) readNote(text string) (string, error) {
	f := &validate.Validator{}
	text = f.Required("text", f.Prose("text", strings.ReplaceAll(text, "\r\n", "\n"), note.MaxText))
	return text, validate.InvalidFields(f.Rejected)
}

// ChangeNote changes the text of a note. stored is the text that the form was made from: if somebody changed
// it since, it is a Conflict. Field errors are at "text".
func (s Staff) ChangeNote(ctx context.Context, id, key, version, text string) (string, error) {
	text, err := s.readNote(text)
	if err != nil {
		return "", err
	}
	return s.actOnNote(ctx, id, key, audit.NoteChanged, func(n *note.Note) error {
		if n.Version() != version && n.Text != text {
			return validate.NewError(validate.Conflict, "note.changed")
		}
		n.Text = text
		return nil
	})
}

// PinNote pins a note to the top, or takes it from there.
func (s Staff) PinNote(ctx context.Context, id, key string, pinned bool) (string, error) {
	return s.actOnNote(ctx, id, key, audit.NoteChanged, func(n *note.Note) error {
		n.Pinned = pinned
		return nil
	})
}

// DeleteNote deletes a note, which can be undone.
func (s Staff) DeleteNote(ctx context.Context, id, key string) (string, error) {
	return s.actOnNote(ctx, id, key, audit.NoteDeleted, func(n *note.Note) error {
		n.Deleted = s.app.Now()
		return nil
	})
}

// actOnNote changes a note on a customer and returns the id of the act. A deleted or unknown note is
// validate.NotFound.
func (s Staff) actOnNote(ctx context.Context, id, key string, kind audit.Kind,
	alter func(*note.Note) error) (string, error) {
	act, err := s.newAct(kind, id, "")
	var c customer.Customer
	if err == nil {
		c, err = customer.Get(ctx, s.customers(), id) // none whose erasure has begun
	}
	if err != nil {
		return "", validate.NotFoundIfMissing(err)
	}
	_, err = s.notes().Change(ctx, key, func(n *note.Note) error {
		if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
			return err
		}
		if !c.Is(n.Customer) || n.IsDeleted() {
			return storage.ErrNotFound
		}
		return n.Change(key, act, alter)
	})
	return act.ID, validate.NotFoundIfMissing(err)
}

// undoNote undoes an act on a note.
func (s Staff) undoNote(ctx context.Context, earlier, undo audit.Act) error {
	key := strings.TrimPrefix(earlier.Changes[0].Field, note.FieldPrefix)
	_, err := s.notes().Change(ctx, key, func(n *note.Note) error {
		if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
			return err
		}
		return n.Undo(key, earlier, undo)
	})
	return validate.NotFoundIfMissing(err)
}

// noteAct returns an act that a note on a customer still carries, or validate.NotFound.
func (s Staff) noteAct(ctx context.Context, c customer.Customer, id string) (found audit.Act, err error) {
	failed := s.eachNote(ctx, c, func(_ string, n note.Note) {
		carried, wrong := audit.Pending(n.Work)
		err = errors.Join(err, wrong)
		if at := slices.IndexFunc(carried, func(a audit.Act) bool { return a.ID == id }); at >= 0 {
			found = carried[at]
		}
	})
	if err = errors.Join(err, failed); err == nil && found.ID == "" {
		err = validate.NewError(validate.NotFound, "undo.gone")
	}
	return found, err
}

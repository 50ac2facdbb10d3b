package customer

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// FieldAct says that an act gave a field, by its name in Fields, its value.
type FieldAct struct {
	Field string    `bson:"field"`
	Act   string    `bson:"act"`
	At    time.Time `bson:"at"`
}

// maxFieldActs is how many of them are kept; of more, the oldest acts cannot be undone.
const maxFieldActs = 500

// Carry makes the customer carry an act with what it changed since before. Staff can undo it as long as nothing
// else changes the same fields.
func (c *Customer) Carry(act audit.Act, before map[string]string) error {
	act.Changes = audit.Changes(before, c.Fields())
	for _, change := range act.Changes {
		if act.Undoes == "" {
			c.Acts = append(c.Acts, FieldAct{Field: change.Field, Act: act.ID, At: act.At})
		}
	}
	c.Acts = c.Acts[max(0, len(c.Acts)-maxFieldActs):]
	return act.Carry(&c.Work)
}

// overtake drops the acts on fields that were changed since other than by an act: they cannot be undone any more.
// acts and before are those from before the change.
func (c *Customer) overtake(acts []FieldAct, before map[string]string) {
	if len(acts) == 0 {
		return
	}
	for _, change := range audit.Changes(before, c.Fields()) {
		of := func(a FieldAct) bool { return a.Field == change.Field }
		if slices.Equal(filter(acts, of), filter(c.Acts, of)) {
			c.Acts = slices.DeleteFunc(c.Acts, of)
		}
	}
}

func filter(acts []FieldAct, of func(FieldAct) bool) (some []FieldAct) {
	for _, a := range acts {
		if of(a) {
			some = append(some, a)
		}
	}
	return some
}

func (c *Customer) forgetActs(now time.Time) {
	old := func(a FieldAct) bool { return !now.Before(a.At.Add(audit.UndoPeriod)) }
	if slices.ContainsFunc(c.Acts, old) {
		c.Acts = slices.DeleteFunc(slices.Clone(c.Acts), old)
	}
	if len(c.Acts) == 0 {
		c.Acts = nil
	}
}

// Undo gives the fields that an act changed their values from before it. If something else has changed one of
// them since, it is a Conflict with an error at each such field, and nothing changes.
func (c *Customer) Undo(act audit.Act) error {
	var conflicts []validate.FieldError
	present := c.Fields()
	for _, change := range act.Changes {
		if !c.isLast(act.ID, change.Field) || present[change.Field] != change.After {
			conflicts = append(conflicts, validate.FieldError{Field: change.Field, Key: "undo.conflict"})
		}
	}
	if len(conflicts) > 0 {
		return &validate.Error{Kind: validate.Conflict, Key: "undo.conflict", Fields: conflicts}
	}
	for _, change := range act.Changes {
		if err := c.setField(change.Field, change.Before); err != nil {
			return err
		}
	}
	c.Acts = slices.DeleteFunc(c.Acts, func(a FieldAct) bool { return a.Act == act.ID })
	return nil
}

// UndoRecorded is Undo for an act that the log or the customer has, named by the act that undoes it. It is NotFound if there
// is none on this customer, and a Conflict, too, if it cannot be undone any more or was undone already.
func (c *Customer) UndoRecorded(ctx context.Context, log audit.Log, undo audit.Act, now time.Time) error {
	earlier, err := c.act(ctx, log, undo.Undoes)
	if err != nil {
		return err
	}
	if _, err := c.act(ctx, log, undo.ID); err == nil {
		return validate.NewError(validate.Conflict, "undo.already")
	} else if validate.KindOf(err) != validate.NotFound {
		return err
	}
	if err := audit.Undoable(earlier, now); err != nil {
		return err
	}
	return c.Undo(earlier)
}

// act returns an act on the customer, who may still carry it. Otherwise it is validate.NotFound.
func (c *Customer) act(ctx context.Context, log audit.Log, id string) (audit.Act, error) {
	found, err := log.Find(ctx, c.Work, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && found.Customer != c.ID {
		return audit.Act{}, validate.NewError(validate.NotFound, "undo.gone")
	}
	return found, err
}

// HasAct reports whether the customer shows that an act was done: because it can still be undone, or waits to be
// recorded. One that was overridden since is only in the log.
func (c *Customer) HasAct(id string) bool {
	if slices.ContainsFunc(c.Acts, func(a FieldAct) bool { return a.Act == id }) {
		return true
	}
	return slices.ContainsFunc(c.Work.Jobs, func(j job.Job) bool {
		act, err := audit.Carried(j.Args)
		return err == nil && act.ID == id
	})
}

// isLast reports whether an act was the last to change a field.
func (c *Customer) isLast(act, field string) bool {
	for _, last := range slices.Backward(c.Acts) {
		if last.Field == field {
			return last.Act == act
		}
	}
	return false
}

// CanUndo reports whether an act is of a kind that can be undone, and the last one on each of its fields.
func (c Customer) CanUndo(act audit.Act) bool {
	return audit.Undos()[act.Kind] != audit.UndoNever && len(act.Changes) > 0 &&
		!slices.ContainsFunc(act.Changes, func(change audit.Change) bool {
			return !c.isLast(act.ID, change.Field) || leadsTo(change.Field)
		})
}

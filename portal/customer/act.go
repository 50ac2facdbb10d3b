package customer

import (
	"context"
	"errors"
	"slices"
	"strings"
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
	Needs string    `bson:"needs,omitempty"` // the field without which the act cannot be undone, "" for none
}

// maxFieldActs is how many of them are kept; of more, the oldest acts cannot be undone.
const maxFieldActs = 500

// Carry makes the customer carry an act with what it changed since before. Staff can undo it as long as
// nothing else changes the same fields.
func (c *Customer) Carry(act audit.Act, before map[string]string) error {
	act.Changes = audit.Changes(before, c.Fields())
	for _, change := range act.Changes {
		if act.Undoes == "" {
			made := FieldAct{Field: change.Field, Act: act.ID, At: act.At}
			if strings.HasPrefix(change.Field, fieldDefaults) && change.Before != "" {
				made.Needs = fieldAddresses + change.Before // the address that was the default
			}
			c.Acts = append(c.Acts, made)
		}
	}
	c.Acts = c.Acts[max(0, len(c.Acts)-maxFieldActs):]
	return act.Carry(&c.Work)
}

// overtake drops the acts on fields that were changed since other than by an act: they cannot be undone any
// more. acts and before are those from before the change.
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
// them since, or would have to change with them, it is a Conflict with an error at each such field, and
// nothing changes.
func (c *Customer) Undo(act audit.Act) error {
	back, err := c.without(act)
	if err != nil {
		return err
	}
	back.Acts = slices.DeleteFunc(slices.Clone(c.Acts), func(a FieldAct) bool { return a.Act == act.ID })
	*c = back
	return nil
}

// UndoRecorded is Undo for an act that the log or the customer has, named by the act that undoes it. It is
// NotFound if there is none on this customer, and a Conflict, too, if it cannot be undone any more or was
// undone already.
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

// HasAct reports whether the customer shows that an act was done: because it can still be undone, or waits to
// be recorded. One that was overridden since is only in the log.
func (c *Customer) HasAct(id string) bool {
	if slices.ContainsFunc(c.Acts, func(a FieldAct) bool { return a.Act == id }) {
		return true
	}
	return slices.ContainsFunc(c.Work.Jobs, func(j job.Job) bool {
		act, err := audit.Carried(j.Args)
		return err == nil && act.ID == id
	})
}

// without returns the customer with the values from before an act.
func (c Customer) without(act audit.Act) (Customer, error) {
	var conflicts []string
	wanted := c.Fields()
	for _, change := range act.Changes {
		needed := func(a FieldAct) bool { return a.Act != act.ID && a.Needs == change.Field }
		if !c.isLast(act.ID, change.Field) || wanted[change.Field] != change.After ||
			change.Before == "" && slices.ContainsFunc(c.Acts, needed) {
			conflicts = append(conflicts, change.Field)
		}
	}
	for _, change := range act.Changes {
		if wanted[change.Field] = change.Before; change.Before == "" {
			delete(wanted, change.Field)
		}
		if len(conflicts) > 0 {
			continue
		}
		if err := c.setField(change.Field, change.Before); err != nil {
			return c, err
		}
	}
	if len(conflicts) == 0 { // such as an address that has become the default since
		for _, change := range audit.Changes(wanted, c.Fields()) {
			conflicts = append(conflicts, change.Field)
		}
	}
	if len(conflicts) == 0 {
		return c, nil
	}
	err := &validate.Error{Kind: validate.Conflict, Key: "undo.conflict"}
	for _, field := range conflicts {
		err.Fields = append(err.Fields, validate.FieldError{Field: field, Key: "undo.conflict"})
	}
	return c, err
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

// CanUndo reports whether an act is of a kind that can be undone, and nothing stands in the way.
func (c Customer) CanUndo(act audit.Act) bool {
	if audit.Undos()[act.Kind] == audit.UndoNever || act.Kind == audit.CustomerMerged || len(act.Changes) == 0 {
		return false
	}
	_, err := c.without(act)
	return err == nil
}

// Package group holds a shop's groups of customers: their names and descriptions. All groups of a shop are
// one document, so that a single write decides whether a name is free. Who belongs to a group is stored with
// each customer.
//
// It must not know customers, or what a group is good for.
package group

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// The limits of groups.
const (
	MaxGroups      = 500
	MaxName        = 80  // characters
	MaxDescription = 500 // characters
)

// Group is a named set of customers. Nobody joins a deleted one; it is kept until its deletion cannot be
// undone any more.
type Group struct {
	ID          string    `bson:"id"`
	Name        string    `bson:"name"` // unique in the shop, whatever its case
	Description string    `bson:"description,omitempty"`
	CreatedAt   time.Time `bson:"created_at"`
	ChangedAt   time.Time `bson:"changed_at"`
	DeletedAt   time.Time `bson:"deleted_at,omitempty"`
}

// IsDeleted reports whether the group was deleted.
func (g Group) IsDeleted() bool { return !g.DeletedAt.IsZero() }

// Groups is the document with all groups of a shop.
type Groups struct {
	List []Group    `bson:"list,omitempty"`
	Acts []FieldAct `bson:"acts,omitempty"` // that may be undone, oldest first
	Work job.List   `bson:"work,omitempty"`
}

// FieldAct says that an act gave a field, by its name in Fields, its value.
type FieldAct struct {
	Field string    `bson:"field"`
	Act   string    `bson:"act"`
	At    time.Time `bson:"at"`
}

// Key is the key of the one document of a shop.
const Key = "groups"

// Collection declares the collection of groups.
func Collection() storage.Collection {
	return storage.Collection{Name: "groups", Indexes: job.Indexes()}
}

// Docs opens the groups of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Groups] {
	return storage.Open[Groups](engine, shop, Collection())
}

// Present returns the groups that are not deleted, by name.
func (all *Groups) Present() []Group {
	present := slices.DeleteFunc(slices.Clone(all.List), Group.IsDeleted)
	slices.SortFunc(present, func(a, b Group) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return present
}

// ByID returns a group that is not deleted.
func (all *Groups) ByID(id string) (Group, bool) {
	if g := all.find(id); g != nil && !g.IsDeleted() {
		return *g, true
	}
	return Group{}, false
}

// NameOf returns the name of a group, also of one that was deleted a short time ago, or "".
func (all *Groups) NameOf(id string) string {
	if g := all.find(id); g != nil {
		return g.Name
	}
	return ""
}

func (all *Groups) find(id string) *Group {
	if i := slices.IndexFunc(all.List, func(g Group) bool { return g.ID == id }); i >= 0 {
		return &all.List[i]
	}
	return nil
}

// Read checks a name and a description. Errors are at "name" and "description".
func Read(f *validate.Validator, name, description string) (string, string) {
	name = strings.Join(strings.Fields(f.Text("name", name, MaxName)), " ")
	if name == "" && len(f.Rejected) == 0 {
		f.Reject("name", "group.name.missing")
	}
	return name, f.Text("description", description, MaxDescription)
}

// Create adds a group. A name that another group has is a field error at "name".
func (all *Groups) Create(g Group) error {
	if len(all.Present()) >= MaxGroups {
		return validate.NewError(validate.Conflict, "group.too_many")
	}
	if all.isTaken(g.ID, g.Name) {
		return taken()
	}
	all.List = append(all.List, g)
	return nil
}

// Set gives a group a name and a description. A name that another group has is a field error at "name".
func (all *Groups) Set(id, name, description string, now time.Time) error {
	g := all.find(id)
	switch {
	case g == nil || g.IsDeleted():
		return validate.NewError(validate.NotFound, "group.gone")
	case all.isTaken(id, name):
		return taken()
	}
	g.Name, g.Description, g.ChangedAt = name, description, now
	return nil
}

// Delete marks a group as deleted. It is no error if it already is.
func (all *Groups) Delete(id string, now time.Time) error {
	switch g := all.find(id); {
	case g == nil:
		return validate.NewError(validate.NotFound, "group.gone")
	case !g.IsDeleted():
		g.DeletedAt, g.ChangedAt = now, now
	}
	return nil
}

// Restore brings a deleted group back. It is a Conflict if another group has taken its name.
func (all *Groups) Restore(id string, now time.Time) error {
	g := all.find(id)
	switch {
	case g == nil:
		return validate.NewError(validate.NotFound, "group.gone")
	case g.IsDeleted() && all.isTaken(id, g.Name):
		return validate.NewError(validate.Conflict, "group.name.reused")
	case g.IsDeleted():
		g.DeletedAt, g.ChangedAt = time.Time{}, now
	}
	return nil
}

func taken() error {
	return validate.InvalidFields([]validate.FieldError{{Field: "name", Key: "group.name.taken"}})
}

func (all *Groups) isTaken(id, name string) bool {
	return slices.ContainsFunc(all.List, func(g Group) bool {
		return g.ID != id && !g.IsDeleted() && strings.EqualFold(g.Name, name)
	})
}

// The parts of the names of a group's fields, which follow its id.
const (
	fieldName        = "name"
	fieldDescription = "description"
)

// Fields returns the groups that are not deleted as texts: "group.ID.name" and "group.ID.description".
func (all *Groups) Fields() map[string]string {
	fields := map[string]string{}
	for _, g := range all.List {
		if g.IsDeleted() {
			continue
		}
		fields["group."+g.ID+"."+fieldName] = g.Name
		if g.Description != "" {
			fields["group."+g.ID+"."+fieldDescription] = g.Description
		}
	}
	return fields
}

// maxFieldActs is how many of them are kept; of more, the oldest acts cannot be undone.
const maxFieldActs = 500

// Carry makes the groups carry an act with what it changed since before.
func (all *Groups) Carry(act audit.Act, before map[string]string) error {
	act.Changes = audit.Changes(before, all.Fields())
	for _, change := range act.Changes {
		if act.Undoes == "" {
			all.Acts = append(all.Acts, FieldAct{Field: change.Field, Act: act.ID, At: act.At})
		}
	}
	all.Acts = all.Acts[max(0, len(all.Acts)-maxFieldActs):]
	return act.Carry(&all.Work)
}

// Undo gives back the names and descriptions that an act changed. It is a Conflict if something else changed
// one of them since.
func (all *Groups) Undo(act audit.Act, now time.Time) error {
	if !all.CanUndo(act) {
		return validate.NewError(validate.Conflict, "group.undo.conflict")
	}
	for _, change := range act.Changes {
		id, part, _ := strings.Cut(strings.TrimPrefix(change.Field, "group."), ".")
		g := all.find(id)
		name, description := g.Name, g.Description
		if part == fieldName {
			name = change.Before
		} else {
			description = change.Before
		}
		if err := all.Set(id, name, description, now); err != nil {
			return err
		}
	}
	all.Acts = slices.DeleteFunc(all.Acts, func(a FieldAct) bool { return a.Act == act.ID })
	return nil
}

// CanUndo reports whether an act is the last one on each of its fields, and a group with them still exists.
func (all *Groups) CanUndo(act audit.Act) bool {
	return act.Kind == audit.GroupChanged && len(act.Changes) > 0 &&
		!slices.ContainsFunc(act.Changes, func(change audit.Change) bool {
			return !all.isLast(act.ID, change.Field) || all.Fields()[change.Field] != change.After
		})
}

func (all *Groups) isLast(act, field string) bool {
	for _, last := range slices.Backward(all.Acts) {
		if last.Field == field {
			return last.Act == act
		}
	}
	return false
}

// Settle forgets the groups and the acts that cannot come back any more.
func (all *Groups) Settle(now time.Time) {
	all.List = slices.DeleteFunc(all.List, func(g Group) bool {
		return g.IsDeleted() && !now.Before(g.DeletedAt.Add(2*audit.UndoPeriod))
	})
	all.Acts = slices.DeleteFunc(all.Acts,
		func(a FieldAct) bool { return !now.Before(a.At.Add(audit.UndoPeriod)) })
	if len(all.Acts) == 0 {
		all.Acts = nil
	}
}

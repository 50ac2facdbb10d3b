// Package view holds saved views of the list of customers: a name for filters, an order and columns. The
// shared views of a shop are one document, together with the roles whose list opens with one of them, so that
// a single write decides whether a name is free and which view a role opens. Each person's own views are a
// document, too.
//
// It must not know what a filter means, or which role may do what.
package view

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// The limits of views.
const (
	MaxShared = 100
	MaxOwn    = 50
	MaxName   = 200 // characters
)

// View is a saved view.
type View struct {
	ID        string            `bson:"id"`
	Name      string            `bson:"name"`              // unique in its document, whatever its case
	Filters   map[string]string `bson:"filters,omitempty"` // by name; names and values may no longer exist
	Sort      string            `bson:"sort,omitempty"`
	Columns   []string          `bson:"columns,omitempty"` // nil for those of whoever opens it
	By        string            `bson:"by"`                // the id of the person who saved it last
	ChangedAt time.Time         `bson:"changed_at"`
	Version   string            `bson:"version"` // new with each change
}

// Views is a document with views: those that are shared, or those of one person.
type Views struct {
	List []View `bson:"list,omitempty"`
	// Opens has the ids of the views with which the list opens, by role. A person's own views have none.
	Opens map[string]string `bson:"opens,omitempty"`
	Work  job.List          `bson:"work,omitempty"`
}

// SharedKey is the key of the document with the shared views of a shop.
const SharedKey = "shared"

// OwnKey returns the key of the document with the views of a person.
func OwnKey(member string) string { return "own-" + member }

// Collection declares the collection of views.
func Collection() storage.Collection {
	return storage.Collection{Name: "customer_views", Indexes: job.Indexes()}
}

// Docs opens the views of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Views] {
	return storage.Open[Views](engine, shop, Collection())
}

// KindForgetOwn is the job that removes a view from a person's own ones after it was shared, and its
// arguments.
const (
	KindForgetOwn = "forget_own_view"
	ArgMember     = "member"
	ArgView       = "view"
)

// ByID returns a view.
func (all *Views) ByID(id string) (View, bool) {
	if v := all.find(id); v != nil {
		return *v, true
	}
	return View{}, false
}

func (all *Views) find(id string) *View {
	if i := slices.IndexFunc(all.List, func(v View) bool { return v.ID == id }); i >= 0 {
		return &all.List[i]
	}
	return nil
}

// Sorted returns the views by name.
func (all *Views) Sorted() []View {
	list := slices.Clone(all.List)
	slices.SortFunc(list, func(a, b View) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// RolesOf returns the roles whose list opens with a view, sorted.
func (all *Views) RolesOf(id string) []string {
	var roles []string
	for _, role := range slices.Sorted(maps.Keys(all.Opens)) {
		if all.Opens[role] == id {
			roles = append(roles, role)
		}
	}
	return roles
}

// ReadName checks a name. The error is at "name".
func ReadName(f *validate.Validator, name string) string {
	name = strings.Join(strings.Fields(f.Text("name", name, MaxName)), " ")
	if name == "" && len(f.Rejected) == 0 {
		f.Reject("name", "view.name.missing")
	}
	return name
}

// Add adds a view. A name that another one has is a field error at "name", and more than most are a Conflict.
// A view that is there already stays as it is.
func (all *Views) Add(v View, most int) error {
	switch {
	case all.find(v.ID) != nil:
		return storage.ErrUnchanged
	case all.isTaken(v.ID, v.Name):
		return taken()
	case len(all.List) >= most:
		return &validate.Error{Kind: validate.Conflict, Key: "view.too_many"}
	}
	all.List = append(all.List, v)
	return nil
}

// Change replaces the contents of the view with v's id. It is a Conflict if somebody has changed the view
// since the version.
func (all *Views) Change(v View, version string) error {
	stored, err := all.at(v.ID, version)
	switch {
	case err != nil:
		return err
	case all.isTaken(v.ID, v.Name):
		return taken()
	case stored.Name == v.Name && stored.Sort == v.Sort && maps.Equal(stored.Filters, v.Filters) &&
		slices.Equal(stored.Columns, v.Columns):
		return storage.ErrUnchanged
	}
	*stored = v
	return nil
}

// Delete removes a view; the roles that opened with it open with all customers. It is a Conflict if somebody
// has changed the view since the version.
func (all *Views) Delete(id, version string) error {
	if _, err := all.at(id, version); err != nil {
		return err
	}
	all.Forget(id)
	return nil
}

// Forget removes a view, if there is one.
func (all *Views) Forget(id string) {
	all.List = slices.DeleteFunc(all.List, func(v View) bool { return v.ID == id })
	maps.DeleteFunc(all.Opens, func(_, opened string) bool { return opened == id })
}

func (all *Views) at(id, version string) (*View, error) {
	stored := all.find(id)
	switch {
	case stored == nil:
		return nil, Gone()
	case stored.Version != version:
		return nil, validate.NewError(validate.Conflict, "view.changed")
	}
	return stored, nil
}

// Open makes the list of a role open with a view, "" for all customers.
func (all *Views) Open(role, id string) error {
	if id == "" {
		delete(all.Opens, role)
		return nil
	}
	if all.find(id) == nil {
		return Gone()
	}
	if all.Opens == nil {
		all.Opens = map[string]string{}
	}
	all.Opens[role] = id
	return nil
}

// Gone is the error for a view that does not exist.
func Gone() error { return validate.NewError(validate.NotFound, "view.gone") }

func taken() error {
	return validate.InvalidFields([]validate.FieldError{{Field: "name", Key: "view.name.taken"}})
}

func (all *Views) isTaken(id, name string) bool {
	return slices.ContainsFunc(all.List,
		func(v View) bool { return v.ID != id && strings.EqualFold(v.Name, name) })
}

// Fields returns the views as texts, for the log: "view.ID.name", "view.ID.filters" and so on.
func (all *Views) Fields() map[string]string {
	fields := map[string]string{}
	for _, v := range all.List {
		filters := url.Values{}
		for name, value := range v.Filters {
			filters.Set(name, value)
		}
		for name, value := range map[string]string{
			"name": v.Name, "filters": filters.Encode(), "sort": v.Sort,
			"columns": strings.Join(v.Columns, ", "), "roles": strings.Join(all.RolesOf(v.ID), ", "),
		} {
			if value != "" {
				fields["view."+v.ID+"."+name] = value
			}
		}
	}
	return fields
}

// Carry makes the views carry an act with what it changed since before.
func (all *Views) Carry(act audit.Act, before map[string]string) error {
	act.Changes = audit.Changes(before, all.Fields())
	return act.Carry(&all.Work)
}

package merchant

import (
	"context"
	"maps"
	"slices"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/view"
	"postern/storage"
)

// SavedView is a view of the list of customers that the person can open.
type SavedView struct {
	view.View
	Shared bool
	Roles  []string       // whose list opens with it
	Count  customer.Count // zero for one with a filter that cannot be read
	Email  string         // of who saved it last, "" for somebody who left
}

// MayChange reports whether the person may change and delete the view.
func (s Staff) MayChange(v SavedView) bool { return !v.Shared || s.May(staff.PermissionShareViews) }

func (s Staff) viewDocs() storage.Docs[view.Views] { return view.Docs(s.app.Engine(), s.shop.ID) }

// savedViews are the documents with the views that the person can open.
type savedViews struct{ shared, own view.Views }

func (s Staff) readViews(ctx context.Context) (all savedViews, err error) {
	if !s.May(staff.PermissionCustomers) {
		return all, denied()
	}
	shared, err := s.viewDocs().Read(ctx, view.SharedKey)
	if err != nil {
		return all, err
	}
	own, err := s.viewDocs().Read(ctx, view.OwnKey(s.member.ID))
	all = savedViews{shared.Doc, own.Doc}
	for _, v := range all.shared.List {
		all.own.Forget(v.ID) // shared a moment ago
	}
	return all, err
}

func (all savedViews) list() []SavedView {
	var list []SavedView
	for _, v := range all.shared.Sorted() {
		list = append(list, SavedView{View: v, Shared: true, Roles: all.shared.RolesOf(v.ID)})
	}
	for _, v := range all.own.Sorted() {
		list = append(list, SavedView{View: v})
	}
	return list
}

// ViewList is the views that the person can open: the shared ones by name, then the person's own.
type ViewList struct {
	List  []SavedView
	Opens string // the id of the view with which the list opens for the person's role, "" for all customers
}

// Views returns the views that the person can open, without their counts.
func (s Staff) Views(ctx context.Context) (ViewList, error) {
	all, err := s.readViews(ctx)
	return ViewList{List: all.list(), Opens: all.shared.Opens[string(s.member.Role)]}, err
}

// CountViews adds the kept counts of the views, and has those renewed that are old. A view with a filter that
// cannot be read has none.
func (s Staff) CountViews(ctx context.Context, list []SavedView) error {
	var counted []int
	var filters []map[string]string
	for i, v := range list {
		f := &validate.Validator{}
		if (customer.Query{Filters: v.Filters}).Conditions(f, s.place()); len(f.Rejected) == 0 {
			counted, filters = append(counted, i), append(filters, v.Filters)
		}
	}
	counts, err := s.counts(ctx, filters)
	for i, count := range counts {
		list[counted[i]].Count = count
	}
	return err
}

// CountCustomers returns the kept count of the customers that filters select, and has it renewed if it is
// old. Wrong filters have none.
func (s Staff) CountCustomers(ctx context.Context, filters map[string]string) (customer.Count, error) {
	if !s.May(staff.PermissionCustomers) {
		return customer.Count{}, denied()
	}
	list := []SavedView{{View: view.View{Filters: filters}}}
	err := s.CountViews(ctx, list)
	return list[0].Count, err
}

// ByID returns one of the views.
func (l ViewList) ByID(id string) (SavedView, bool) {
	at := slices.IndexFunc(l.List, func(v SavedView) bool { return v.ID == id })
	if at < 0 {
		return SavedView{}, false
	}
	return l.List[at], true
}

// View returns a view that the person can open, or validate.NotFound.
func (s Staff) View(ctx context.Context, id string) (SavedView, error) {
	all, err := s.Views(ctx)
	if err != nil {
		return SavedView{}, err
	}
	v, found := all.ByID(id)
	if !found {
		return v, view.Gone()
	}
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	if m, found := roster.ByID(v.By); found {
		v.Email = m.Email
	}
	return v, err
}

// GoneFilters returns the names of the filters that no longer exist, in the order of the list: names and
// values that this version does not know, a group that was deleted, a tag that nobody has, a country that
// there is not. Nothing is found with most of them.
func (s Staff) GoneFilters(ctx context.Context, filters map[string]string) ([]string, error) {
	f := &validate.Validator{}
	customer.Query{Filters: filters}.Conditions(f, s.place())
	isGone := map[string]bool{}
	for _, wrong := range f.Rejected {
		isGone[wrong.Field] = true
	}
	if id := filters["group"]; id != "" {
		all, err := s.readGroups(ctx)
		if err != nil {
			return nil, err
		}
		_, found := all.ByID(id)
		isGone["group"] = !found
	}
	if tag := filters["tag"]; tag != "" && !isGone["tag"] {
		found, err := storage.Find[struct{}](ctx, s.customers(), storage.Query{Index: customer.ByMark, Limit: 1,
			Equal: []any{customer.Mark(customer.MarkTag, tag)}})
		if err != nil {
			return nil, err
		}
		isGone["tag"] = len(found.Hits) == 0
	}
	if country := filters["country"]; country != "" {
		isGone["country"] = s.app.AddressFormats().Form(country) == nil
	}
	var gone []string
	for _, name := range append(customer.Filters(), slices.Sorted(maps.Keys(isGone))...) {
		if isGone[name] && !slices.Contains(gone, name) {
			gone = append(gone, name)
		}
	}
	return gone, nil
}

// ViewForm is a form that saves a view.
type ViewForm struct {
	ID      string // of the form and then of the view: a form sent twice saves one
	Version string // that the form was made from, "" for a new view
	Name    string
	Filters map[string]string
	Sort    string
	Columns []string // nil for those of whoever opens the view
	Shared  bool     // a new view is for all staff
}

// readView checks a form. Field errors are at "name", "sort" and the names of the filters.
func (s Staff) readView(form ViewForm) (view.View, error) {
	f := &validate.Validator{}
	v := view.View{ID: form.ID, Name: view.ReadName(f, form.Name), Filters: maps.Clone(form.Filters),
		Sort: form.Sort, Columns: customer.KnownColumns(form.Columns), By: s.member.ID, ChangedAt: s.app.Now(),
		Version: storage.NewID()}
	customer.Query{Filters: form.Filters, Sort: form.Sort}.Find(f, s.place())
	if !formID.MatchString(form.ID) {
		return v, view.Gone()
	}
	return v, validate.InvalidFields(f.Rejected)
}

// SaveView saves a new view. To share it requires that permission. A Conflict means that there are too many.
func (s Staff) SaveView(ctx context.Context, form ViewForm) error {
	v, err := s.readView(form)
	if err != nil {
		return err
	}
	if form.Shared {
		return s.share(ctx, v)
	}
	return s.changeOwn(ctx, func(own *view.Views) error { return own.Add(v, view.MaxOwn) })
}

// share adds a view to the shared ones. It is no longer one of the person's own.
func (s Staff) share(ctx context.Context, v view.View) error {
	return s.actOnViews(ctx, staff.PermissionShareViews, audit.ViewShared, func(all *view.Views) error {
		if err := all.Add(v, view.MaxShared); err != nil {
			return err
		}
		all.Work.Add(job.Request{Kind: view.KindForgetOwn, At: s.app.Now(),
			Args: job.Args{view.ArgMember: s.member.ID, view.ArgView: v.ID}})
		return nil
	})
}

// ShareView gives one of the person's own views to all staff of the shop.
func (s Staff) ShareView(ctx context.Context, id string) error {
	if !s.May(staff.PermissionShareViews) {
		return denied()
	}
	v, err := s.View(ctx, id)
	if err != nil || v.Shared {
		return err
	}
	return s.share(ctx, v.View)
}

// ChangeView saves a view under the same or another name. It is a Conflict if somebody else has changed it
// since the form was made.
func (s Staff) ChangeView(ctx context.Context, form ViewForm) error {
	v, err := s.readView(form)
	if err != nil {
		return err
	}
	return s.onView(ctx, form.ID, audit.ViewChanged,
		func(all *view.Views) error { return all.Change(v, form.Version) })
}

// DeleteView deletes a view. It is a Conflict if somebody else has changed it since the version.
func (s Staff) DeleteView(ctx context.Context, id, version string) error {
	return s.onView(ctx, id, audit.ViewDeleted,
		func(all *view.Views) error { return all.Delete(id, version) })
}

// onView changes the document that has a view.
func (s Staff) onView(ctx context.Context, id string, kind audit.Kind, alter func(*view.Views) error) error {
	v, err := s.View(ctx, id)
	switch {
	case err != nil:
		return err
	case v.Shared:
		return s.actOnViews(ctx, staff.PermissionShareViews, kind, alter)
	}
	return s.changeOwn(ctx, alter)
}

// OpenView makes the list of a role open with a shared view, or with all customers if open is false.
func (s Staff) OpenView(ctx context.Context, id, role string, open bool) error {
	if !staff.IsRole(role) {
		return wrongField("role", "staff.role.unknown")
	}
	return s.actOnViews(ctx, staff.PermissionOpenViews, audit.ViewOpened, func(all *view.Views) error {
		if _, found := all.ByID(id); !found {
			return view.Gone()
		}
		switch opened := all.Opens[role]; {
		case open && opened != id:
			return all.Open(role, id)
		case !open && opened == id:
			return all.Open(role, "")
		}
		return storage.ErrUnchanged
	})
}

// changeOwn changes the person's own views.
func (s Staff) changeOwn(ctx context.Context, alter func(*view.Views) error) error {
	_, err := s.viewDocs().Put(ctx, view.OwnKey(s.member.ID), func(own *view.Views, _ bool) error {
		if err := s.requireStill(ctx, staff.PermissionCustomers); err != nil {
			return err
		}
		return alter(own)
	})
	return err
}

// actOnViews is the one way of every act of a person on the shared views: it changes them, and they then
// carry the act with what it changed.
func (s Staff) actOnViews(ctx context.Context, p staff.Permission, kind audit.Kind,
	alter func(*view.Views) error) error {
	if !s.May(p) {
		return denied()
	}
	act, err := s.newAct(kind, "", "")
	if err != nil {
		return err
	}
	_, err = s.viewDocs().Put(ctx, view.SharedKey, func(all *view.Views, _ bool) error {
		if err := s.requireStill(ctx, p); err != nil {
			return err
		}
		before := all.Fields()
		if err := alter(all); err != nil {
			return err
		}
		return all.Carry(act, before)
	})
	return err
}

package admin

import (
	"context"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/web/page"
)

// batchAct is a use case on a batch.
type batchAct func(s merchant.Staff, ctx context.Context, id string) error

// batchView is the page of a batch: its preview, its progress, and its report.
type batchView struct {
	page.Base
	Path     string
	Form     page.Form // with the error of an act that was refused
	State    page.Pill
	Text     string   // what happens next
	Undo     string   // whether it can be undone
	Why      string   // it stopped
	Changed  string   // how many no longer match
	Facts    []fact   // numbers
	Times    []string // when it was started and ended
	Reason   string
	Cancel   string      // path of the list that the selection was made in
	Heading  string      // of the examples
	Chips    []page.Link // the filters of the selection
	Examples []string
	Value    string // of the progress bar, "" for none
	Max      string
	Left     []leftLine
	LeftNext string // URL of what follows

	Busy, MayStart, MayStop, MayUndo bool

	Parting   []partingSide // what each gets when a merge is undone, before that begins
	Merge     bool          // it merges two customers, or undoes that
	Customers []mergedSide  // of the merge

	Start   string    // the label of the button
	Number  string    // that must be typed to start, "" for none
	UndoAll string    // the label of the button that undoes it
	File    page.Link // of an export that the person can download
	FileOf  string    // what becomes of the file
	Undoes  page.Link // the batch that this one undoes
	Undone  page.Link // the batch that undid this one
}

// mergedSide is one of the two customers of a merge, and what became of it, "" after the merge was undone.
type mergedSide struct{ Role, Name, Path string }

// partingSide is one of the two customers of a merge that is about to be undone.
type partingSide struct {
	Title string
	Facts []fact
}

// leftLine is a customer whom the batch left as they were.
type leftLine struct{ Name, Path, Why string }

func (h *Handler) showBatch(c *fiber.Ctx, s merchant.Staff, id string, refused error) error {
	v, err := s.Batch(c.UserContext(), id, c.Query("cursor"))
	if err != nil {
		return err
	}
	list := customersPage{Base: h.base(c, s, "customers", ""),
		Query: customer.Query{Filters: v.Selection.Filters, Search: v.Selection.Search}}
	list.country = func(code string) string { return h.app.AddressFormats().CountryName(code, list.L.Lang()) }
	if err := list.readGroups(c, s); err != nil {
		return err
	}
	data := batchView{Base: list.Base, Path: batchesPath + "/" + v.ID, State: batchPill(list.Base,
		v.State), Busy: v.IsBusy()}
	data.Title, data.Form = batchTitle(data.Base, v), data.Base.Form(page.Values(c, "number"), refused)
	data.Chips = list.selectionChips()
	data.state(v)
	data.facts(v)
	data.Cancel = listOf(v.Selection.Filters)
	data.undo(v, h.app.Now().Before(v.Until))
	data.file(v, s.Exported(v), h.app.Now().Before(v.FileUntil()))
	data.sides(v)
	data.parting(v)
	for _, row := range v.Examples {
		data.Examples = append(data.Examples, rowName(row))
	}
	for _, left := range v.Left {
		line := leftLine{Name: data.T("batch.erased"), Why: data.T(left.Why)}
		if left.Row.ID != "" {
			line.Name, line.Path = rowName(left.Row), customerPathOf(left.Row.ID)
		}
		data.Left = append(data.Left, line)
	}
	if v.NextLeft != "" {
		data.LeftNext = page.WithQuery(data.Path, "cursor", v.NextLeft) + "#report"
	}
	return h.pages.Render(c, page.Refusal(refused), "admin/batch", data)
}

// sides names the two customers of a merge.
func (p *batchView) sides(v merchant.BatchView) {
	for i, of := range []merchant.MergeSide{v.Survivor, v.Loser} {
		if of.ID == "" {
			continue
		}
		side := mergedSide{Name: of.Name, Path: customerPathOf(of.ID)}
		if v.Action == portal.BulkMerge {
			side.Role = p.T([]string{"merge.kept", "merge.merged"}[i])
		}
		p.Customers = append(p.Customers, side)
	}
}

// parting says what each of two customers gets when their merge is undone.
func (p *batchView) parting(v merchant.BatchView) {
	if v.Action != portal.BulkUnmerge || v.State != batch.Ready {
		return
	}
	p.Customers, p.Cancel = nil, batchesPath+"/"+v.Args["batch"]
	for i, of := range []merchant.MergeSide{v.Loser, v.Survivor} {
		if of.ID == "" {
			continue
		}
		title, orders := "merge.gets_back", p.T("merge.orders_back", "Number", p.L.Number(v.Moved))
		if i == 1 {
			title, orders = "merge.keeps", p.T("merge.orders_kept")
		}
		p.Parting = append(p.Parting, partingSide{p.T(title, "Name", of.Name), factsOf(p.Base,
			"staff.email", of.Email, "customer.id", of.FeedID, "customers.column.orders", orders)})
	}
}

// listOf returns the path of the list with these filters.
func listOf(filters map[string]string) string {
	var query []string
	for _, name := range customer.Filters() {
		if filters[name] != "" {
			query = append(query, name, filters[name])
		}
	}
	return page.WithQuery(customersPath, query...)
}

func rowName(r customer.Row) string {
	if name := r.Name(); name != "" {
		return name
	}
	return r.Email
}

// state says how far the batch is and what can be done with it.
func (p *batchView) state(v merchant.BatchView) {
	texts := "batch.text."
	if p.Merge = v.Action == portal.BulkMerge || v.Action == portal.BulkUnmerge; p.Merge {
		texts = "merge.text."
	}
	total, worked := p.L.Number(v.Total), p.L.Number(v.Worked())
	p.Text = p.T(texts+string(v.State), "Total", total, "Worked", worked)
	switch {
	case v.State == batch.Ready && p.Merge:
		p.MayStart, p.Start = true, p.T("merge.start_undo")
	case v.State == batch.Ready:
		p.ready(v)
		p.Heading = p.T("batch.examples", "Count", int(v.Total))
		if v.Total <= int64(len(v.Examples)) {
			p.Heading = p.T("batch.examples.all", "Count", int(v.Total))
		}
		p.unmatched(v)
	case v.State == batch.Stopped:
		p.MayStart, p.Start = true, p.T("batch.go_on")
	case v.State == batch.Running:
		p.MayStop = true
	case v.State == batch.Done && p.Merge:
		p.Text = p.T("merge.text.done", "Count", int(v.Changed))
		if v.Action == portal.BulkUnmerge && v.Loser.Name != "" {
			p.Text = p.T("merge.text.undone", "Count", int(v.Changed), "Name", v.Loser.Name)
		}
	case v.State == batch.Done:
		done := "batch.text.done"
		if v.Action == portal.BulkExport || v.Action == portal.BulkErase {
			done += "_" + v.Action
		}
		p.Text = p.T(done, "Count", int(v.Changed))
		if v.Changed == 0 {
			p.Text = p.T("batch.text.unchanged")
		}
	}
	if number := portal.BulkNumber(v.Batch); p.MayStart && number > 0 {
		p.Number = p.T("batch.number", "Number", p.L.Number(number))
	}
	if v.State == batch.Stopped && v.Why != "" {
		p.Why = p.T(v.Why)
	}
	if (v.State == batch.Stopped || v.IsBusy() && v.State != batch.Selecting) && v.Total > 0 {
		p.Value, p.Max = strconv.FormatInt(v.Worked(), 10), strconv.FormatInt(v.Total, 10)
	}
}

// ready says what starts the batch: that which cannot be undone has its own words.
func (p *batchView) ready(v merchant.BatchView) {
	start := "batch.start"
	if v.Action == portal.BulkExport || v.Action == portal.BulkErase {
		start = "batch.start." + v.Action
		p.Text = p.T("batch.ready." + v.Action)
	}
	p.MayStart, p.Start = true, p.T(start, "Count", int(v.Total-v.Conflicts))
}

// unmatched says how many of the customers in a preview have changed since they were selected.
func (p *batchView) unmatched(v merchant.BatchView) {
	if v.Unmatched > 0 {
		p.Changed = p.T("batch.unmatched", "Count", int(v.Unmatched))
	}
	if v.Checked > 0 && v.Checked < v.Total-v.Conflicts {
		p.Changed += " " + p.T("batch.unmatched.part", "Number", p.L.Number(v.Checked))
	}
}

// facts shows the numbers in a row, and under it who started the batch and when.
func (p *batchView) facts(v merchant.BatchView) {
	p.Reason = v.Reason
	if v.StartedAt.IsZero() {
		return
	}
	p.times(v)
	if p.Merge {
		return // its only number is in the sentence
	}
	changed := "batch.changed"
	if v.Action == portal.BulkExport {
		changed = "batch.exported"
	}
	type number struct {
		key string
		n   int64
	}
	numbers := []number{{"batch.selected", v.Total}, {changed, v.Changed}, {"batch.skipped", v.Skipped},
		{"batch.failed", v.Failed}}
	for _, n := range numbers {
		p.Facts = append(p.Facts, fact{p.T(n.key), []string{p.L.Number(n.n)}})
	}
}

func (p *batchView) times(v merchant.BatchView) {
	p.Times = []string{p.T("batch.started_at", "When", v.StartedAt)}
	if v.Email != "" {
		p.Times[0] = p.T("batch.started_by", "When", v.StartedAt, "Email", v.Email)
	}
	if !v.EndedAt.IsZero() {
		p.Times = append(p.Times, p.T("batch.ended_at", "When", v.EndedAt))
	}
}

func (p *batchView) undo(v merchant.BatchView, inTime bool) {
	begun := !v.StartedAt.IsZero()
	switch {
	case v.Undoes.ID != "":
		p.Undoes = page.Link{Label: p.T("batch.undoes"), Path: batchesPath + "/" + v.Undoes.ID}
		if v.Conflicts > 0 {
			p.Undo = p.T("batch.conflicts", "Count", int(v.Conflicts))
		}
	case v.UndoneBy != "":
		p.Undone = page.Link{Label: p.T("batch.undone"), Path: batchesPath + "/" + v.UndoneBy}
	case !v.Undoable:
		p.Undo = p.T("batch.never")
	case !begun && v.Action == portal.BulkErase:
		p.Undo = p.T("batch.effect.erase")
	case !begun && p.Merge:
		p.Undo = p.T("merge.undoable")
	case !begun:
		p.Undo = p.T("batch.undoable")
	case p.Merge && v.State != batch.Done: // stopped, so that nothing has changed
	case inTime:
		p.Undo, p.MayUndo = p.T("batch.undoable_until", "When", v.Until), !v.IsBusy()
		p.UndoAll = p.T("batch.undo", "Count", int(v.Changed))
		if p.Merge {
			p.UndoAll = p.T("merge.undo")
		}
	}
}

// file offers the file of an export, or says why there is none.
func (p *batchView) file(v merchant.BatchView, mine, inTime bool) {
	if v.Action != portal.BulkExport {
		return
	}
	p.Undo = p.T("batch.effect.export")
	switch {
	case v.State != batch.Done:
	case !inTime:
		p.Undo, p.FileOf = "", p.T("batch.file.gone")
	case mine:
		p.Undo, p.FileOf = "", p.T("batch.file.until", "When", v.FileUntil())
		p.File = page.Link{Label: p.T("batch.file.download"), Path: p.Path + "/" + exportName}
	default:
		p.Undo, p.FileOf = "", p.T("batch.file.other")
	}
}

// batchesPage lists the bulk changes.
type batchesPage struct {
	page.Base
	Rows  []batchLine
	Pager *page.Pager
	Empty page.Empty
}

type batchLine struct {
	Path, Title, Number string
	State               page.Pill
	Created             page.Time
	By                  string
}

func (h *Handler) batches(c *fiber.Ctx, s merchant.Staff) error {
	list, next, previous, err := s.Batches(c.UserContext(), c.Query("cursor"))
	if err != nil {
		return err
	}
	data := batchesPage{Base: h.base(c, s, "customers", "batches.title")}
	for _, v := range list {
		data.Rows = append(data.Rows, batchLine{Path: batchesPath + "/" + v.ID, Title: batchTitle(data.Base, v),
			Number: data.L.Number(v.Total), State: batchPill(data.Base,
				v.State), Created: data.TimeMoment(v.CreatedAt),
			By: v.Email})
	}
	at := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return page.WithQuery(batchesPath, "cursor", cursor)
	}
	data.Pager = data.Base.Pager(at(previous), at(next))
	data.Empty = data.Base.Empty(data.T("batches.none"), data.T("batches.choose"), customersPath)
	return h.pages.Render(c, fiber.StatusOK, "admin/batches", data)
}

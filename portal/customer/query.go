package customer

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/portal/money"
	"postern/portal/validate"
	"postern/storage"
)

// Query asks for a page of the list of customers, as given in the URL.
type Query struct {
	Sort    string            // one of Sorts, "" for the first
	Search  string            // replaces the order: exact matches come first
	Filters map[string]string // by the names of Filters; any other name is an error
	Cursor  string
	View    string // the id of the saved view that the list was opened with, "" for none
}

// Sorts returns the orders of the list: the first is the usual one. All but the names begin with the latest
// or the greatest.
func Sorts() []string { return []string{"registered", "visited", "spent", "name"} }

// Filters returns the names of the filters, in the order that a page shows them. Two that end in _from and
// _to or in _min and _max are the ends of a range; both are inclusive.
func Filters() []string {
	return []string{
		"status", "registered_from", "registered_to", "visited_from", "visited_to", "orders_min", "orders_max",
		"spent_min", "spent_max", "group", "tag", "country", "language", "newsletter", "partner_offers", "vat", "company",
	}
}

// FilterChoices returns the values of a filter with a fixed set of them, nil for any other.
func FilterChoices(name string) []string {
	switch name {
	case "status":
		return []string{"registered", "guest", "disabled"}
	case "newsletter", "partner_offers":
		return []string{string(ConsentGiven), string(ConsentWithdrawn), string(ConsentNever)}
	case "vat":
		return []string{string(VATValid), string(VATUnknown), string(VATInvalid), string(VATUncovered),
			VATLongUnknown}
	case "company":
		return []string{"yes", "no"}
	}
	return nil
}

// PerPage is the number of customers on a page of the list.
const PerPage = 25

// Place is where amounts and dates of a query are meant.
type Place struct {
	Zone     *time.Location
	Currency string
}

// plan translates a query. A filter becomes a range of the index that is walked, the mark by which an index
// finds it, or a condition that is tested on the way.
type plan struct {
	q     Query
	f     *validate.Validator
	place Place
	marks []string // of filters, the rarest kind first
	where []storage.Condition
	from  map[string]any // bounds of ranges, by field
	to    map[string]any
}

// Find returns the query of a list without a search. Wrong values are rejected at the names of the filters.
func (q Query) Find(f *validate.Validator, place Place) storage.Query {
	p := &plan{q: q, f: f, place: place, from: map[string]any{}, to: map[string]any{}}
	p.read()
	found := storage.Query{Index: ByRegistered, Descending: true, Limit: PerPage, Cursor: q.Cursor}
	field := "list.created"
	switch q.Sort {
	case "", "registered":
		if len(p.marks) > 0 {
			found.Index, found.Equal = ByMark, []any{p.marks[0]}
		}
	case "visited":
		found.Index, field = ByVisited, "list.visited"
	case "spent":
		found.Index, field = BySpent, "list.spent"
	case "name":
		found.Index, found.Descending, field = ByName, false, ""
	default:
		f.Reject("sort", "filter.unknown")
	}
	found.From, found.To = p.from[field], p.to[field]
	found.Where = p.conditions(field)
	return found
}

// Conditions returns the filters as conditions alone, for the results of a search.
func (q Query) Conditions(f *validate.Validator, place Place) []storage.Condition {
	p := &plan{q: q, f: f, place: place, from: map[string]any{}, to: map[string]any{}}
	p.read()
	return p.conditions("")
}

// conditions returns what is tested on the way, where the field in the order of the index needs no test.
func (p *plan) conditions(ordered string) []storage.Condition {
	where := p.where
	for _, field := range []string{"list.created", "list.visited", "list.orders", "list.spent"} {
		if from, to := p.from[field], p.to[field]; field != ordered && (from != nil || to != nil) {
			where = append(where, storage.Between(field, from, to))
		}
	}
	return where
}

func (p *plan) read() {
	for name := range p.q.Filters {
		if !slices.Contains(Filters(), name) {
			p.f.Reject(name, "filter.unknown")
		}
	}
	p.word("group", "group_ids", MarkGroup)
	p.word("tag", "tags", MarkTag)
	p.vat()
	p.consent("partner_offers", MarkPartnerOffers)
	p.company()
	p.status()
	p.consent("newsletter", MarkNewsletter)
	p.code("country", "list.country", MarkCountry, 2)
	p.code("language", "language", MarkLanguage, 3)
	p.days("registered", "list.created")
	p.days("visited", "list.visited")
	p.numbers("orders", "list.orders", func(text string) (int64, bool) {
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil && n >= 0 && n < maxNumber
	})
	p.numbers("spent", "list.spent", func(text string) (int64, bool) {
		amount, err := money.Parse(strings.ReplaceAll(text, ",", "."), p.place.Currency)
		return amount.Minor, err == nil && amount.Minor >= 0 && amount.Minor < maxNumber
	})
}

// maxNumber is more than any filter means.
const maxNumber = 1 << 53

// chosen returns the value of a filter with fixed values, "" for none.
func (p *plan) chosen(name string) string {
	value := p.q.Filters[name]
	if value != "" && !slices.Contains(FilterChoices(name), value) {
		p.f.Reject(name, "filter.unknown")
		return ""
	}
	return value
}

// select adds a filter by a mark, with the condition for when another index is walked.
func (p *plan) mark(field, value string, test storage.Condition) {
	p.marks, p.where = append(p.marks, Mark(field, value)), append(p.where, test)
}

func (p *plan) choice(name, field, mark string) {
	if value := p.chosen(name); value != "" {
		p.mark(mark, value, storage.Is(field, value))
	}
}

// VATLongUnknown is the value of the filter "vat" for IDs that VIES has not confirmed for VATPatience.
const VATLongUnknown = "long"

func (p *plan) vat() {
	if p.q.Filters["vat"] == VATLongUnknown {
		p.mark(MarkVAT, VATLongUnknown, storage.Is("list.vat_long", true))
		return
	}
	p.choice("vat", "list.vat", MarkVAT)
}

func (p *plan) consent(name, mark string) {
	switch value := p.chosen(name); value {
	case "":
	case string(ConsentGiven):
		p.mark(mark, value, storage.Is("list."+name, value))
	default:
		p.where = append(p.where, storage.Is("list."+name, value))
	}
}

func (p *plan) company() {
	switch p.chosen("company") {
	case "yes":
		p.mark(MarkCompany, "yes", storage.Exists("list.company", true))
	case "no":
		p.where = append(p.where, storage.Exists("list.company", false))
	}
}

func (p *plan) status() {
	switch p.chosen("status") {
	case "guest":
		p.mark(MarkGuest, "yes", storage.Is("list.guest", true))
	case "disabled":
		p.mark(MarkDisabled, "yes", storage.Is("list.disabled", true))
	case "registered":
		p.where = append(p.where, storage.Is("list.guest", false))
	}
}

// word reads a filter by an element of a list of texts.
func (p *plan) word(name, field, mark string) {
	if value := p.q.Filters[name]; len(value) > storage.MaxKey {
		p.f.Reject(name, "filter.unknown")
	} else if value != "" {
		p.mark(mark, value, storage.Has(field, value))
	}
}

// code reads a filter by a code of letters, such as a country's.
func (p *plan) code(name, field, mark string, most int) {
	value := p.q.Filters[name]
	if value == "" {
		return
	}
	if len(value) < 2 || len(value) > most || strings.Trim(value,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		p.f.Reject(name, "filter.unknown")
		return
	}
	p.mark(mark, value, storage.Is(field, value))
}

// days reads the first and the last day of a range.
func (p *plan) days(name, field string) {
	from, to := name+"_from", name+"_to"
	first := p.f.Day(from, p.q.Filters[from], p.place.Zone)
	last := p.f.Day(to, p.q.Filters[to], p.place.Zone)
	if !first.IsZero() && !last.IsZero() && first.After(last) {
		p.f.Reject(from, "period.order")
		return
	}
	if !first.IsZero() {
		p.from[field] = validate.Dawn(first)
	}
	if !last.IsZero() {
		p.to[field] = validate.Dawn(last.AddDate(0, 0, 1))
		if first.IsZero() && field == "list.visited" { // never is no visit
			p.from[field] = time.UnixMilli(0)
		}
	}
}

// numbers reads the least and the greatest value of a range.
func (p *plan) numbers(name, field string, read func(string) (int64, bool)) {
	for _, end := range []struct {
		name  string
		bound map[string]any
		add   int64
	}{{name + "_min", p.from, 0}, {name + "_max", p.to, 1}} {
		text := strings.TrimSpace(p.q.Filters[end.name])
		if text == "" {
			continue
		}
		n, ok := read(text)
		if !ok {
			p.f.Reject(end.name, "filter.number")
			continue
		}
		end.bound[field] = n + end.add
	}
	from, hasFrom := p.from[field].(int64)
	to, hasTo := p.to[field].(int64)
	if hasFrom && hasTo && from >= to {
		p.f.Reject(name+"_min", "filter.order")
	}
}

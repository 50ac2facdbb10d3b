package admin

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/merchant"
	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

// customerView is a customer's page, for reading.
type customerView struct {
	page.Base
	Path, ID  string
	MayEdit   bool
	SignInAs  bool        // whether the person may sign in as this customer
	Menu      []page.Link // to acts
	Disabled  string      // since when and why, "" for an open account
	Form      page.Form   // with the error of an act that was refused
	Badges    []page.Pill
	Sub       string // what identifies the customer: the email and the ids
	Identity  []fact
	Contact   []fact
	Company   []fact
	Addresses []addressCard // in their order
	Consents  []fact
	Record    []page.Link // to the forms that record a consent
	Said      []string    // the history of consents, newest first
	Summary   []fact
	Months    []month
	Orders    []orderLine
	Pager     *page.Pager
	Letters   []letterLine
	More      bool
	Shopping  *shoppingView

	Spending    []chart // by month, of each currency
	Withdrawals []withdrawalCard
	Emails      []emailLine
	Notes       []noteLine
	NotesHidden int // how many notes there are if not all are shown
	Timeline    timelineView

	FormID               string // of the new note or answer
	NoteForm, AnswerForm page.Form
	AnswerOrders         []page.Option
	Sessions             []signedInBrowser
	groupCard
}

// fact is a label and what is known, which may have several lines.
type fact struct {
	Label string
	Lines []string
}

type addressCard struct {
	Use, Text string
	page.AddressCard
}

// month is what was spent in a month.
type month struct {
	Name, Orders string
	Spent        []string // by currency
}

type orderLine struct {
	Number, Title, Total string
	Path                 string
	Placed               page.Time
	Status               page.Pill
}

func (h *Handler) customer(c *fiber.Ctx, s merchant.Staff) error {
	id, err := gate.Param(c, "id")
	if err != nil {
		return err
	}
	return h.showCustomer(c, s, id, typedForm{})
}

// showCustomer shows the page, with a form that was refused. A refused act without a form is shown above.
func (h *Handler) showCustomer(c *fiber.Ctx, s merchant.Staff, id string, refused typedForm) error {
	v, err := s.Customer(c.UserContext(), id, c.Query("cursor"))
	if err != nil {
		return err
	}
	if v.ID != id { // merged into another one
		return page.To(c, customerPathOf(v.ID))
	}
	b := h.base(c, s, "customers", "")
	b.Wide = true
	if b.Title = v.Name(); b.Title == "" {
		b.Title = v.Email
	}
	b.OfferUndo(customerPathOf(id)+"/undo", page.Hidden{Name: "act", Value: c.Query("undo")})
	data := customerView{Base: b, Sub: v.Email, More: v.More, Path: customerPathOf(id), ID: id,
		Form:   refused.form(b, "", nil),
		FormID: s.NewForm()}
	data.MayEdit, data.SignInAs = s.May(staff.PermissionEditCustomers), mayBeSignedInAs(s, v.Customer)
	data.Menu, data.Disabled = actMenu(b, s, v.Customer), disabledSentence(b, v.Disabled)
	data.identity(v, h.app.Now())
	data.GroupForm = refused.form(b, formGroups, nil)
	if err := data.addGroups(c, s, v.Customer); err != nil {
		return err
	}
	data.Contact, data.Company = data.contact(v), data.company(h, v)
	data.addresses(h, v)
	data.consents(v)
	data.summary(v)
	data.orders(v)
	data.letters(v, refused)
	data.withdrawals(v, refused)
	for _, row := range v.Emails {
		data.Emails = append(data.Emails, emailLineOf(b, row))
	}
	data.notes(v, refused, c.Query("notes") == "all")
	for _, given := range v.Sessions {
		data.Sessions = append(data.Sessions, browserOf(b, given))
	}
	shopping, err := s.Shopping(c.UserContext(), v.Customer)
	if err != nil {
		return err
	}
	data.shopping(shopping, id, h.app.Now())
	if err := data.addTimeline(c, h, s, v); err != nil {
		return err
	}
	return h.pages.Render(c, page.Refusal(refused.err), "admin/customer", data)
}

// facts returns the given pairs of a message key and a text, without those whose text is empty.
func (p *customerView) facts(pairs ...string) []fact { return factsOf(p.Base, pairs...) }

// factsOf returns facts from pairs of the key of a label and what is known, leaving out what is "".
func factsOf(b page.Base, pairs ...string) []fact {
	var facts []fact
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			facts = append(facts, fact{b.T(pairs[i]), []string{pairs[i+1]}})
		}
	}
	return facts
}

func (p *customerView) identity(v merchant.CustomerView, now time.Time) {
	guest := v.List != nil && v.List.Guest
	p.Badges = append(p.Badges, customerStatus(p.Base, guest, !v.Disabled.IsZero()))
	if v.Erasure.Pending() {
		p.Badges = append(p.Badges, p.Pill("stopped", p.T("customer.deletion", "When", v.Erasure.At)))
	}
	visited := p.T("customer.never")
	if v.List != nil && !v.List.VisitedAt.IsZero() {
		visited = p.L.DateTime(v.List.VisitedAt)
	}
	if !v.TaxExempt.IsZero() {
		p.Badges = append(p.Badges, p.Pill("neutral", p.T("customer.exempt.badge")))
	}
	for _, tag := range v.Tags {
		p.Badges = append(p.Badges, p.Pill("neutral", tag))
	}
	born := ""
	if day, err := time.ParseInLocation(time.DateOnly, v.BirthDate, p.L.Zone()); err == nil {
		born = p.T("customer.born", "Day", p.Date(day), "Count", v.Age(now.In(p.L.Zone())))
	}
	p.Identity = p.facts("customer.id", strings.Join(v.FeedIDs(), ", "), "profile.honorific", v.Title,
		"customers.column.registered", p.L.DateTime(v.CreatedAt), "customers.column.visited", visited,
		"customer.changed", p.L.DateTime(v.ChangedAt), "customer.birth", born, "customer.own_id", v.ID)
}

func (p *customerView) contact(v merchant.CustomerView) []fact {
	facts := p.facts("staff.email", v.Email, "address.label.phone", address.FormatPhone(v.Phone,
		v.Country()), "filter.language", languageName(p.Base, v.Language))
	var earlier []string
	for _, held := range v.Reserved {
		earlier = append(earlier, held.Email)
	}
	if further := p.furtherEmails(v); len(further) > 0 {
		facts = append(facts, fact{p.T("customer.merged_emails"), further})
	}
	if len(earlier) > 0 {
		facts = append(facts, fact{p.T("customer.earlier_emails"), earlier})
	}
	return facts
}

// languageName returns the name of a language of the portal in the language of the page, and of any other its
// code.
func languageName(b page.Base, code string) string {
	if key := "language.name." + code; b.L.Has(key) {
		return b.T(key)
	}
	return code
}

// furtherEmails lists the addresses of the accounts that were merged into the customer's.
func (p *customerView) furtherEmails(v merchant.CustomerView) (list []string) {
	for _, email := range v.FurtherEmails() {
		if v.IsUnconfirmed(email) {
			email = p.T("customer.merged_emails.unconfirmed", "Email", email)
		}
		list = append(list, email)
	}
	return list
}

func (p *customerView) company(h *Handler, v merchant.CustomerView) []fact {
	c := v.Company
	facts := p.facts("company.name", c.Name, "address.label.country",
		h.app.AddressFormats().CountryName(c.Country, p.L.Lang()), "company.registration", c.RegistrationNumber,
		"company.tax", c.TaxNumber, "company.vat", c.VATID)
	if v.VAT.Status == "" {
		return facts
	}
	lines := []string{p.T("filter.vat." + string(v.VAT.Status))}
	if last := v.VAT.Last; !last.At.IsZero() {
		lines = append(lines, p.T("customer.vat.answered", "When", last.At))
		for _, text := range []string{last.Name, last.Address, last.Consultation} {
			if text != "" {
				lines = append(lines, text)
			}
		}
	}
	return append(facts, fact{p.T("customers.column.vat"), lines})
}

func (p *customerView) addresses(h *Handler, v merchant.CustomerView) {
	for _, a := range v.Addresses {
		var uses []string
		if a.DefaultShipping {
			uses = append(uses, p.T("customer.default_shipping"))
		}
		if a.DefaultBilling {
			uses = append(uses, p.T("customer.default_billing"))
		}
		lines := h.app.AddressFormats().Lines(a.Address, p.L.Lang())
		p.Addresses = append(p.Addresses, addressCard{Use: strings.Join(uses, " · "),
			Text:        strings.Join(lines, "\n"),
			AddressCard: p.AddressCard(h.app.AddressFormats(), a, addressPath(v.ID, a.ID))})
	}
}

func (p *customerView) consents(v merchant.CustomerView) {
	for _, purpose := range customer.Purposes() {
		said := v.Consent(purpose)
		p.Consents = append(p.Consents, fact{p.T("consent.name." + string(purpose)),
			[]string{p.T("consent.state."+string(said.Status), "When", said.At)}})
		p.Record = append(p.Record, page.Link{Path: consentPath(v.ID, purpose),
			Label: p.T("customer.consent.record", "What", p.T("consent.name."+string(purpose)))})
	}
	for _, said := range v.ConsentHistory() {
		p.Said = append(p.Said, p.T("customer.said."+string(said.Status), "What",
			p.T("consent.name."+string(said.Purpose)), "When", said.At, "Source", cmp.Or(said.Note, said.Source)))
	}
}

// summary tells what the orders add up to, for each currency apart.
func (p *customerView) summary(v merchant.CustomerView) {
	sum := v.Orders.Sum()
	if sum.Orders == 0 {
		return
	}
	p.Summary = p.facts("customers.column.orders", p.L.Number(sum.Orders))
	spent := fact{Label: p.T("customers.column.spent")}
	for _, currency := range p.currencies(sum) {
		spent.Lines = append(spent.Lines, p.Money(money.Amount{Minor: sum.Spent[currency], Currency: currency}))
	}
	if len(spent.Lines) > 0 {
		p.Summary = append(p.Summary, spent)
	}
	if kept := sum.Orders - sum.Cancelled; len(sum.Spent) == 1 && kept > 0 {
		for currency, minor := range sum.Spent {
			average := money.Amount{Minor: (minor + kept/2) / kept, Currency: currency}
			p.Summary = append(p.Summary, fact{p.T("customer.average"), []string{p.Money(average)}})
		}
	}
	p.Summary = append(p.Summary, p.facts("customer.first_order", p.Date(sum.First),
		"customers.column.last_order", p.Date(sum.Last),
		"customer.cancelled", p.share(sum.Cancelled, sum.Orders), "customer.returned", p.share(sum.Returned,
			sum.Orders))...)
	var paid []string
	kinds := slices.Clone(order.PaymentKinds()) // the most used first
	slices.SortStableFunc(kinds, func(a, b string) int { return cmp.Compare(sum.Paid[b], sum.Paid[a]) })
	for _, kind := range kinds {
		if n := sum.Paid[kind]; n > 0 {
			paid = append(paid, p.T("customer.paid_by.kind", "Kind", p.T("payment.kind."+kind), "Number",
				p.L.Number(n)))
		}
	}
	p.Summary = append(p.Summary, p.facts("customer.paid_by", strings.Join(paid, " · "))...)
	p.spending(v.Orders)
	names := slices.Sorted(maps.Keys(v.Orders.Months))
	slices.Reverse(names)
	for _, name := range names[:min(len(names), maxMonths)] {
		m := v.Orders.Months[name]
		row := month{Name: name, Orders: p.L.Number(m.Orders)}
		for _, currency := range p.currencies(m) {
			row.Spent = append(row.Spent, p.Money(money.Amount{Minor: m.Spent[currency], Currency: currency}))
		}
		p.Months = append(p.Months, row)
	}
}

// currencies returns the currencies of what was spent, the shop's own first.
func (p *customerView) currencies(sum order.Month) []string {
	codes := slices.Sorted(maps.Keys(sum.Spent))
	if at := slices.Index(codes, p.Shop.Currency); at > 0 {
		codes = slices.Insert(slices.Delete(codes, at, at+1), 0, p.Shop.Currency)
	}
	return codes
}

// maxMonths is the number of months with orders that the page shows.
const maxMonths = 24

func (p *customerView) share(part, all int64) string {
	return p.T("customer.share", "Part", p.L.Number(part), "Percent",
		strconv.FormatInt((100*part+all/2)/all, 10))
}

func (p *customerView) orders(v merchant.CustomerView) {
	for _, r := range v.Rows {
		line := orderLine{Number: r.Number, Path: orderPathOf(v.ID, r.Number), Title: r.Summary.Item,
			Total: p.Money(r.Total()), Placed: p.TimeShort(r.PlacedAt)}
		line.Status = orderPill(p.Base, r.Status)
		p.Orders = append(p.Orders, line)
	}
	at := func(cursor string) string {
		if cursor == "" {
			return ""
		}
		return page.WithQuery(customersPath+"/"+v.ID, "cursor", cursor)
	}
	p.Pager = p.Base.Pager(at(v.Previous), at(v.Next))
}

// orderPill says in short words how far an order is, and whether it has to be paid.
func orderPill(b page.Base, s order.Status) page.Pill {
	word := s.Fulfillment
	switch {
	case s.Cancelled():
		word = order.StateCancelled
	case word == "" && s.State == order.StateCompleted:
		word = order.StateCompleted
	}
	text := b.T("orders.status.open")
	if own := s.OwnWords(); b.L.Has("step." + word) {
		text = b.T("step." + word)
	} else if own != "" {
		text = own
	}
	if s.Unpaid() && b.L.Has("step."+s.Payment) {
		text += " · " + b.T("step."+s.Payment)
	}
	return b.Pill(string(s.Headline().Tone), text)
}

package customer

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"postern/portal/address"
	"postern/portal/fold"
)

// Listed is what lists of customers order by, test and show beside the customer's own fields. Totals and
// visits are brought by the worker and by sessions; the rest follows from the customer's document.
type Listed struct {
	CreatedAt     time.Time     `bson:"created"`
	VisitedAt     time.Time     `bson:"visited"` // to within an hour, zero for never
	Orders        int64         `bson:"orders"`
	Spent         int64         `bson:"spent"` // in Currency, minor units
	Currency      string        `bson:"currency,omitempty"`
	Other         bool          `bson:"other,omitempty"` // has orders in other currencies, which Spent leaves out
	LastOrderAt   time.Time     `bson:"last_order,omitempty"`
	Disabled      bool          `bson:"disabled,omitempty"`
	Guest         bool          `bson:"guest"` // has orders, but was never registered and never signed in
	Company       string        `bson:"company,omitempty"`
	Country       string        `bson:"country,omitempty"`
	Newsletter    ConsentStatus `bson:"newsletter"`
	PartnerOffers ConsentStatus `bson:"partner_offers"`
	VAT           VATStatus     `bson:"vat,omitempty"`
	VATLong       bool          `bson:"vat_long,omitempty"` // see VATEvidence.Long
}

// Row is a row of a list of customers.
type Row struct {
	ID        string `bson:"-"`
	FeedID    string `bson:"introduced_id"`
	Title     string `bson:"title"`
	FirstName string `bson:"first_name"`
	LastName  string `bson:"last_name"`
	Email     string `bson:"email"`
	Language  string `bson:"language"`
	List      Listed `bson:"list"`

	Tags   []string `bson:"tags"`
	Groups []string `bson:"group_ids"`
}

// rowFields are the top-level fields of a customer that a Row holds.
func rowFields() []string {
	return []string{"introduced_id", "title", "first_name", "last_name", "email", "language", "list", "tags",
		"group_ids"}
}

// Name is the customer's full name, "" when unknown.
func (r Row) Name() string { return Customer{FirstName: r.FirstName, LastName: r.LastName}.Name() }

// Totals is what the orders of a customer add up to, as far as lists show it.
type Totals struct {
	Orders int64
	Spent  int64 // in Currency
	Other  bool  // there are orders in other currencies
	Last   time.Time

	Currency string
}

// Add takes the totals into the row, and reports whether that changed it.
func (c *Customer) Add(t Totals) (changed bool) {
	if c.List == nil {
		return false
	}
	before := *c.List
	c.List.Orders, c.List.Spent, c.List.Currency = t.Orders, t.Spent, t.Currency
	c.List.Other, c.List.LastOrderAt = t.Other, t.Last
	return before != *c.List
}

// listVersion is raised when the terms, marks or rows are made in another way, so that all are made again.
const listVersion = "2"

// ListForm returns how the list fields of a shop's customers are made: names are ordered as in its default
// language, and spent amounts are in its currency. Customers of another form are rewritten by a job.
func ListForm(lang, currency string) string { return listVersion + " " + lang + " " + currency }

// Lengths of what stands in an index.
const (
	maxNameKey     = 128 // hexadecimal digits
	maxListCompany = 60  // characters
	maxTerms       = 64
)

// settleList updates the list fields. A customer from before there were lists gets them from a job, which
// knows the shop's language.
func (c *Customer) settleList() {
	if c.ListForm == "" {
		return
	}
	if c.List == nil {
		c.List = &Listed{}
	}
	l := c.List
	l.CreatedAt = c.CreatedAt
	known := slices.ContainsFunc(c.Merged, func(m Merged) bool { return m.Registered || m.FeedID != "" })
	l.Guest = !c.Registered && c.FeedID == "" && l.VisitedAt.IsZero() && !known
	l.Disabled = !c.Disabled.IsZero()
	l.Company, l.Country = cutText(c.Company.Name, maxListCompany), c.listCountry()
	l.Newsletter, l.PartnerOffers = c.Consent(Newsletter).Status, c.Consent(PartnerOffers).Status
	l.VAT, l.VATLong = c.VAT.Status, c.VAT.Long
	c.NameKey = nameKey(strings.Fields(c.ListForm)[1], c.LastName+" "+c.FirstName, c.Email)
	c.Terms, c.GroupIDs = c.searchTerms(), c.groupIDs()
	c.Marks = c.marks()
}

// leaveLists removes the customer from all lists.
func (c *Customer) leaveLists() {
	c.NameKey, c.Terms, c.Marks, c.GroupIDs, c.List = "", nil, nil, nil, nil
}

// listCountry returns the country of the customer, or else of the first address.
func (c *Customer) listCountry() string {
	first := ""
	if len(c.Addresses) > 0 {
		first = c.Addresses[0].Address.Country
	}
	return cmp.Or(c.Country(), first)
}

func cutText(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}

// Mark returns the mark of a field's value. Only what a minority has in common is worth one.
func Mark(field, value string) string { return field + " " + value }

// The fields of marks.
const (
	MarkCountry       = "country"
	MarkLanguage      = "language"
	MarkNewsletter    = "newsletter" // ConsentGiven
	MarkPartnerOffers = "partner_offers"
	MarkVAT           = "vat" // a VATStatus
	MarkCompany       = "company"
	MarkGuest         = "guest"
	MarkDisabled      = "disabled"
	MarkGroup         = "group" // a group's id
	MarkTag           = "tag"
)

func (c *Customer) marks() []string {
	var marks []string
	add := func(is bool, field, value string) {
		if is && value != "" {
			marks = append(marks, Mark(field, value))
		}
	}
	add(true, MarkCountry, c.List.Country)
	add(true, MarkLanguage, c.Language)
	add(c.List.Newsletter == ConsentGiven, MarkNewsletter, string(ConsentGiven))
	add(c.List.PartnerOffers == ConsentGiven, MarkPartnerOffers, string(ConsentGiven))
	add(true, MarkVAT, string(c.List.VAT))
	add(c.List.VATLong, MarkVAT, VATLongUnknown)
	add(c.List.Company != "", MarkCompany, "yes")
	add(c.List.Guest, MarkGuest, "yes")
	add(c.List.Disabled, MarkDisabled, "yes")
	for _, id := range c.GroupIDs {
		add(true, MarkGroup, id)
	}
	for _, tag := range c.Tags {
		add(true, MarkTag, tag)
	}
	return marks
}

// searchTerms returns the terms that find the customer, sorted: names in any order, also written together;
// the pieces of the email; phone numbers in every form; the company with its numbers.
func (c *Customer) searchTerms() []string {
	names, last := fold.Words(c.FirstName), fold.Words(c.LastName)
	terms := append(append(names, last...), fold.Term(c.FirstName+c.LastName), fold.Term(c.LastName+c.FirstName))
	for _, email := range append([]string{c.Email}, c.FurtherEmails()...) {
		pieces := fold.Tails(email)
		terms = append(terms, pieces[:max(0, len(pieces)-1)]...) // not the top-level domain alone
	}
	phones := []string{c.Phone}
	for _, a := range c.Addresses {
		phones = append(phones, a.Address.Phone)
	}
	for _, phone := range phones {
		terms = append(terms, PhoneTerm(phone), address.NationalPhone(phone))
	}
	terms = append(append(terms, fold.Words(c.Company.Name)...), fold.Term(c.Company.Name))
	for _, number := range []string{c.Company.RegistrationNumber, c.Company.TaxNumber, c.Company.VATID} {
		terms = append(terms, fold.Number(number)...)
	}
	if len(c.Company.VATID) > 2 {
		terms = append(terms, fold.Number(c.Company.VATID[2:])...)
	}
	terms = slices.DeleteFunc(terms, func(term string) bool { return term == "" })
	terms = terms[:min(len(terms), maxTerms)]
	slices.Sort(terms)
	return slices.Compact(terms)
}

// PhoneTerm returns the digits of a phone number, without the zeros that begin a call within the country or
// abroad.
func PhoneTerm(number string) string { return strings.TrimLeft(fold.Term(number), "0") }

// nameKey returns a text that orders customers by their names as a language does. Those without a name
// follow, by their emails.
func nameKey(lang, name, email string) string {
	if name = strings.TrimSpace(name); name == "" {
		return "~" + cutKey(collationKey(lang, email))
	}
	return cutKey(collationKey(lang, name))
}

func cutKey(key []byte) string { return hex.EncodeToString(key[:min(len(key), maxNameKey/2)]) }

// collation is a collator with the room for a key. It serves one caller at a time, and takes long to make.
type collation struct {
	*collate.Collator
	collate.Buffer
}

// collators returns the collations that are in no use, by language.
var collators = sync.OnceValue(func() *sync.Map { return &sync.Map{} })

func collationKey(lang, text string) []byte {
	pool, _ := collators().LoadOrStore(lang, &sync.Pool{New: func() any {
		return &collation{Collator: collate.New(language.Make(lang))}
	}})
	c := pool.(*sync.Pool).Get().(*collation)
	defer pool.(*sync.Pool).Put(c)
	c.Reset()
	return slices.Clone(c.KeyFromString(&c.Buffer, text))
}

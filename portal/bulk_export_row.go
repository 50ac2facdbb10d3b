package portal

import (
	"cmp"
	"strconv"
	"strings"

	"postern/portal/address"
	"postern/portal/batch"
	"postern/portal/customer"
	"postern/portal/group"
	"postern/portal/money"
	"postern/portal/shop"
)

// exportRow returns the cells of a customer in the order of exportColumns.
func exportRow(s shop.Shop, c customer.Customer, groups *group.Groups) batch.Row {
	var names []string
	for _, m := range c.Groups {
		if g, found := groups.ByID(m.Group); found {
			names = append(names, g.Name)
		}
	}
	listed := customer.Listed{}
	if c.List != nil {
		listed = *c.List
	}
	cells := []string{c.Email, c.FeedID, c.Title, c.FirstName, c.LastName, c.BirthDate, c.Phone, c.Language,
		c.Company.Name, c.Company.Country, c.Company.RegistrationNumber, c.Company.TaxNumber, c.Company.VATID,
		string(c.VAT.Status), moment(c.VAT.Last.At), c.VAT.Last.Consultation,
		strings.Join(names, exportSeparator), strings.Join(c.Tags, exportSeparator),
		exportYes(c.TaxExempt.Reason != ""), c.TaxExempt.Reason, c.TaxExempt.Certificate}
	for _, purpose := range customer.Purposes() {
		said := c.Consent(purpose)
		cells = append(cells, string(said.Status), moment(said.At), strings.TrimSpace(said.Source+" "+said.Note))
	}
	cells = append(cells, exportYes(!c.Disabled.IsZero()), c.Disabled.Reason, exportYes(!listed.Guest),
		moment(c.CreatedAt), moment(listed.VisitedAt), strconv.FormatInt(listed.Orders, 10),
		exportSpent(s, listed), cmp.Or(listed.Currency, s.Currency), moment(listed.LastOrderAt))
	return batch.Row{Customer: c.ID, Cells: cells, Addresses: exportAddresses(c)}
}

func exportSpent(s shop.Shop, l customer.Listed) string {
	return money.Amount{Minor: l.Spent, Currency: cmp.Or(l.Currency, s.Currency)}.Decimal()
}

// exportAddresses returns the lines of the customer's addresses, in the order of exportAddressColumns.
func exportAddresses(c customer.Customer) [][]string {
	var lines [][]string
	for _, saved := range c.Addresses {
		line := []string{c.Email, saved.ID, exportYes(saved.DefaultShipping), exportYes(saved.DefaultBilling)}
		for _, name := range address.Names() {
			line = append(line, saved.Address.Get(name))
		}
		lines = append(lines, line)
	}
	return lines
}

func exportYes(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

package customer

import "slices"

// Columns returns the columns that a list can have beside the name, in their usual order.
func Columns() []string {
	return append(DefaultColumns(), "status", "visited", "groups", "tags", "id", "title", "company", "language",
		"newsletter", "partner_offers", "vat")
}

// DefaultColumns returns the columns of a list, unless somebody chooses others.
func DefaultColumns() []string {
	return []string{"email", "orders", "spent", "last_order", "registered", "country"}
}

// KnownColumns returns the named columns that there are, each once.
func KnownColumns(names []string) []string {
	var known []string
	for _, name := range names {
		if slices.Contains(Columns(), name) && !slices.Contains(known, name) {
			known = append(known, name)
		}
	}
	return known
}

package order

import (
	"postern/portal/validate"
)

// LinkedBy is the reason why an order belongs to its customer.
type LinkedBy string

// The reasons for LinkedBy.
const (
	ByIntroducedID LinkedBy = "introduced_id" // a PUT of the customer has introduced the order's customer id
	ByEmail        LinkedBy = "email"         // the order's email is the customer's
	ByEarlierEmail LinkedBy = "earlier_email" // the order's email is an earlier one of the customer, still reserved
	Kept           LinkedBy = "kept"          // decided at an earlier delivery; the feed has named the same buyer since
)

// Ownership is the owner of an order, and the reason.
type Ownership struct {
	Customer string // "" if unknown or none
	By       LinkedBy
	// MergedFrom is the account that the buyer's identifier belongs to, if it was merged into the customer's.
	MergedFrom string
}

// Owner returns the owner of an order. A stored order stays with its customer as long as the feed names the
// same buyer, even if the address has since passed to someone else or the id was introduced for another
// customer. A delivery without an email names no other buyer.
func (s *Stored) Owner(o Order, found Ownership) Ownership {
	sameEmail := s.Email == o.Email || o.Email == ""
	if s.Customer != "" && sameEmail && s.orderedBy() == o.FeedCustomer {
		return Ownership{s.Customer, Kept, s.MergedFrom}
	}
	if found.Customer == "" && o.Email == "" && s.Customer != "" {
		return Ownership{s.Customer, Kept, s.MergedFrom} // an id that leads nowhere takes the order from nobody
	}
	return found
}

// orderedBy returns the order's customer id as a new delivery would have it. Earlier versions also stored
// placeholder ids.
func (s *Stored) orderedBy() string {
	if validate.IsForNobody(s.FeedCustomer) {
		return ""
	}
	return s.FeedCustomer
}

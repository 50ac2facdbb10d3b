package merchant

import (
	"context"
	"maps"
	"regexp"
	"strings"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/staff"
	"postern/portal/validate"
)

// NewCustomer is a form that creates a customer. Values has an Edit's fields and "email".
type NewCustomer struct {
	Form   string // the id of the form, and then of the customer: a form sent twice creates one
	Values map[string]string
	Invite bool // email a sign-in link that says that the shop made the account
	Reason string

	Consents []ConsentSaid         // what the customer said about emails; one without any text was not asked
	Address  customer.SavedAddress // without a country, there is none
	Groups   []string              // ids
	Disabled bool                  // the account is closed, because of the reason
}

// formID is the shape of a form's id, made by storage.NewID.
var formID = regexp.MustCompile(`^[0-9a-f-]{36}$`)

// KeyEmailTaken is the key of the error at "email" if the address leads to a customer, whose id is the
// argument
// "Customer".
const KeyEmailTaken = "customer.new.taken"

// CreateCustomer creates a customer and returns the id. The identifier of the email comes first: after a
// crash the same form completes it, and so does anything else that needs a customer of that email. Field
// errors are at the names of the fields, at "email", "invite" and "reason", at ConsentField's names and, for
// the address, at its fields after AddressPrefix.
func (s Staff) CreateCustomer(ctx context.Context, n NewCustomer) (id string, err error) {
	if !formID.MatchString(n.Form) {
		return "", validate.NewError(validate.Invalid, "")
	}
	made, err := s.newAct(audit.CustomerCreated, "", n.Reason)
	if err != nil {
		return "", err
	}
	c, err := s.readNew(ctx, n, made)
	if err != nil {
		return "", err
	}
	made.Customer = c.ID
	if err := s.requireStill(ctx, staff.PermissionEditCustomers); err != nil {
		return "", err
	}
	if n.Invite {
		if err := s.app.CountSignInEmail(ctx, s.shop.ID, c.Email); err != nil {
			return "", err
		}
		c.MailSignIn(made, customer.LinkByAccount)
	}
	identifiers := identifier.Docs(s.app.Engine(), s.shop.ID)
	held, err := identifiers.Put(ctx, identifier.EmailKey(c.Email), func(i *identifier.Identifier,
		found bool) error {
		if !found {
			*i = identifier.Identifier{Customer: c.ID}
			return nil
		}
		return takenBy(i.Customer, c.ID)
	})
	if err != nil {
		return "", err
	}
	if err := c.Carry(made, customer.Customer{ID: c.ID}.Fields()); err != nil {
		return "", err
	}
	stored, err := s.app.EnsureCustomer(ctx, s.shop, c)
	if err == nil && stored.Email != c.Email {
		err = takenBy(stored.ID, "")
	}
	return held.Customer, err
}

// takenBy is the error at an email that leads to another customer than the form's, and nil for the form's
// own.
func takenBy(id, form string) error {
	if id == form {
		return nil
	}
	return validate.InvalidFields([]validate.FieldError{{Field: "email", Key: KeyEmailTaken,
		Args: map[string]string{"Customer": id}}})
}

// readNew checks the form.
func (s Staff) readNew(ctx context.Context, n NewCustomer, made audit.Act) (customer.Customer, error) {
	c := customer.Customer{Registered: true}
	f := &validate.Validator{}
	c.Email = f.Email("email", n.Values["email"])
	// The same form with another email makes another customer, and no form names one that there is.
	c.ID = s.app.Secret().ID(s.shop.ID, "new-customer", s.member.ID, n.Form, c.Email)
	c.FedEmail = c.Email
	typed := maps.Clone(n.Values)
	delete(typed, "email")
	changeTags(f, &c, "", typed[fieldTags])
	delete(typed, fieldTags)
	for name, value := range s.readEdit(f, c, typed, n.Values) {
		c.SetText(name, value)
	}
	if c.TaxExempt.Reason == "" && c.TaxExempt.Certificate != "" {
		f.Reject("tax_exempt.reason", "tax_exempt.reason_missing")
	}
	if err := s.addToNew(ctx, f, &c, newParts{n, made}); err != nil {
		return c, err
	}
	return c, validate.InvalidFields(f.Rejected)
}

// newParts is the form with the act that creates the customer.
type newParts struct {
	NewCustomer
	made audit.Act
}

// addToNew adds what a new customer may have beside single texts: consents, an address and groups. The
// account may be closed from the beginning.
func (s Staff) addToNew(ctx context.Context, f *validate.Validator, c *customer.Customer, n newParts) error {
	for _, said := range n.Consents {
		if said.Status+strings.TrimSpace(said.Note)+strings.TrimSpace(said.At) != "" {
			c.Remember(s.readConsent(f, ConsentField(said.Purpose, ""), said))
		}
	}
	s.addAddress(f, c, n.Address)
	for _, id := range n.Groups {
		err := portal.ChangeGroup(ctx, s.app, s.shop, c, portal.GroupChange{Group: id, Member: true, Act: n.made})
		if validate.KindOf(err) == validate.Invalid {
			f.Reject("", "group.gone")
		} else if err != nil {
			return err
		}
	}
	if !n.Disabled {
		return nil
	}
	if n.made.Reason == "" {
		f.Reject("reason", "customer.disable.reason_missing")
	}
	if n.Invite {
		f.Reject("invite", "customer.link.disabled")
	}
	return c.Disable(n.made.Reason, n.made.At)
}

// addAddress adds the first address, with the customer's name if it has none.
func (s Staff) addAddress(f *validate.Validator, c *customer.Customer, a customer.SavedAddress) {
	if a.Address.Country == "" {
		return
	}
	if a.Address.FirstName == "" && a.Address.LastName == "" {
		a.Address.FirstName, a.Address.LastName = c.FirstName, c.LastName
	}
	a.Address = s.app.AddressFormats().Normalise(a.Address)
	f.Rejected = append(f.Rejected, customer.AddressErrors(AddressPrefix,
		s.app.AddressFormats().Validate(a.Address))...)
	if _, err := c.SaveAddress(a); err != nil {
		f.Rejected = append(f.Rejected, validate.FieldErrors(err)...)
	}
}

// AddressPrefix begins the names of the fields of the address of a new customer.
const AddressPrefix = "address."

// ConsentField returns the name of a field of a consent in the form of a new customer: "status", "note" or
// "at".
func ConsentField(purpose customer.Purpose, name string) string {
	return "consents." + string(purpose) + "." + name
}

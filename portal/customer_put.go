package portal

import (
	"context"
	"reflect"
	"slices"
	"time"

	"postern/portal/customer"
	"postern/portal/identifier"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/storage"
)

// PutOrder stores one order from its JSON (see "Orders" in web/api/README.md); number is its name in the
// URL. Field errors are at JSON pointers.
func (f Feed) PutOrder(ctx context.Context, number string, body []byte) (order.Receipt, error) {
	if number == "" {
		return order.Receipt{}, validate.InvalidFields([]validate.FieldError{{Field: "/number",
			Key: "text.required"}})
	}
	o, warnings, err := f.decoder().Decode(body, number)
	if err != nil {
		return order.Receipt{}, err
	}
	return f.storeOrder(ctx, o, warnings)
}

// storeOrder stores an order that was decoded with warnings.
func (f Feed) storeOrder(ctx context.Context, o order.Order,
	warnings []validate.FieldError) (order.Receipt, error) {
	f.noteAhead(ctx, "order", o.PlacedAt, o.UpdatedAt)
	receipt, err := f.app.putOrder(ctx, f.shop, o, putting{forced: f.forced})
	receipt.Warnings = warnings
	f.noteOlder(ctx, "order", receipt.Overridden)
	return receipt, err
}

// latest is the latest time that content may be dated.
func (a *App) latest() time.Time { return a.now().UTC().Add(validate.MaxClockSkew) }

// latest is the limit of the App, or zero for a forced delivery.
func (f Feed) latest() time.Time {
	if f.forced {
		return time.Time{}
	}
	return f.app.latest()
}

// decoder reads the feed's orders.
func (f Feed) decoder() order.Decoder {
	return order.Decoder{Formats: f.app.formats, Latest: f.latest(), Zone: f.shop.Location()}
}

// noteAhead logs that content dated in the future was accepted.
func (f Feed) noteAhead(ctx context.Context, document string, dated ...time.Time) {
	for _, at := range dated {
		if f.forced && at.After(f.app.latest()) {
			f.app.log.WarnContext(ctx, "content dated in the future was accepted by force", "shop", f.shop.ID,
				"document", document,
				"dated", at, "ahead", at.Sub(f.app.now()).Round(time.Second).String(), "request", f.request)
			return
		}
	}
}

// noteOlder logs that newer content, dated replaced, was overwritten by force. The zero time means that
// none was.
func (f Feed) noteOlder(ctx context.Context, document string, replaced time.Time) {
	if !replaced.IsZero() {
		f.app.log.WarnContext(ctx, "content newer than the one sent was replaced by force", "shop", f.shop.ID,
			"document", document,
			"replaced", replaced, "request", f.request)
	}
}

// CustomerWire is a customer as a feed sends it. An absent or null member leaves the stored value; "" and
// an empty list clear it.
type CustomerWire struct {
	Email     *string                      `json:"email"`
	Company   *customer.Company            `json:"company"`
	Consents  *customer.ConsentsWire       `json:"consents"`
	Addresses *[]customer.SavedAddressWire `json:"addresses"`
	UpdatedAt validate.Time                `json:"updated_at"`

	customer.ProfileWire `json:",inline"`
}

// customerChange is a checked CustomerWire.
type customerChange struct {
	email            *string
	profile          customer.ProfileWire
	company          *customer.Company
	addresses        []customer.SavedAddress
	replaceAddresses bool
	consents         []customer.Consent
	at               time.Time
	warnings         []validate.FieldError
	account          string // that has the id, perhaps merged into the customer's
}

// PutCustomer stores a customer from the shop's system under its id. Content older than the last change, by
// the feed or by the customer, is Stale and changes nothing, unless the feed is Forced; the same content
// again is Unchanged. A new id needs an email address: the customer of that address is linked, or created.
// An address that belongs to another customer is a Conflict: customers are never merged silently.
func (f Feed) PutCustomer(ctx context.Context, id string, body []byte) (order.Receipt, error) {
	change, err := f.decodeCustomer(id, body)
	if err != nil {
		return order.Receipt{}, err
	}
	f.noteAhead(ctx, "customer", change.at)
	customer, err := f.app.introduced(ctx, f.shop.ID, id)
	if err != nil {
		return order.Receipt{}, err
	}
	outcome := order.Updated
	if customer == "" {
		if customer, err = f.introduce(ctx, id, change); err != nil {
			return order.Receipt{}, err
		}
		outcome = order.Created
	}
	change.account = customer
	return f.applyToPresent(ctx, change, outcome)
}

func (f Feed) decodeCustomer(id string, body []byte) (customerChange, error) {
	var w CustomerWire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return customerChange{}, err
	}
	r := &validate.Validator{Formats: f.app.formats, Latest: f.latest(), Zone: f.shop.Location()}
	if id = r.Required("/id", r.Key("/id", id, validate.MaxWord)); id != "" && validate.IsForNobody(id) {
		r.Reject("/id", "customer_id.nobody")
	}
	now := f.app.now().In(f.shop.Location())
	c := customerChange{profile: customer.ReadProfile(r, w.ProfileWire, now),
		consents: customer.ReadConsents(r, w.Consents, now)}
	if !w.consentsAlone() {
		c.at = r.Moment("/updated_at", w.UpdatedAt)
		r.NotAhead("/updated_at", c.at)
	}
	c.profile.Language = f.offered(r, c.profile.Language)
	if w.Email != nil {
		email := r.FedEmail("/email", *w.Email)
		c.email = &email
	}
	if w.Company != nil {
		company := customer.ReadFedCompany(r, f.app.formats, *w.Company)
		company.Version = storage.NewID()
		c.company = &company
	}
	if w.Addresses != nil {
		c.replaceAddresses = true
		c.addresses = validate.Each(r, "/addresses", customer.MaxAddresses, *w.Addresses, f.savedAddress)
		customer.CheckDistinct(r, c.addresses)
		c.addresses = slices.DeleteFunc(c.addresses,
			func(a customer.SavedAddress) bool { return a.Address.IsZero() })
	}
	c.warnings = r.ListedWarnings()
	return c, validate.InvalidFields(r.Rejected)
}

// consentsAlone reports whether a document has consents and nothing else: each consent has its own time.
func (w CustomerWire) consentsAlone() bool {
	return w.Consents != nil && w.UpdatedAt == "" && w.Email == nil && w.Company == nil &&
		w.Addresses == nil && w.ProfileWire == customer.ProfileWire{}
}

// offered returns the shop's language that a feed means. A language that the shop does not offer is dropped
// with a warning.
func (f Feed) offered(r *validate.Validator, lang *string) *string {
	if lang == nil || *lang == "" || slices.Contains(f.shop.Languages, *lang) {
		return lang
	}
	if base := validate.Language(*lang); slices.Contains(f.shop.Languages, base) {
		return &base
	}
	r.Warn("/language", "language.dropped")
	return nil
}

// savedAddress reads an address from the shop's own records: bounded and printable like an order's, but not
// validated.
func (f Feed) savedAddress(w customer.SavedAddressWire, r *validate.Validator,
	at string) customer.SavedAddress {
	a := customer.SavedAddress{
		ID: r.Key(at+"/id", w.ID, validate.MaxWord), DefaultShipping: w.DefaultShipping,
		DefaultBilling: w.DefaultBilling,
		Version:        storage.NewID(),
	}
	if given := r.Address(at, &w.Address); given != nil {
		a.Address = *given
	} else {
		r.Warn(at, "address.empty_dropped")
	}
	return a
}

// introduce finds or creates the customer of a feed's new id by the email.
func (f Feed) introduce(ctx context.Context, id string, change customerChange) (string, error) {
	if err := f.mayIntroduce(ctx, id, change); err != nil {
		return "", err
	}
	customer, _, err := f.app.customerOfEmail(ctx, f.shop, *change.email, "")
	if err != nil {
		return "", err
	}
	holder, err := f.app.introduce(ctx, f.shop.ID, id, customer.ID)
	if err == nil && holder != customer.ID {
		err = emailTaken()
	}
	return customer.ID, err
}

// mayIntroduce refuses the id of an erased customer who has not become a customer again, an id of an
// earlier version's link that the upgrade has not decided on yet, and a customer without an email.
func (f Feed) mayIntroduce(ctx context.Context, id string, change customerChange) error {
	h, _, err := f.app.identifierDocs(f.shop.ID).Get(ctx, identifier.FeedKey(id))
	if ifFound(err) != nil {
		return err
	}
	back := false
	if h.Erased && change.email != nil {
		if back, err = f.cameBack(ctx, *change.email, h.ErasedAt); err != nil {
			return err
		}
	}
	switch {
	case h.Erased && !back:
		return validate.NewError(validate.Gone, "customer.erased")
	case h.Customer != "" && !h.Introduced:
		if err := f.app.linkUndecided(ctx, f.shop.ID, h.Customer, id); err != nil {
			return err
		}
	}
	if change.email == nil {
		return validate.InvalidFields([]validate.FieldError{{Field: "/email", Key: "text.required"}})
	}
	return nil
}

// cameBack reports whether the customer of an email was created after an erasure. A customer from before it
// is another person, who must not get the erased customer's id.
func (f Feed) cameBack(ctx context.Context, email string, erased time.Time) (bool, error) {
	id, err := f.app.follow(ctx, f.shop.ID, identifier.EmailKey(email))
	if err != nil || id == "" {
		return false, err
	}
	c, err := f.app.customer(ctx, f.shop.ID, id)
	return err == nil && !c.CreatedAt.Before(erased), ifFound(err)
}

func emailTaken() error {
	return &validate.Error{Kind: validate.Conflict, Key: "customer.email_taken",
		Fields: []validate.FieldError{{Field: "/email", Key: "customer.email_taken"}}}
}

// apply writes the change. A new address is reserved before, and the old one released after, so that a
// crash leaves the customer with both but never with none. If the feed repeats its last address, nothing
// moves: the customer has changed it since. If anyone has signed in with the old address, an email informs
// it of the change and can undo it.
func (f Feed) apply(ctx context.Context, id string, change customerChange,
	outcome order.Outcome) (order.Receipt, error) {
	receipt := order.Receipt{Outcome: outcome, Customer: id, Warnings: change.warnings}
	who, err := f.app.customer(ctx, f.shop.ID, id)
	if err != nil {
		return order.Receipt{}, erasing(err)
	}
	if change.at.IsZero() {
		return f.learnConsents(ctx, id, change)
	}
	if change.at.Before(who.LastChange()) && !f.forced {
		receipt.Outcome, receipt.StoredUpdatedAt = order.Stale, who.LastChange()
		return receipt, f.learnLate(ctx, id, change)
	}
	moves := change.email != nil && *change.email != who.Email && *change.email != who.FedEmail &&
		outcome != order.Created && !who.HasAddress(*change.email)
	if change.isOfMerged(who) {
		if moves { // which of the addresses is the customer's, was chosen by the merge
			receipt.Warnings = append(receipt.Warnings,
				validate.FieldError{Field: "/email", Key: "customer.email_of_merged"})
		}
		moves = false
		receipt.Warnings = append(receipt.Warnings, change.keepAddresses()...)
	}
	told := false
	if moves {
		if told, err = f.reserve(ctx, who, *change.email); err != nil {
			return order.Receipt{}, err
		}
	}
	stored, err := f.changeCustomer(ctx, id, outcome == order.Created, func(c *customer.Customer) error {
		receipt.Outcome, receipt.Overridden = outcome, time.Time{}
		if change.at.Before(c.LastChange()) {
			if !f.forced {
				receipt.Outcome = order.Stale
				return c.LearnLate(change.told(*c), f.app.now())
			}
			receipt.Overridden = c.LastChange()
		}
		if err := change.mayChange(*c, who); err != nil {
			return err
		}
		if moves && c.Email != who.Email {
			return validate.NewError(validate.Conflict, "email.changed")
		}
		if changed := change.write(c, f.app.now()); !changed && !moves && outcome != order.Created {
			receipt.Outcome = order.Unchanged
			return storage.ErrUnchanged
		}
		c.PageLang = ""
		if moves {
			return c.MoveFed(*change.email, told, f.app.now())
		}
		return nil
	})
	receipt.StoredUpdatedAt = stored.LastChange()
	f.noteOlder(ctx, "customer", receipt.Overridden)
	if err == nil && moves && receipt.Outcome != order.Stale {
		err = f.app.Worker().releaseReserved(ctx, f.shop, id)
	}
	return receipt, erasing(err)
}

// learnConsents takes the consents of a document that holds nothing else.
func (f Feed) learnConsents(ctx context.Context, id string, change customerChange) (order.Receipt, error) {
	receipt := order.Receipt{Customer: id, Warnings: change.warnings}
	_, err := f.changeCustomer(ctx, id, false, func(c *customer.Customer) error {
		err := change.mayChange(*c, *c)
		if err == nil {
			err = c.LearnLate(change.told(*c), f.app.now())
		}
		if receipt.Outcome = order.Updated; err != nil {
			receipt.Outcome = order.Unchanged
		}
		return err
	})
	return receipt, erasing(err)
}

// reserve reserves an address for a customer, and reports whether anyone has signed in with the current
// one.
func (f Feed) reserve(ctx context.Context, customer customer.Customer, email string) (told bool, err error) {
	told, holder, err := f.app.ReserveEmail(ctx, f.shop, customer, email)
	if err == nil && holder != customer.ID {
		err = emailTaken()
	}
	return told, err
}

// write applies the change to the customer, and reports whether anything changed.
func (change customerChange) write(c *customer.Customer, now time.Time) (changed bool) {
	before := *c
	if !change.isOfMerged(*c) {
		customer.Set(&c.FedEmail, change.email)
	}
	change.profile.Write(c)
	c.Learn(change.told(*c))
	if change.company != nil {
		company := *change.company
		if company.Version = before.Company.Version; company != before.Company {
			company.Version = change.company.Version
		}
		c.Company = company
	}
	if change.replaceAddresses {
		c.ReplaceAddresses(change.addresses)
	}
	if before.FedAt.Equal(change.at) && reflect.DeepEqual(before, *c) {
		return false
	}
	c.FedAt, c.ChangedAt = change.at, now
	return true
}

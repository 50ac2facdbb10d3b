package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/customer"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/vat"
	"postern/portal/vies"
	"postern/storage"
)

// Company is the customer's company as this request found it.
func (s Shopper) Company() customer.Company { return s.customer.Company }

// SaveCompany changes the company. Field errors are at "name", "country", "registration_number", "tax_number"
// and "vat_id"; the last has the key "vat." plus a reason of package vat, and Args Example. If Version
// differs from the stored one, it is a Conflict.
func (s Shopper) SaveCompany(ctx context.Context, c customer.Company) (customer.Company, error) {
	f := &validate.Validator{}
	c = customer.ReadCompany(f, s.app.formats, "", c)
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return c, err
	}
	shown := c.Version
	c.Version = storage.NewID()
	save := func(customer *customer.Customer) error {
		if stored := customer.Company; stored.Version != shown {
			twin := c
			if twin.Version = stored.Version; twin == stored {
				c = twin // a form that was sent twice is saved once
				return storage.ErrUnchanged
			}
			return validate.NewError(validate.Conflict, "company.changed")
		}
		customer.Company = c
		return nil
	}
	if s.customer.Company.VATID == c.VATID {
		_, err := s.change(ctx, save)
		return c, err
	}
	err := s.changeAndTell(ctx, ChangedVATID, save)
	return c, err
}

// WithVATChecker makes the worker check VAT IDs. Without it, they stay unknown.
func WithVATChecker(checker customer.VATChecker) Option {
	return func(a *App) { a.vatChecker = checker }
}

// checkVAT asks VIES about the customer's VAT ID. Without an answer nothing changes, and the job is
// retried. Without a customer.VATChecker it waits for a day.
func (w Worker) checkVAT(ctx context.Context, shop shop.Shop,
	t job.Task[customer.Customer]) (job.Finish[customer.Customer], error) {
	if w.app.vatChecker == nil {
		return func(c *customer.Customer) { c.VAT.NextAt = w.app.now().Add(customer.VATUnasked) }, nil
	}
	given, err := w.askVAT(ctx, shop, t.Doc.VAT.VATID)
	var unknown *vies.UnknownError
	if errors.As(err, &unknown) && unknown.Reason == vies.ReasonInput &&
		t.Doc.VAT.Status != customer.VATValid {
		err = nil // it cannot be a VAT ID, unless it was valid before
	}
	if err != nil && t.Doc.VAT.Status == customer.VATUnknown {
		return nil, errors.Join(err, w.noteLongUnknown(ctx, shop, t))
	}
	return func(c *customer.Customer) {
		if c.VAT.VATID == given.VATID { // otherwise it has changed, and a check of the new one is due
			c.VAT.Answer(given)
		}
	}, err
}

// noteLongUnknown marks a customer whose VAT ID has been unknown for long, so that staff find them.
func (w Worker) noteLongUnknown(ctx context.Context, shop shop.Shop, t job.Task[customer.Customer]) error {
	if t.Doc.VAT.Long || w.app.now().Sub(t.Job.At) < customer.VATPatience {
		return nil
	}
	_, err := w.app.changeCustomer(ctx, shop.ID, t.Key, func(c *customer.Customer) error {
		if c.VAT.VATID != t.Doc.VAT.VATID || c.VAT.Status != customer.VATUnknown {
			return storage.ErrUnchanged
		}
		c.VAT.Long = true
		return nil
	})
	return ifFound(err)
}

func (w Worker) askVAT(ctx context.Context, shop shop.Shop, text string) (customer.VATAnswer, error) {
	a := customer.VATAnswer{VATID: text, Status: customer.VATInvalid, Requester: shop.VATID}
	id, err := vat.Parse(text, "")
	if err != nil {
		return a, err
	}
	got, err := w.app.vatChecker.Check(ctx, id.Country, id.Body, a.Requester)
	var unknown *vies.UnknownError
	if errors.As(err, &unknown) && unknown.Reason == vies.ReasonRequester && a.Requester != "" {
		w.app.log.WarnContext(ctx, "vat check: VIES does not accept the shop's own VAT ID; asking without it",
			"shop", shop.ID)
		a.Requester = ""
		got, err = w.app.vatChecker.Check(ctx, id.Country, id.Body, "")
	}
	a.At, a.Name, a.Address, a.Consultation = w.app.now().Truncate(time.Millisecond), got.Name, got.Address, got.Consultation
	if got.Valid {
		a.Status = customer.VATValid
	}
	return a, err
}

// VATCheck returns what is known about the customer's VAT ID. silent is true if VIES has been asked but has
// not answered.
func (s Shopper) VATCheck() (known customer.VATEvidence, silent bool) {
	known = s.customer.VAT
	if check, found := s.customer.Work.Find(customer.KindVATCheck); found {
		known.NextAt, silent = check.DueAt, check.LastError != ""
	}
	return known, silent
}

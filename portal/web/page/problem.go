package page

import (
	"cmp"
	"errors"

	"postern/portal/validate"

	"github.com/gofiber/fiber/v2"
)

// problem is the data of the page that explains an error and the next step.
type problem struct {
	Base
	Text      string
	Cure      *Link  // the button that mends the error, nil if only another page does
	Action    *Link  // to where the visitor begins; the main button without a cure
	Reference string // the request ID, for contacting the shop
}

// Problem answers with the error page: the error's own sentence or that of its kind, and a next step.
// reference is the request ID, "" to show none.
func (p *Pages) Problem(c *fiber.Ctx, status int, b Base, err error, reference string) error {
	data := b.problem(ownKey(err))
	if data.Title == "" {
		data.Title = b.T(kindKey(validate.KindOf(err)) + ".title")
	}
	data.Reference = reference
	data.Cure = b.cure(validate.KindOf(err))
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead { // the form's path may have no page
		data.CurrentURL = b.Home()
	}
	return p.Render(c, status, "problem", data)
}

// problem returns the page's data. The title is empty if the key has none.
func (b Base) problem(key string) problem {
	b.Title, b.Flash, b.SingleCard, b.Nav, b.Wide = "", nil, !b.SignedIn, "", false
	if other := key + b.reader(); other != key && b.L.Has(other) {
		b.Title, key = b.T(key+".title"), other
	}
	if b.L.Has(key + ".title") {
		b.Title = b.T(key + ".title")
	}
	data := problem{Base: b, Text: b.T(key)}
	if own := key + ".staff"; b.SignedIn && b.Area.Side && b.L.Has(own) {
		data.Text = b.T(own)
	}
	switch {
	case b.SignedIn && len(b.Area.Start) > 0:
		last := b.Area.Start[len(b.Area.Start)-1]
		data.Action = &Link{Label: b.T(last.Key), Path: last.Path}
	case b.As != nil:
		data.Action = &Link{Label: b.T("impersonation.orders"), Path: b.Home()}
	case b.SignedIn:
		data.Action = &Link{Label: b.T("problem.orders"), Path: b.Home()}
	case b.Shop.ID != "":
		data.Action = &Link{Label: b.T("problem.sign_in"), Path: b.Link(cmp.Or(b.Area.SignIn, "/sign-in"))}
	}
	return data
}

// reader returns the end of the key of a sentence that is for this reader only, "" for a signed-in customer.
func (b Base) reader() string {
	switch {
	case b.Shop.ID == "":
		return ""
	case b.Area.Side && b.SignedIn:
		return ".staff"
	case b.Area.Side:
		return ".staff_out"
	case !b.SignedIn:
		return ".out"
	}
	return ""
}

// cure returns the link that mends an error of a kind, or nil: to the page of the form, or to the same page
// again.
func (b Base) cure(kind validate.Kind) *Link {
	if b.Shop.ID == "" || b.CurrentURL == "" {
		return nil
	}
	switch kind {
	case validate.NotFound, validate.Gone, validate.Denied:
		if b.SignedIn && len(b.Area.Start) > 1 {
			return &Link{Label: b.T(b.Area.Start[0].Key), Path: b.Area.Start[0].Path}
		}
	case validate.Conflict:
		return &Link{Label: b.T("problem.reload"), Path: b.CurrentURL}
	case validate.Invalid, validate.TooLarge:
		return &Link{Label: b.T("problem.back"), Path: b.CurrentURL}
	case validate.TooMany, validate.Unavailable, validate.Internal:
		return &Link{Label: b.T("problem.again"), Path: b.CurrentURL}
	}
	return nil
}

// ownKey returns the message key of an error, or the key of its kind. It never reveals an internal error.
func ownKey(err error) string {
	var e *validate.Error
	if errors.As(err, &e) && e.Key != "" && e.Kind != validate.Internal {
		return e.Key
	}
	return kindKey(validate.KindOf(err))
}

// summaryKey returns the key of the sentence above a form: a request to correct the fields, or the error
// itself.
func summaryKey(err error) string {
	if len(validate.FieldErrors(err)) > 0 {
		return "form.summary"
	}
	return ownKey(err)
}

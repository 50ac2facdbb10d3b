package page

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// problem is the data of the page that says what went wrong and what to do.
type problem struct {
	Base
	Text      string
	Action    *Link
	Reference string // the request's id, for who asks the shop
}

// Problem answers with the page of an error: its own sentence, or its kind's, and a way on. Reference is
// the request's id, "" to show none.
func (p *Pages) Problem(c *fiber.Ctx, status int, b Base, err error, reference string) error {
	data := b.problem(ownKey(err))
	if data.Title == "" {
		data.Title = b.T(kindKey(portal.KindOf(err)) + ".title")
	}
	data.Reference = reference
	if c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead { // there may be no page where the form went
		data.Here = b.Home()
	}
	return p.Render(c, status, "problem", data)
}

// problem leaves the title empty where the key has none of its own.
func (b Base) problem(key string) problem {
	b.Title, b.Flash = "", nil
	if b.L.Has(key + ".title") {
		b.Title = b.T(key + ".title")
	}
	data := problem{Base: b, Text: b.T(key)}
	switch {
	case b.SignedIn:
		data.Action = &Link{Label: b.T("problem.orders"), Path: "/orders"}
	case b.Shop.ID != "":
		data.Action = &Link{Label: b.T("problem.sign_in"), Path: b.Link("/sign-in")}
	}
	return data
}

// ownKey is the message key of an error, its kind's where it has none. What is internal is never told.
func ownKey(err error) string {
	var e *portal.Error
	if errors.As(err, &e) && e.Key != "" && e.Kind != portal.Internal {
		return e.Key
	}
	return kindKey(portal.KindOf(err))
}

// summaryKey is what stands above a form: that fields are to be mended, or the error itself.
func summaryKey(err error) string {
	if len(portal.FaultsOf(err)) > 0 {
		return "form.summary"
	}
	return ownKey(err)
}

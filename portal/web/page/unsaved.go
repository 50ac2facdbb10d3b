package page

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"postern/portal/shop"
	"postern/portal/validate"
	"postern/portal/web/gate"
)

// unsaved is the page for a form that was sent too late: the sender has been signed out, or must enter a
// code first. The page alone keeps the typed values until the form can be sent again.
type unsaved struct {
	Base
	Text          string
	Way, WayLabel string // path to sign in or enter the code, in a new tab
	Action        string
	Fields        []Hidden
}

// TypedFields returns the fields of a form in their order, without secrets. It returns nil for a form with
// nothing but buttons.
func TypedFields(c *fiber.Ctx) []Hidden {
	secrets := []string{"code", "token"}
	var fields []Hidden
	typed := false
	for name, value := range c.Request().PostArgs().All() {
		field := Hidden{Name: string(name), Value: string(value)}
		if slices.Contains(secrets, field.Name) {
			continue
		}
		fields = append(fields, field)
		typed = typed || field.Value != "" && field.Name != gate.OwnerField
	}
	if !typed {
		return nil
	}
	return fields
}

// Unsaved answers with the page that keeps the typed values. kind is validate.SignIn or validate.StepUp, and
// way is the path to the sign-in or the code.
func (p *Pages) Unsaved(c *fiber.Ctx, b Base, kind validate.Kind, way shop.LocalPath) error {
	action, err := Own(c.Path())
	if err != nil {
		return err
	}
	key := "unsaved.sign_in"
	if kind == validate.StepUp {
		key = "unsaved.challenge"
	}
	b.SingleCard, b.Flash, b.Languages = !b.SignedIn, nil, nil // switching the language would lose the typed values
	b.Title = b.T(key + ".title")
	return p.Render(c, fiber.StatusForbidden, "unsaved", unsaved{
		Base: b, Text: b.T(key), Way: way.String(), WayLabel: b.T(key + ".way"), Action: action.String(),
		Fields: TypedFields(c),
	})
}

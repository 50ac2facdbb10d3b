package page

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
)

// unsaved is the page of a form that was sent too late: its sender had been signed out, or needs to enter a
// code first. It keeps what was typed, in this page alone, until the form can be sent again.
type unsaved struct {
	Base
	Text          string
	Way, WayLabel string // to what is missing, in a tab of its own
	Action        string
	Fields        []Hidden
}

// TypedFields are what a form of ours brought but for secrets, in its order; nil for one that holds nothing
// but its buttons.
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

// Unsaved answers with the page that keeps what was typed; kind is SignIn or StepUp, and way leads to what
// is missing.
func (p *Pages) Unsaved(c *fiber.Ctx, b Base, kind portal.Kind, way portal.LocalPath) error {
	action, err := Own(c.Path())
	if err != nil {
		return err
	}
	key := "unsaved.sign_in"
	if kind == portal.StepUp {
		key = "unsaved.challenge"
	}
	b.Solo, b.Flash, b.Languages = !b.SignedIn, nil, nil // another language would be another page, without what was typed
	b.Title = b.T(key + ".title")
	return p.Render(c, fiber.StatusForbidden, "unsaved", unsaved{
		Base: b, Text: b.T(key), Way: way.String(), WayLabel: b.T(key + ".way"), Action: action.String(), Fields: TypedFields(c),
	})
}

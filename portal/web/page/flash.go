package page

import (
	"github.com/gofiber/fiber/v2"

	"postern/templates/i18n"
)

// Flash is the confirmation at the top of a page: what was done, and perhaps how to undo it. It comes in
// the URL of the redirect after a form, ?done=address.deleted&undo=ID: no cookie and no store holds it.
type Flash struct {
	Text   string
	UndoID string  // what ?undo= names; for the handler
	Undo   *Action // set with OfferUndo
}

// Action is a form of one button.
type Action struct {
	Label, Path string
	Fields      []Hidden
}

// Hidden is a field of an Action that is not shown.
type Hidden struct{ Name, Value string }

// flashOf finds the confirmation. Only sentences whose keys begin with "done." are shown, so that no link
// can put words into the shop's mouth.
func flashOf(c *fiber.Ctx, l *i18n.Localizer) *Flash {
	done := c.Query("done")
	if done == "" || !l.Has("done."+done) {
		return nil
	}
	return &Flash{Text: l.T("done." + done), UndoID: c.Query("undo")}
}

// OfferUndo adds a button to the confirmation, if there is one that names what to undo. The path of the
// POST must not be made of the name unchecked.
func (b *Base) OfferUndo(path string, fields ...Hidden) {
	if b.Flash != nil && b.Flash.UndoID != "" {
		b.Flash.Undo = &Action{Label: b.T("base.undo"), Path: path, Fields: fields}
	}
}

package page

import (
	"github.com/gofiber/fiber/v2"

	"postern/templates/i18n"
)

// Flash is the confirmation at the top of a page, possibly with an undo button. It comes from the URL of
// the redirect after a form, ?done=address.deleted&undo=ID, so it needs neither a cookie nor the store.
type Flash struct {
	Text   string
	UndoID string  // the value of ?undo=, for the handler
	Undo   *Action // set with OfferUndo
}

// Action is a form with a single button.
type Action struct {
	Label, Path string
	Lang        string // of the label, "" for that of the page
	Fields      []Hidden
}

// Hidden is a hidden field of a form.
type Hidden struct{ Name, Value string }

// flashOf returns the confirmation that the URL names. It accepts only message keys that begin with
// "done.", so that a link cannot put words into the shop's mouth.
func flashOf(c *fiber.Ctx, l *i18n.Localizer) *Flash {
	done := c.Query("done")
	if done == "" || !l.Has("done."+done) {
		return nil
	}
	return &Flash{Text: l.T("done." + done), UndoID: c.Query("undo")}
}

// OfferLanguage adds a button to the confirmation that brings back the language that the page before had. A
// language that the shop does not offer is ignored.
func (b *Base) OfferLanguage() {
	if b.Flash == nil || !b.SignedIn {
		return
	}
	for _, choice := range b.Languages {
		if choice.Lang == b.Flash.UndoID && !choice.Current {
			b.Flash.Undo = &Action{Label: choice.Name, Lang: choice.Lang, Path: b.Area.Language,
				Fields: []Hidden{{Name: "lang", Value: choice.Lang}, {Name: "back", Value: b.CurrentURL}}}
		}
	}
}

// OfferUndo adds an undo button to the confirmation if the URL names something to undo. Do not build path
// from that value without checking it.
func (b *Base) OfferUndo(path string, fields ...Hidden) {
	if b.Flash != nil && b.Flash.UndoID != "" {
		b.Flash.Undo = &Action{Label: b.T("base.undo"), Path: path, Fields: fields}
	}
}

package page

import (
	"fmt"
	"html/template"

	"postern/portal/validate"
)

// Pill is the data of Status: a sentence with the icon of its tone, so that the meaning never depends on
// colour alone.
type Pill struct{ Tone, Icon, Text string }

// Pill returns a pill with a tone: waiting, moving, done, stopped or neutral. Any other tone becomes
// neutral.
func (b Base) Pill(tone any, text string) Pill {
	name := fmt.Sprint(tone)
	switch name {
	case "waiting", "moving", "done", "stopped":
	default:
		name = "neutral"
	}
	return Pill{Tone: name, Icon: name, Text: text}
}

// Status returns a pill's HTML; use PutStatus for lists.
func (b Base) Status(p Pill) template.HTML {
	var m Markup
	b.PutStatus(&m, p)
	return m.HTML()
}

// PutStatus writes a pill's HTML, as in the rows of a list.
func (b *Base) PutStatus(m *Markup, p Pill) {
	m.Raw(`<span class="status tone-`).Text(p.Tone).Raw(`">`).Put(b.Icon(p.Icon)).Raw(`<span>`).Text(p.Text).Raw(`</span></span>`)
}

// Icon returns a drawing from static/img/icons, or "" for an unknown name.
func (b Base) Icon(name string) template.HTML { return b.icons[name] }

// Link is a link's text and path.
type Link struct{ Label, Path string }

// Empty is the data of the partial "empty": one sentence and at most one link.
type Empty struct {
	Text   string
	Action *Link
}

// Empty returns the empty state of a list. Without a label it has no link.
func (b Base) Empty(text, label, path string) Empty {
	if label == "" {
		return Empty{Text: text}
	}
	return Empty{Text: text, Action: &Link{Label: label, Path: path}}
}

// Pager returns the links to the previous and next page of a list, newest first. An empty URL omits the
// link.
func (b Base) Pager(previous, next string) template.HTML {
	if previous == "" && next == "" {
		return ""
	}
	var m Markup
	m.Raw(`<nav class="pager" aria-label="`).Text(b.T("pager.label")).Raw("\">\n")
	if previous != "" {
		m.Raw(`<a class="button quiet" rel="prev" href="`).URL(previous).Raw(`">`).Put(b.Icon("left")).Text(b.T("pager.newer")).Raw("</a>\n")
	}
	if next != "" {
		m.Raw(`<a class="button quiet pager-next" rel="next" href="`).URL(next).Raw(`">`).Text(b.T("pager.older")).Put(b.Icon("right")).Raw("</a>\n")
	}
	m.Raw("</nav>\n")
	return m.HTML()
}

// kindKey returns the message key of an error kind. With ".title" added it is the key of the heading.
func kindKey(kind validate.Kind) string {
	switch kind {
	case validate.Invalid:
		return "error.invalid"
	case validate.SignIn:
		return "error.sign_in"
	case validate.StepUp:
		return "error.challenge"
	case validate.Denied:
		return "error.denied"
	case validate.NotFound:
		return "error.not_found"
	case validate.Gone:
		return "error.gone"
	case validate.Conflict:
		return "error.conflict"
	case validate.TooLarge:
		return "error.too_large"
	case validate.TooMany:
		return "error.too_many"
	case validate.Unavailable:
		return "error.unavailable"
	}
	return "error.internal"
}

package page

import (
	"html/template"
	"strings"

	"postern/portal/validate"
)

// Pill is the data of partials/status: a sentence with an icon, so that the meaning never depends on colour
// alone.
type Pill struct{ Tone, Icon, Text string }

// Pill returns a pill with a tone and the icon of that tone: waiting, moving, done, stopped or neutral. Any
// other tone becomes neutral.
func (b Base) Pill(tone, text string) Pill {
	switch tone {
	case "waiting", "moving", "done", "stopped":
	default:
		tone = "neutral"
	}
	return Pill{Tone: tone, Icon: tone, Text: text}
}

// With returns the pill with another icon than that of its tone.
func (p Pill) With(icon string) Pill {
	p.Icon = icon
	return p
}

// Link is a link's text and path.
type Link struct{ Label, Path string }

// Item is the data of partials/item: a link in a list, perhaps the current one.
type Item struct {
	Label, Path string
	Current     bool
}

// roomForItem is the approximate size of an item in bytes.
const roomForItem = 128

// HTML returns the pager's HTML, "" for nil.
func (p *Pager) HTML(b *Base) (template.HTML, error) {
	if p == nil {
		return "", nil
	}
	gaps := b.Gaps()
	data := Pager{Label: gaps.Text(p.Label), Previous: gaps.Text(p.Previous), Newer: gaps.Text(p.Newer),
		Next: gaps.Text(p.Next), Older: gaps.Text(p.Older)}
	return b.Fragment(Shape{Template: "partials/pager"}, gaps, &data)
}

// Items returns the HTML of links in a list.
func (b *Base) Items(items []Item) (template.HTML, error) {
	var out strings.Builder
	out.Grow(len(items) * roomForItem)
	gaps, data := b.Gaps(), Item{}
	for _, item := range items {
		gaps.Reset()
		shape := Shape{Template: "partials/item"}
		if item.Current {
			shape.Flags = 1
		}
		data = Item{Label: gaps.Text(item.Label), Path: gaps.Text(item.Path), Current: item.Current}
		if err := b.WriteFragment(&out, shape, gaps, &data); err != nil {
			return "", err
		}
	}
	return template.HTML(out.String()), nil
}

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

// Pager is the data of partials/pager: the links to the previous and next page of a list, newest first. An
// empty URL omits the link.
type Pager struct{ Label, Previous, Newer, Next, Older string }

// Pager returns a pager, or nil without any link.
func (b Base) Pager(previous, next string) *Pager {
	if previous == "" && next == "" {
		return nil
	}
	return &Pager{
		Label:    b.T("pager.label"),
		Previous: previous, Newer: b.T("pager.newer"),
		Next: next, Older: b.T("pager.older"),
	}
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

package mail

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var errButton = errors.New("mail: the button of a letter needs an absolute http or https URL")

// Letter is what a mail says, in ready sentences of one language. Everything but the brand and the subject
// may be empty. No string holds a line break of its own: Render turns each into a space.
type Letter struct {
	Lang            string // BCP 47
	Brand           Brand
	Subject         string
	Preheader       string // what a list of mails shows after the subject
	Heading         string
	Paragraphs      []string
	Button          *Button
	Code, CodeLabel string
	Details         []string // who asked: device, time
	Notes           []string // for those who did not ask
	Footer          []string
}

// Brand is how a shop looks in its mails. LogoURL is https or ""; Accent and OnAccent, the colours of the
// button and of the words on it, are "#rrggbb" or "" for the house's own; Support is an e-mail address or
// "".
type Brand struct {
	Name, LogoURL, URL, Support string
	Accent, OnAccent            string
}

// Button is the one thing to do. URL is absolute, http or https.
type Button struct{ Label, URL string }

// The colours of the button of a shop that set none.
const (
	accent   = "#22201d"
	onAccent = "#ffffff"
)

var colourShape = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// clean returns a copy whose every string is one line and whose brand can be drawn.
func (l Letter) clean() (Letter, error) {
	for _, s := range []*string{&l.Lang, &l.Subject, &l.Preheader, &l.Heading, &l.Code, &l.CodeLabel} {
		*s = oneLine(*s)
	}
	for _, list := range []*[]string{&l.Paragraphs, &l.Details, &l.Notes, &l.Footer} {
		*list = lines(*list)
	}
	l.Brand = l.Brand.clean()
	if l.Button == nil {
		return l, nil
	}
	if !absolute(l.Button.URL, "https", "http") {
		return l, errButton
	}
	l.Button = &Button{Label: oneLine(l.Button.Label), URL: l.Button.URL}
	return l, nil
}

func lines(in []string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = oneLine(s)
	}
	return out
}

// clean leaves out what a mail reader could not show or follow: a mail without a logo is better than none.
func (b Brand) clean() Brand {
	b.Name, b.Support = oneLine(b.Name), oneLine(b.Support)
	if !absolute(b.LogoURL, "https") {
		b.LogoURL = ""
	}
	if !absolute(b.URL, "https", "http") {
		b.URL = ""
	}
	if !colourShape.MatchString(b.Accent) || !colourShape.MatchString(b.OnAccent) {
		b.Accent, b.OnAccent = accent, onAccent
	}
	return b
}

// absolute reports whether s is a URL of one of the schemes that stays in one piece on a line of its own.
func absolute(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && !strings.ContainsAny(s, " \t\r\n") && slices.Contains(schemes, u.Scheme)
}

package mail

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var errButton = errors.New("mail: the button of a letter needs an absolute http or https URL")

// Letter is the content of an email, as complete sentences in one language. Everything except the brand and
// the subject may be empty. Render turns any line break into a space.
type Letter struct {
	Lang            string // BCP 47
	Brand           Brand
	Subject         string
	Preheader       string // preview text that email programs show after the subject
	Heading         string
	Paragraphs      []string
	Quote           []string // what somebody wrote, below the paragraphs
	Button          *Button
	Code, CodeLabel string
	Details         []string // about the request: device, time
	Notes           []string // for recipients who did not request the email
	Footer          []string
}

// Brand is a shop's look in its emails. LogoURL is https or "". Accent and OnAccent are the colours of the
// button and its text, "#rrggbb" or "" for the default. Support is an email address or "".
type Brand struct {
	Name, LogoURL, URL, Support string
	Accent, OnAccent            string
}

// Button is the email's call to action. URL is absolute, http or https.
type Button struct{ Label, URL string }

// Default colours of the button.
const (
	accent   = "#22201d"
	onAccent = "#ffffff"
)

var colourShape = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// clean returns a copy in which every string is a single line and the brand is usable.
func (l Letter) clean() (Letter, error) {
	for _, s := range []*string{&l.Lang, &l.Subject, &l.Preheader, &l.Heading, &l.Code, &l.CodeLabel} {
		*s = oneLine(*s)
	}
	for _, list := range []*[]string{&l.Paragraphs, &l.Quote, &l.Details, &l.Notes, &l.Footer} {
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

// clean removes values that an email program could not show or open: an email without a logo is better than
// none.
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

// absolute reports whether s is an absolute URL with one of the schemes and without white space, so that it
// fits on one line.
func absolute(s string, schemes ...string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && !strings.ContainsAny(s, " \t\r\n") &&
		slices.Contains(schemes, u.Scheme)
}

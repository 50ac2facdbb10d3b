package validate

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"postern/portal/address"
	"postern/portal/clean"
)

// The methods below read the values that feeds send. A wrong value that matters is refused; one that is
// merely descriptive is cleaned, cut or dropped with a warning, because the order is worth more than its
// picture.

// Cut reads a merely descriptive line; one that is too long is truncated.
func (f *Validator) Cut(field, value string, most int) string {
	return f.shortened(field, f.clean(field, f.withoutEntities(field, value), clean.Line), most)
}

// CutProse is Cut for a text of several lines.
func (f *Validator) CutProse(field, value string, most int) string {
	return f.shortened(field, f.clean(field, f.withoutEntities(field, value), clean.Prose), most)
}

// entity matches an HTML character reference with its semicolon; "Q&A" and "a&copy=1" do not match.
var entity = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});`)

// withoutEntities decodes a text that was HTML-escaped on its way: OpenCart, Etsy and WooCommerce's
// checkout store "Acme &amp; O&#8217;Brien", doubly escaped if it was read and saved again. Pages escape it
// again.
func (f *Validator) withoutEntities(field, value string) string {
	if !strings.Contains(value, "&") {
		return value
	}
	plain := value
	for range 2 {
		plain = entity.ReplaceAllStringFunc(plain, html.UnescapeString)
	}
	if plain != value {
		f.Warn(field, "text.entities")
	}
	return plain
}

func (f *Validator) shortened(field, value string, most int) string {
	if utf8.RuneCountInString(value) <= most {
		return value
	}
	f.Warn(field, "text.cut", "Most", fmt.Sprint(most))
	return strings.TrimSpace(string([]rune(value)[:most-1])) + "…"
}

// Key reads an identifier: it must be returned as it was sent, so a bad one is refused rather than altered.
// Only invisible characters are removed.
func (f *Validator) Key(field, value string, most int) string {
	value = clean.Code(value)
	if clean.HasControl(value) || strings.ContainsRune(value, utf8.RuneError) {
		f.Reject(field, "text.control")
		return ""
	}
	return f.bounded(field, value, most)
}

// FedLink reads an optional link. "www.dhl.com/…" and "//cdn.example.com/…" are completed as browsers do
// it. Anything but an absolute web address is dropped: guessing the host of "/media/x.jpg" could show the
// wrong picture.
func (f *Validator) FedLink(field, value string) string {
	value = clean.Code(value)
	if value == "" {
		return ""
	}
	completed := value
	if host, _, _ := strings.Cut(strings.ToLower(value), "/"); strings.HasPrefix(host, "www.") {
		completed = "https://" + value
	} else if strings.HasPrefix(value, "//") {
		completed = "https:" + value
	}
	u, err := url.Parse(strings.ReplaceAll(completed, " ", "%20"))
	if err != nil || len(u.String()) > maxURL || OriginOf(u.String()) == "" {
		f.Warn(field, "url.dropped")
		return ""
	}
	if completed != value {
		f.Warn(field, "url.completed")
	}
	return u.String()
}

// TaxID reads the VAT ID of an order. A placeholder such as "N/A" is dropped.
func (f *Validator) TaxID(field, value string) string {
	text := f.Cut(field, value, MaxWord)
	if text != "" && IsForNobody(text) {
		f.Warn(field, "vat.dropped")
		return ""
	}
	return text
}

// Address reads an address from the shop's records: bounded and normalised, but not validated.
func (f *Validator) Address(field string, a *address.Address) *address.Address {
	if a == nil || a.IsZero() {
		return nil
	}
	out := f.splitStreet(field, *a)
	for _, name := range address.Names() {
		out.Set(name, f.Cut(field+"/"+string(name), out.Get(name), 2*address.MaxLength))
	}
	if out.IsZero() {
		return nil
	}
	out = f.Formats.Normalise(out)
	if out.Country != "" && f.Formats.Form(out.Country) == nil {
		f.Warn(field+"/country", "address.country_kept")
	}
	return &out
}

// splitStreet splits a street of two lines into its two fields: some systems send both in one.
func (f *Validator) splitStreet(field string, a address.Address) address.Address {
	street, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(a.Line1, "\r", "\n")), "\n")
	if rest = strings.Join(strings.Fields(rest), " "); a.Line2 == "" && rest != "" {
		f.Warn(field+"/line1", "address.street_split")
		a.Line1, a.Line2 = street, rest
	}
	return a
}

// FedPhone reads an optional telephone number: in E.164 if it can be parsed, else as it is.
func (f *Validator) FedPhone(field, value string) string {
	text := clean.Code(f.Cut(field, value, MaxWord))
	if number, err := address.ParsePhone(text, ""); err == nil {
		return number
	}
	return text
}

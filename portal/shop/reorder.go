package shop

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"postern/portal/validate"
)

// The placeholders of ReorderURL, a link that puts an order's goods into the cart of the shop again.
const (
	placeSKUs   = "{skus}"   // the SKUs, parted by commas: "PEN,INK"
	placeItems  = "{items}"  // the SKUs with their quantities: "PEN:2,INK:1"
	placeNumber = "{number}" // the order's number
)

// placeholder matches what looks like a placeholder.
var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// maxReorderLink is the length of a link in bytes that browsers and shops surely accept.
const maxReorderLink = 8000

// checkReorder checks the template: a link with at least one placeholder, none of them in the host.
func (s *Shop) checkReorder(f *validate.Validator) {
	if s.ReorderURL = strings.TrimSpace(s.ReorderURL); s.ReorderURL == "" {
		return
	}
	known := []string{placeSKUs, placeItems, placeNumber}
	found := placeholder.FindAllString(s.ReorderURL, -1)
	wrong := slices.DeleteFunc(slices.Clone(found), func(one string) bool { return slices.Contains(known, one) })
	_, rest, _ := strings.Cut(s.ReorderURL, "://")
	host, _, _ := strings.Cut(rest, "/")
	if len(found) == 0 || len(wrong) > 0 || strings.ContainsAny(host, "{}?#") {
		f.Reject("reorder_url", "shop.reorder_url", "Known", strings.Join(known, ", "))
		return
	}
	f.Link("reorder_url", placeholder.ReplaceAllString(s.ReorderURL, "x"))
}

// checkCountry reads a country code.
func (s *Shop) checkCountry(f *validate.Validator) {
	if s.Country = strings.ToUpper(strings.TrimSpace(s.Country)); s.Country == "" {
		return
	}
	if region, err := language.ParseRegion(s.Country); err != nil || !region.IsCountry() || len(s.Country) != 2 {
		f.Reject("country", "shop.country")
	}
}

// HomeCountry returns the shop's country: as set, else that of its VAT ID, or "" if neither is known.
func (s Shop) HomeCountry() string {
	switch {
	case s.Country != "" || len(s.VATID) < 2:
		return s.Country
	case strings.HasPrefix(s.VATID, "EL"): // VAT IDs call Greece so
		return "GR"
	}
	return s.VATID[:2]
}

// Bought is one article of an order, for ReorderLink.
type Bought struct{ SKU, Quantity string }

// ReorderLink returns the link that orders the same again, or "" if the shop has no template or the order
// nothing that the template asks for.
func (s Shop) ReorderLink(number string, goods []Bought) string {
	if s.ReorderURL == "" {
		return ""
	}
	var skus, items []string
	for _, one := range goods {
		if one.SKU == "" {
			continue
		}
		sku := url.QueryEscape(one.SKU)
		skus = append(skus, sku)
		items = append(items, sku+":"+url.QueryEscape(one.Quantity))
	}
	if len(skus) == 0 && !strings.Contains(s.ReorderURL, placeNumber) {
		return ""
	}
	link := strings.NewReplacer(placeSKUs, strings.Join(skus, ","), placeItems, strings.Join(items, ","),
		placeNumber, url.QueryEscape(number)).Replace(s.ReorderURL)
	if len(link) > maxReorderLink {
		return ""
	}
	return link
}

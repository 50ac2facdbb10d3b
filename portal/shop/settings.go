package shop

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"postern/portal/colour"
	"postern/portal/picture"
	"postern/portal/validate"
	"postern/templates/i18n"
)

// The fields that a shop may require from customers who register.
const (
	RequireTitle     = "title"
	RequireNames     = "names"
	RequireBirthDate = "birth_date"
	RequirePhone     = "phone"
	RequireCompany   = "company"
)

func requirable() []string {
	return []string{RequireTitle, RequireNames, RequireBirthDate, RequirePhone, RequireCompany}
}

// checkRequired sorts the required fields into the order of the form and reports unknown ones.
func (s *Shop) checkRequired(f *validate.Validator) {
	var unknown []string
	s.RequiredFields, unknown = inOrder(s.RequiredFields, requirable())
	for _, field := range unknown {
		f.Reject("required_fields", "shop.required_field", "Field", field)
	}
}

// inOrder returns the wanted words that are known, in the order of the known ones, and the others.
func inOrder(wanted, known []string) (kept, unknown []string) {
	for _, word := range known {
		if slices.Contains(wanted, word) {
			kept = append(kept, word)
		}
	}
	for _, word := range wanted {
		if !slices.Contains(known, word) {
			unknown = append(unknown, word)
		}
	}
	return kept, unknown
}

// OrderEmails lists the kinds of emails about orders that a shop can switch on, as package order names them.
func OrderEmails() []string {
	return []string{"received", "paid", "shipped", "pickup", "delivered", "cancelled", "refunded", "return"}
}

// checkOrderEmails sorts the kinds of emails about orders and reports unknown ones.
func (s *Shop) checkOrderEmails(f *validate.Validator) {
	var unknown []string
	s.OrderEmails, unknown = inOrder(s.OrderEmails, OrderEmails())
	for _, kind := range unknown {
		f.Reject("order_emails", "shop.order_email", "Kind", kind, "Known", strings.Join(OrderEmails(), ", "))
	}
}

// maxReturnReasons is the maximum number of reasons for a return that a shop can offer.
const maxReturnReasons = 20

func (s *Shop) checkReturnReasons(f *validate.Validator) {
	if len(s.ReturnReasons) > maxReturnReasons {
		f.Reject("return_reasons", "json.too_many", "Most", fmt.Sprint(maxReturnReasons))
	}
	s.ReturnReasons = slices.Clone(s.ReturnReasons)
	for i, reason := range s.ReturnReasons {
		s.ReturnReasons[i] = f.Required("return_reasons", f.Text("return_reasons", reason, validate.MaxWord))
	}
}

var IDShape = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Settings are the settings of a shop that an operator can change; nil leaves a setting unchanged.
type Settings struct {
	Name, BaseURL, StorefrontURL *string
	Hosts, AllowedOrigins        *[]string
	SenderName, SenderEmail      *string
	Language                     *string
	Languages                    *[]string
	TimeZone, Currency, VATID    *string
	Country, ReorderURL          *string
	LinkLife                     *time.Duration
	Registration, FirstOrderMail *bool
	OrderEmails, ReturnReasons   *[]string
	StaffNames                   *bool // whether customers see who of the staff viewed or changed their account
	Withdrawal                   *bool // whether consumers can withdraw from a contract online; on for a new shop
	Events                       *bool // whether the shop's system may send what customers do in the shop
	RequiredFields               *[]string
	Logo                         *[]byte // a PNG, JPEG or WebP file; empty removes the logo
	Accent, SupportEmail         *string
	Footer                       *[]FooterLink
}

// PageColours returns the page backgrounds (static/css/portal.css) that text in the accent colour must be
// readable on: in light mode the darker of page and card, in dark mode the lighter.
func PageColours() colour.Page {
	return colour.Page{Light: colour.Colour{R: 0xfa, G: 0xf9, B: 0xf7},
		Dark: colour.Colour{R: 0x21, G: 0x20, B: 0x1d}}
}

// forgetImplied removes settings that follow from others. Earlier versions stored them as if they had been
// set, so that they would not follow later changes.
func (s *Shop) forgetImplied() {
	s.Hosts = slices.DeleteFunc(s.Hosts, func(host string) bool { return host == s.ownHost() })
	if s.SenderName == s.Name {
		s.SenderName = ""
	}
}

// SourceOf returns the setting that makes the shop answer on a host.
func (s *Shop) SourceOf(host string) string {
	if host == s.ownHost() {
		return "base_url"
	}
	return "hosts"
}

// Apply copies the given settings to the shop.
func (s Settings) Apply(f *validate.Validator, shop *Shop) {
	shop.forgetImplied()
	put(&shop.Name, s.Name)
	put(&shop.BaseURL, s.BaseURL)
	put(&shop.StorefrontURL, s.StorefrontURL)
	put(&shop.Hosts, s.Hosts)
	put(&shop.AllowedOrigins, s.AllowedOrigins)
	put(&shop.SenderName, s.SenderName)
	put(&shop.SenderEmail, s.SenderEmail)
	put(&shop.Language, s.Language)
	put(&shop.Languages, s.Languages)
	put(&shop.TimeZone, s.TimeZone)
	put(&shop.Currency, s.Currency)
	put(&shop.VATID, s.VATID)
	put(&shop.Country, s.Country)
	put(&shop.ReorderURL, s.ReorderURL)
	put(&shop.LinkLife, s.LinkLife)
	put(&shop.Registration, s.Registration)
	put(&shop.StaffNames, s.StaffNames)
	if s.Withdrawal != nil {
		shop.NoWithdrawal = !*s.Withdrawal
	}
	put(&shop.RequiredFields, s.RequiredFields)
	put(&shop.Events, s.Events)
	put(&shop.FirstOrderMail, s.FirstOrderMail)
	put(&shop.OrderEmails, s.OrderEmails)
	put(&shop.ReturnReasons, s.ReturnReasons)
	put(&shop.Brand.Accent, s.Accent)
	put(&shop.Brand.SupportEmail, s.SupportEmail)
	put(&shop.Brand.Footer, s.Footer)
	if s.Logo != nil {
		shop.Brand.setLogo(f, *s.Logo)
	}
}

func put[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// setLogo re-encodes the file, so that only its pixels are kept.
func (b *Brand) setLogo(f *validate.Validator, file []byte) {
	b.Logo, b.LogoWidth, b.LogoHeight, b.LogoHash = nil, 0, 0, ""
	if len(file) == 0 {
		return
	}
	image, err := picture.Logo(file)
	var wrong *picture.Error
	if errors.As(err, &wrong) {
		f.Reject("logo", "logo."+string(wrong.Reason))
		return
	}
	sum := sha256.Sum256(image.Data)
	b.Logo, b.LogoWidth, b.LogoHeight, b.LogoHash = image.Data, image.Width, image.Height, hex.EncodeToString(sum[:8])
}

// Check validates the whole shop.
func (s *Shop) Check(f *validate.Validator, insecure bool) {
	s.Name = f.Required("name", f.Text("name", s.Name, validate.MaxWord))
	s.checkAddresses(f, insecure)
	s.SenderName = f.Text("sender_name", s.SenderName, validate.MaxWord)
	s.SenderEmail = f.Email("sender_email", s.SenderEmail)
	for _, lang := range s.Languages {
		if known := i18n.Tags(); !slices.Contains(known, lang) {
			f.Reject("languages", "shop.no_language", "Language", lang, "Known", strings.Join(known, ", "))
		}
	}
	if len(s.Languages) == 0 || !slices.Contains(s.Languages, s.Language) {
		f.Reject("language", "shop.language")
	}
	if zone, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		f.Reject("time_zone", "shop.time_zone")
	} else {
		s.Zone = zone
	}
	s.Currency = f.CurrencyCode("currency", strings.ToUpper(s.Currency))
	if s.VATID = strings.TrimSpace(s.VATID); s.VATID != "" {
		s.VATID = f.VATID("vat_id", s.VATID, "")
	}
	s.checkCountry(f)
	s.checkReorder(f)
	if s.LinkLife < MinLinkLife || s.LinkLife > MaxLinkLife {
		f.Reject("link_life", "shop.link_life", "Least", "10m", "Most", "14d")
	}
	s.checkRequired(f)
	s.checkOrderEmails(f)
	s.checkReturnReasons(f)
	s.Brand.check(f)
}

func (s *Shop) checkAddresses(f *validate.Validator, insecure bool) {
	s.BaseURL = validate.BareOrigin(s.BaseURL)
	u, err := url.Parse(s.BaseURL)
	if err != nil || s.BaseURL == "" {
		f.Reject("base_url", "shop.base_url")
	} else if u.Scheme == "http" && !loopback(u.Hostname()) && !insecure {
		f.Reject("base_url", "shop.insecure")
	}
	s.Hosts = slices.Clone(s.Hosts)
	for i, host := range s.Hosts {
		s.Hosts[i] = strings.TrimPrefix(validate.BareOrigin("https://"+strings.TrimSpace(host)), "https://")
		if s.Hosts[i] == "" {
			f.Reject("hosts", "shop.host", "Host", host)
		}
	}
	slices.Sort(s.Hosts)
	s.Hosts = slices.Compact(s.Hosts)
	if s.StorefrontURL != "" {
		s.StorefrontURL = f.Link("storefront_url", s.StorefrontURL)
	}
	s.AllowedOrigins = slices.Clone(s.AllowedOrigins)
	for i, origin := range s.AllowedOrigins {
		s.AllowedOrigins[i] = validate.BareOrigin(origin)
		if s.AllowedOrigins[i] == "" {
			f.Reject("allowed_origins", "shop.origin", "Origin", origin)
		}
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// maxFooterLinks is the maximum number of links on one page.
const maxFooterLinks = 12

func (b *Brand) check(f *validate.Validator) {
	if b.Accent != "" {
		b.Accent = readAccent(f, b.Accent)
	}
	if b.SupportEmail != "" {
		b.SupportEmail = f.Email("support_email", b.SupportEmail)
	}
	inOne := map[string]int{}
	for i := range b.Footer {
		link := &b.Footer[i]
		if inOne[link.Lang]++; inOne[link.Lang] == maxFooterLinks+1 {
			f.Reject("footer", "json.too_many", "Most", fmt.Sprint(maxFooterLinks))
		}
		if known := i18n.Tags(); link.Lang != "" && !slices.Contains(known, link.Lang) {
			f.Reject("footer", "shop.no_language", "Language", link.Lang, "Known", strings.Join(known, ", "))
		}
		link.Label = f.Required("footer", f.Text("footer", link.Label, validate.MaxWord))
		link.URL = f.Required("footer", f.Link("footer", link.URL))
	}
}

// readAccent accepts a colour that is readable as text on a page; for any other, the error names the nearest
// one that is.
func readAccent(f *validate.Validator, text string) string {
	c, err := colour.Parse(text)
	if err != nil {
		f.Reject("accent", "accent.form")
		return ""
	}
	_, err = colour.Accent(c, PageColours())
	var pale *colour.TooPale
	if errors.As(err, &pale) {
		f.Reject("accent", "accent.contrast", "Nearest", pale.Nearest.String(), "Contrast",
			fmt.Sprintf("%.1f", pale.Contrast))
	}
	return c.String()
}

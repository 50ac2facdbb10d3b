package portal

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
	"postern/portal/logo"
	"postern/templates/i18n"
)

var shopIDShape = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// ShopSettings are the settings of a shop that an operator can change; nil leaves a setting unchanged.
type ShopSettings struct {
	Name, BaseURL, StorefrontURL *string
	Hosts, AllowedOrigins        *[]string
	SenderName, SenderEmail      *string
	Language                     *string
	Languages                    *[]string
	TimeZone, Currency, VATID    *string
	LinkLife                     *time.Duration
	Registration, FirstOrderMail *bool
	Withdrawal                   *bool // whether consumers can withdraw from a contract online; on for a new shop
	RequiredFields               *[]string
	Logo                         *[]byte // a PNG, JPEG or WebP file; empty removes the logo
	Accent, SupportEmail         *string
	Footer                       *[]FooterLink
}

// PageColours returns the page backgrounds (static/css/portal.css) that text in the accent colour must be
// readable on: in light mode the darker of page and card, in dark mode the lighter.
func PageColours() colour.Page {
	return colour.Page{Light: colour.Colour{R: 0xfa, G: 0xf9, B: 0xf7}, Dark: colour.Colour{R: 0x21, G: 0x20, B: 0x1d}}
}

// forgetImplied removes settings that follow from others. Earlier versions stored them as if they had been
// set, so that they would not follow later changes.
func (s *Shop) forgetImplied() {
	s.Hosts = slices.DeleteFunc(s.Hosts, func(host string) bool { return host == s.ownHost() })
	if s.SenderName == s.Name {
		s.SenderName = ""
	}
}

// sourceOf returns the setting that makes the shop answer on a host.
func (s *Shop) sourceOf(host string) string {
	if host == s.ownHost() {
		return "base_url"
	}
	return "hosts"
}

// apply copies the given settings to the shop.
func (s ShopSettings) apply(f *form, shop *Shop) {
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
	put(&shop.LinkLife, s.LinkLife)
	put(&shop.Registration, s.Registration)
	if s.Withdrawal != nil {
		shop.NoWithdrawal = !*s.Withdrawal
	}
	put(&shop.RequiredFields, s.RequiredFields)
	put(&shop.FirstOrderMail, s.FirstOrderMail)
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
func (b *Brand) setLogo(f *form, file []byte) {
	b.Logo, b.LogoWidth, b.LogoHeight, b.LogoHash = nil, 0, 0, ""
	if len(file) == 0 {
		return
	}
	image, err := logo.Normalise(file)
	var wrong *logo.Error
	if errors.As(err, &wrong) {
		f.fault("logo", "logo."+string(wrong.Reason))
		return
	}
	sum := sha256.Sum256(image.PNG)
	b.Logo, b.LogoWidth, b.LogoHeight, b.LogoHash = image.PNG, image.Width, image.Height, hex.EncodeToString(sum[:8])
}

// check validates the whole shop.
func (s *Shop) check(f *form, insecure bool) {
	s.Name = f.required("name", f.text("name", s.Name, maxWord))
	s.checkAddresses(f, insecure)
	s.SenderName = f.text("sender_name", s.SenderName, maxWord)
	s.SenderEmail = f.email("sender_email", s.SenderEmail)
	for _, lang := range s.Languages {
		if known := i18n.Tags(); !slices.Contains(known, lang) {
			f.fault("languages", "shop.no_language", "Language", lang, "Known", strings.Join(known, ", "))
		}
	}
	if len(s.Languages) == 0 || !slices.Contains(s.Languages, s.Language) {
		f.fault("language", "shop.language")
	}
	if zone, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "" || s.TimeZone == "Local" {
		f.fault("time_zone", "shop.time_zone")
	} else {
		s.zone = zone
	}
	s.Currency = f.currencyCode("currency", strings.ToUpper(s.Currency))
	if s.VATID = strings.TrimSpace(s.VATID); s.VATID != "" {
		s.VATID = f.vatID("vat_id", s.VATID, "")
	}
	if s.LinkLife < MinLinkLife || s.LinkLife > MaxLinkLife {
		f.fault("link_life", "shop.link_life", "Least", "10m", "Most", "14d")
	}
	s.checkRequired(f)
	s.Brand.check(f)
}

func (s *Shop) checkAddresses(f *form, insecure bool) {
	s.BaseURL = bareOrigin(s.BaseURL)
	u, err := url.Parse(s.BaseURL)
	if err != nil || s.BaseURL == "" {
		f.fault("base_url", "shop.base_url")
	} else if u.Scheme == "http" && !loopback(u.Hostname()) && !insecure {
		f.fault("base_url", "shop.insecure")
	}
	s.Hosts = slices.Clone(s.Hosts)
	for i, host := range s.Hosts {
		s.Hosts[i] = strings.TrimPrefix(bareOrigin("https://"+strings.TrimSpace(host)), "https://")
		if s.Hosts[i] == "" {
			f.fault("hosts", "shop.host", "Host", host)
		}
	}
	slices.Sort(s.Hosts)
	s.Hosts = slices.Compact(s.Hosts)
	if s.StorefrontURL != "" {
		s.StorefrontURL = f.link("storefront_url", s.StorefrontURL)
	}
	s.AllowedOrigins = slices.Clone(s.AllowedOrigins)
	for i, origin := range s.AllowedOrigins {
		s.AllowedOrigins[i] = bareOrigin(origin)
		if s.AllowedOrigins[i] == "" {
			f.fault("allowed_origins", "shop.origin", "Origin", origin)
		}
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

const maxFooterLinks = 12

func (b *Brand) check(f *form) {
	if b.Accent != "" {
		b.Accent = f.accent(b.Accent)
	}
	if b.SupportEmail != "" {
		b.SupportEmail = f.email("support_email", b.SupportEmail)
	}
	if len(b.Footer) > maxFooterLinks {
		f.fault("footer", "json.too_many", "Most", fmt.Sprint(maxFooterLinks))
	}
	for i := range b.Footer {
		link := &b.Footer[i]
		link.Label = f.required("footer", f.text("footer", link.Label, maxWord))
		link.URL = f.required("footer", f.link("footer", link.URL))
	}
}

// accent accepts a colour that is readable as text on a page; for any other, the fault names the nearest
// one that is.
func (f *form) accent(text string) string {
	c, err := colour.Parse(text)
	if err != nil {
		f.fault("accent", "accent.form")
		return ""
	}
	_, err = colour.Accent(c, PageColours())
	var pale *colour.TooPale
	if errors.As(err, &pale) {
		f.fault("accent", "accent.contrast", "Nearest", pale.Nearest.String(), "Contrast", fmt.Sprintf("%.1f", pale.Contrast))
	}
	return c.String()
}

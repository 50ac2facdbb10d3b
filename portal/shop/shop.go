// Package shop is the shop: a merchant's store with its host names, brand and settings, and where a link of
// the shop may lead.
//
// It must not know of customers or orders.
package shop

import (
	"slices"
	"strings"
	"sync"
	"time"

	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// AcceptsMessages reports whether the shop has an address that receives its customers' messages.
func (s Shop) AcceptsMessages() bool { return s.Brand.SupportEmail != "" }

// Shop is one merchant's store, a tenant: all data of its customers is kept under its id.
type Shop struct {
	ID             string        `bson:"id"`       // lower-case; the prefix of every document's id
	Name           string        `bson:"name"`     // shown to customers
	BaseURL        string        `bson:"base_url"` // of the portal, without a trailing slash
	Hosts          []string      `bson:"hosts"`    // further host[:port] values that the portal answers on
	StorefrontURL  string        `bson:"storefront_url,omitempty"`
	AllowedOrigins []string      `bson:"allowed_origins,omitempty"` // origins allowed for destinations and pictures
	SenderName     string        `bson:"sender_name"`               // in emails; "" for Name
	SenderEmail    string        `bson:"sender_email"`
	Language       string        `bson:"language"`              // the default
	Languages      []string      `bson:"languages"`             // offered
	TimeZone       string        `bson:"time_zone"`             // an IANA name
	Currency       string        `bson:"currency"`              // ISO 4217
	VATID          string        `bson:"vat_id,omitempty"`      // canonical; used as the requester in VIES checks
	Country        string        `bson:"country,omitempty"`     // ISO 3166, whose public holidays count; "" for the VAT ID's
	ReorderURL     string        `bson:"reorder_url,omitempty"` // a template; see ReorderLink
	LinkLife       time.Duration `bson:"link_life"`             // MinLinkLife to MaxLinkLife
	Registration   bool          `bson:"registration,omitempty"`
	RequiredFields []string      `bson:"required_fields,omitempty"`  // of customers who register: RequireTitle etc.
	UnsubscribeKey SigningKey    `bson:"unsubscribe_key,omitempty"`  // created when first needed
	FirstOrderMail bool          `bson:"first_order_mail,omitempty"` // send a link on a customer's first order
	OrderEmails    []string      `bson:"order_emails,omitempty"`     // kinds of emails about orders that are sent
	ReturnReasons  []string      `bson:"return_reasons,omitempty"`   // offered for a return; none for the built-in ones
	StaffNames     bool          `bson:"staff_names,omitempty"`      // show customers who of the staff viewed or changed their account
	Events         bool          `bson:"events,omitempty"`           // what customers do in the shop is taken from its system
	NoWithdrawal   bool          `bson:"no_withdrawal,omitempty"`    // for shops without consumers, or without goods to withdraw from
	Brand          Brand         `bson:"brand"`
	CreatedAt      time.Time     `bson:"created_at"`
	ListForm       string        `bson:"list_form,omitempty"` // of the lists of customers; see customer.ListForm
	Work           job.List      `bson:"work,omitempty"`

	Zone *time.Location // TimeZone, loaded once
}

// Brand is the shop's branding of the portal.
type Brand struct {
	Logo         []byte       `bson:"logo,omitempty"` // PNG
	LogoWidth    int          `bson:"logo_width,omitempty"`
	LogoHeight   int          `bson:"logo_height,omitempty"`
	LogoHash     string       `bson:"logo_hash,omitempty"` // part of the logo's URL
	Accent       string       `bson:"accent,omitempty"`    // "#rrggbb", "" for the default
	SupportEmail string       `bson:"support_email,omitempty"`
	Footer       []FooterLink `bson:"footer,omitempty"`
}

// FooterLink is a link in the footer of every page, or only of the pages in one language.
type FooterLink struct {
	Label string `bson:"label"`
	URL   string `bson:"url"`
	Lang  string `bson:"lang,omitempty"`
}

// FooterIn returns the links for pages in a language: those of the language, or if there are none, those
// without a language.
func (b Brand) FooterIn(lang string) []FooterLink {
	var own, common []FooterLink
	for _, link := range b.Footer {
		switch link.Lang {
		case lang:
			own = append(own, link)
		case "":
			common = append(common, link)
		}
	}
	if len(own) > 0 {
		return own
	}
	return common
}

// The limits of a link's lifetime.
const (
	MinLinkLife     = 10 * time.Minute
	MaxLinkLife     = 14 * 24 * time.Hour
	DefaultLinkLife = MaxLinkLife
)

// Location returns the shop's time zone.
func (s Shop) Location() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// Secure reports whether the portal uses https, which decides how its cookies are named and set.
func (s Shop) Secure() bool { return strings.HasPrefix(s.BaseURL, "https://") }

// URL returns the URL of a path of this shop's portal.
func (s Shop) URL(path string) string { return s.BaseURL + path }

// Origin returns the scheme and host of the portal, as browsers send them.
func (s Shop) Origin() string { return validate.SentOrigin(s.BaseURL) }

// ServesOrigin reports whether origin belongs to the portal or to the shop's storefront.
func (s Shop) ServesOrigin(origin string) bool {
	return origin != "" && (origin == s.Origin() || slices.Contains(s.Origins(), origin))
}

// Answers reports whether the portal answers on a lower-case host[:port].
func (s Shop) Answers(host string) bool { return host == s.ownHost() || slices.Contains(s.Hosts, host) }

// HostNames returns all hosts that the portal answers on.
func (s Shop) HostNames() []string {
	all := append([]string{s.ownHost()}, s.Hosts...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Besides returns the shop's host that has the same name as the given one, on any port, or "".
func (s Shop) Besides(host string) string {
	for _, own := range s.HostNames() {
		if validate.HostName(own) == validate.HostName(host) {
			return own
		}
	}
	return ""
}

func (s Shop) ownHost() string {
	_, host, _ := strings.Cut(s.BaseURL, "://")
	return host
}

// Origins returns the storefront's origin and the other allowed origins.
func (s Shop) Origins() []string {
	all := slices.Clone(s.AllowedOrigins)
	if origin := validate.SentOrigin(s.StorefrontURL); origin != "" {
		all = append([]string{origin}, all...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// OwnPictures returns a function that accepts pictures on the shop's own origins. Pages leave out all
// others, so that they load nothing from third parties. For most pictures, comparing the beginning of the
// URL is enough.
func (s Shop) OwnPictures() func(address string) bool {
	origins := append(s.Origins(), s.Origin())
	return func(address string) bool {
		for _, origin := range origins {
			if rest, found := strings.CutPrefix(address, origin); found && strings.HasPrefix(rest, "/") {
				return true
			}
		}
		return address != "" && slices.Contains(origins, validate.SentOrigin(address))
	}
}

// Installation is the shop id of documents that belong to no particular shop.
const Installation = "_"

func Collection() storage.Collection {
	created := storage.Index{Name: "created",
		Fields: []storage.Field{{Path: "created_at", Kind: storage.Time}}}
	return storage.Collection{Name: "shops", Indexes: append(job.Indexes(), created)}
}

// Cache caches the shops briefly, so that requests need not read them and still see changes soon.
type Cache struct {
	Mu     sync.Mutex
	Shops  []Shop
	Loaded time.Time
}

const CacheLife = 2 * time.Second

// Port returns the default port of the base URL's scheme. A proxy may append it to the host; browsers never
// do.
func (s Shop) Port() string {
	if s.Secure() {
		return ":443"
	}
	return ":80"
}

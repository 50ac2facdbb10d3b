package portal

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"postern/portal/job"
	"postern/storage"
)

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
	Language       string        `bson:"language"`         // the default
	Languages      []string      `bson:"languages"`        // offered
	TimeZone       string        `bson:"time_zone"`        // an IANA name
	Currency       string        `bson:"currency"`         // ISO 4217
	VATID          string        `bson:"vat_id,omitempty"` // canonical; used as the requester in VIES checks
	LinkLife       time.Duration `bson:"link_life"`        // MinLinkLife to MaxLinkLife
	Registration   bool          `bson:"registration,omitempty"`
	RequiredFields []string      `bson:"required_fields,omitempty"`  // of customers who register: RequireTitle etc.
	UnsubscribeKey SigningKey    `bson:"unsubscribe_key,omitempty"`  // created when first needed
	FirstOrderMail bool          `bson:"first_order_mail,omitempty"` // send a link on a customer's first order
	NoWithdrawal   bool          `bson:"no_withdrawal,omitempty"`    // for shops without consumers, or without goods to withdraw from
	Brand          Brand         `bson:"brand"`
	CreatedAt      time.Time     `bson:"created_at"`
	Work           job.List      `bson:"work,omitempty"`

	zone *time.Location // TimeZone, loaded once
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

// FooterLink is a link in the footer of every page.
type FooterLink struct {
	Label string `bson:"label"`
	URL   string `bson:"url"`
}

// The limits of a link's lifetime.
const (
	MinLinkLife     = 10 * time.Minute
	MaxLinkLife     = 14 * 24 * time.Hour
	DefaultLinkLife = MaxLinkLife
)

// Location returns the shop's time zone.
func (s Shop) Location() *time.Location {
	if s.zone == nil {
		return time.UTC
	}
	return s.zone
}

// Secure reports whether the portal uses https, which decides how its cookies are named and set.
func (s Shop) Secure() bool { return strings.HasPrefix(s.BaseURL, "https://") }

// URL returns the URL of a path of this shop's portal.
func (s Shop) URL(path string) string { return s.BaseURL + path }

// Origin returns the scheme and host of the portal, as browsers send them.
func (s Shop) Origin() string { return sentOrigin(s.BaseURL) }

// ServesOrigin reports whether origin belongs to the portal or to the shop's storefront.
func (s Shop) ServesOrigin(origin string) bool {
	return origin != "" && (origin == s.Origin() || slices.Contains(s.Origins(), origin))
}

// Answers reports whether the portal answers on a lower-case host[:port].
func (s Shop) Answers(host string) bool { return host == s.ownHost() || slices.Contains(s.Hosts, host) }

// hosts returns all hosts that the portal answers on.
func (s Shop) hosts() []string {
	all := append([]string{s.ownHost()}, s.Hosts...)
	slices.Sort(all)
	return slices.Compact(all)
}

// besides returns the shop's host that has the same name as the given one, on any port, or "".
func (s Shop) besides(host string) string {
	for _, own := range s.hosts() {
		if hostName(own) == hostName(host) {
			return own
		}
	}
	return ""
}

// hostName returns a host[:port] without its port.
func hostName(host string) string {
	u := url.URL{Host: host}
	return u.Hostname()
}

func (s Shop) ownHost() string {
	_, host, _ := strings.Cut(s.BaseURL, "://")
	return host
}

// Origins returns the storefront's origin and the other allowed origins.
func (s Shop) Origins() []string {
	all := slices.Clone(s.AllowedOrigins)
	if origin := sentOrigin(s.StorefrontURL); origin != "" {
		all = append([]string{origin}, all...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ownPictures returns a function that accepts pictures on the shop's own origins. Pages leave out all
// others, so that they load nothing from third parties. For most pictures, comparing the beginning of the
// URL is enough.
func (s Shop) ownPictures() func(address string) bool {
	origins := append(s.Origins(), s.Origin())
	return func(address string) bool {
		for _, origin := range origins {
			if rest, found := strings.CutPrefix(address, origin); found && strings.HasPrefix(rest, "/") {
				return true
			}
		}
		return address != "" && slices.Contains(origins, sentOrigin(address))
	}
}

// originOf returns the origin of an absolute http or https URL (RFC 6454), or "".
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// sentOrigin is originOf as browsers send it: without the default port of its scheme.
func sentOrigin(address string) string {
	origin := strings.TrimSuffix(originOf(address), ":")
	if strings.HasPrefix(origin, "https:") {
		return strings.TrimSuffix(origin, ":443")
	}
	return strings.TrimSuffix(origin, ":80")
}

// bareOrigin is sentOrigin for a URL that is only an origin, with or without a trailing slash; for any
// other it returns "".
func bareOrigin(address string) string {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if originOf(address) != strings.ToLower(address) {
		return ""
	}
	return sentOrigin(address)
}

// installation is the shop id of documents that belong to no particular shop.
const installation = "_"

func shopCollection() storage.Collection {
	created := storage.Index{Name: "created", Fields: []storage.Field{{Path: "created_at", Kind: storage.Time}}}
	return storage.Collection{Name: "shops", Indexes: append(job.Indexes(), created)}
}

func (a *App) shopDocs() storage.Docs[Shop] {
	return storage.Open[Shop](a.engine, installation, shopCollection())
}

// shopCache caches the shops briefly, so that requests need not read them and still see changes soon.
type shopCache struct {
	mu     sync.Mutex
	shops  []Shop
	loaded time.Time
}

const shopCacheLife = 2 * time.Second

// Shops returns all shops in the order of their creation, at most two seconds out of date. Callers must not
// modify the result.
func (a *App) Shops(ctx context.Context) ([]Shop, error) {
	a.shops.mu.Lock()
	defer a.shops.mu.Unlock()
	now := time.Now() // not the App's clock: the cache ages in real time
	if now.Sub(a.shops.loaded) < shopCacheLife {
		return a.shops.shops, nil
	}
	shops, err := a.loadShops(ctx)
	if err != nil {
		return nil, err
	}
	a.shops.shops, a.shops.loaded = shops, now
	return shops, nil
}

func (a *App) loadShops(ctx context.Context) ([]Shop, error) {
	docs := a.shopDocs()
	var shops []Shop
	query := storage.Query{Index: "created", Limit: storage.MaxLimit}
	for {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return nil, fmt.Errorf("list shops: %w", err)
		}
		for _, hit := range page.Hits {
			shop, _, err := docs.Get(ctx, hit.Key)
			if err != nil {
				return nil, fmt.Errorf("read shop %s: %w", hit.Key, err)
			}
			if shop.zone, err = time.LoadLocation(shop.TimeZone); err != nil {
				return nil, fmt.Errorf("time zone of shop %s: %w", shop.ID, err)
			}
			shops = append(shops, shop)
		}
		if page.Next == "" {
			return shops, nil
		}
		query.Cursor = page.Next
	}
}

// forgetShops makes this process see its own change immediately.
func (a *App) forgetShops() {
	a.shops.mu.Lock()
	defer a.shops.mu.Unlock()
	a.shops.loaded = time.Time{}
}

// ShopByHost returns the shop that answers on a host. If there is only one shop, it answers on every host;
// otherwise an unknown host is NotFound.
func (a *App) ShopByHost(ctx context.Context, host string) (Shop, error) {
	shops, err := a.Shops(ctx)
	if err != nil {
		return Shop{}, err
	}
	if len(shops) == 1 {
		return shops[0], nil
	}
	host = strings.ToLower(host)
	for _, shop := range shops {
		if shop.Answers(host) || shop.Answers(strings.TrimSuffix(host, shop.port())) {
			return shop, nil
		}
	}
	return Shop{}, failure(NotFound, "error.host")
}

// port returns the default port of the base URL's scheme. A proxy may append it to the host; browsers never
// do.
func (s Shop) port() string {
	if s.Secure() {
		return ":443"
	}
	return ":80"
}

// shop returns the shop with the given id, or NotFound.
func (a *App) shop(ctx context.Context, id string) (Shop, error) {
	shops, err := a.Shops(ctx)
	if err != nil {
		return Shop{}, err
	}
	for _, shop := range shops {
		if shop.ID == id {
			return shop, nil
		}
	}
	return Shop{}, failure(NotFound, "error.shop")
}

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

// Shop is one merchant's store, a tenant: everything a customer of it has is kept under its id.
type Shop struct {
	ID             string        `bson:"id"`       // a lower-case word; begins every document's id
	Name           string        `bson:"name"`     //
	BaseURL        string        `bson:"base_url"` // the portal's own address, without a slash at the end
	Hosts          []string      `bson:"hosts"`    // host[:port] the portal answers on beside the base URL's
	StorefrontURL  string        `bson:"storefront_url,omitempty"`
	AllowedOrigins []string      `bson:"allowed_origins,omitempty"` // origins a destination may be on, and pictures come from
	SenderName     string        `bson:"sender_name"`               // in mails; "" for Name
	SenderEmail    string        `bson:"sender_email"`
	Language       string        `bson:"language"`         // the default
	Languages      []string      `bson:"languages"`        // offered
	TimeZone       string        `bson:"time_zone"`        // an IANA name
	Currency       string        `bson:"currency"`         // ISO 4217
	VATID          string        `bson:"vat_id,omitempty"` // canonical; asks VIES for those of customers
	LinkLife       time.Duration `bson:"link_life"`        // MinLinkLife to MaxLinkLife
	Registration   bool          `bson:"registration,omitempty"`
	RequiredFields []string      `bson:"required_fields,omitempty"`  // of who registers; RequireTitle and its kin
	UnsubscribeKey SigningKey    `bson:"unsubscribe_key,omitempty"`  // made when it is first needed
	FirstOrderMail bool          `bson:"first_order_mail,omitempty"` // a customer's first order sends a link to it
	NoWithdrawal   bool          `bson:"no_withdrawal,omitempty"`    // the shop sells to businesses only, or nothing that can be withdrawn from
	Brand          Brand         `bson:"brand"`
	CreatedAt      time.Time     `bson:"created_at"`
	Work           job.List      `bson:"work,omitempty"`

	zone *time.Location // TimeZone, loaded once
}

// Brand is what the portal wears of the shop.
type Brand struct {
	Logo         []byte       `bson:"logo,omitempty"` // PNG
	LogoWidth    int          `bson:"logo_width,omitempty"`
	LogoHeight   int          `bson:"logo_height,omitempty"`
	LogoHash     string       `bson:"logo_hash,omitempty"` // names the picture's URL
	Accent       string       `bson:"accent,omitempty"`    // "#rrggbb", "" for the portal's own
	SupportEmail string       `bson:"support_email,omitempty"`
	Footer       []FooterLink `bson:"footer,omitempty"`
}

// FooterLink is one link in the foot of every page.
type FooterLink struct {
	Label string `bson:"label"`
	URL   string `bson:"url"`
}

// The bounds of a link's life.
const (
	MinLinkLife     = 10 * time.Minute
	MaxLinkLife     = 14 * 24 * time.Hour
	DefaultLinkLife = MaxLinkLife
)

// Location is the shop's time zone.
func (s Shop) Location() *time.Location {
	if s.zone == nil {
		return time.UTC
	}
	return s.zone
}

// Secure reports whether the portal is reached over https, which decides how its cookies are named and set.
func (s Shop) Secure() bool { return strings.HasPrefix(s.BaseURL, "https://") }

// URL is the address of a path of this shop's portal.
func (s Shop) URL(path string) string { return s.BaseURL + path }

// Origin is the scheme and host of the portal, as browsers send it.
func (s Shop) Origin() string { return sentOrigin(s.BaseURL) }

// ServesOrigin reports whether origin is the portal's own or one of the shop's storefront.
func (s Shop) ServesOrigin(origin string) bool {
	return origin != "" && (origin == s.Origin() || slices.Contains(s.Origins(), origin))
}

// Answers reports whether the portal answers on a host[:port] of small letters.
func (s Shop) Answers(host string) bool { return host == s.ownHost() || slices.Contains(s.Hosts, host) }

// hosts are all that the portal answers on.
func (s Shop) hosts() []string {
	all := append([]string{s.ownHost()}, s.Hosts...)
	slices.Sort(all)
	return slices.Compact(all)
}

// besides returns the host of the shop that has the same name as the given one, "" for none.
func (s Shop) besides(host string) string {
	for _, own := range s.hosts() {
		if hostName(own) == hostName(host) {
			return own
		}
	}
	return ""
}

// hostName is a host[:port] without its port.
func hostName(host string) string {
	u := url.URL{Host: host}
	return u.Hostname()
}

func (s Shop) ownHost() string {
	_, host, _ := strings.Cut(s.BaseURL, "://")
	return host
}

// Origins are the storefront's origin and the further allowed ones.
func (s Shop) Origins() []string {
	all := slices.Clone(s.AllowedOrigins)
	if origin := sentOrigin(s.StorefrontURL); origin != "" {
		all = append([]string{origin}, all...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// ownPictures tells the pictures on the shop's own origins from others, which are left out: a page loads
// nothing from anyone else. Most are told by the beginning of their address alone.
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

// originOf is the origin of an absolute http or https URL (RFC 6454), or "".
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// sentOrigin is originOf as browsers send it: without the port that its scheme has anyway.
func sentOrigin(address string) string {
	origin := strings.TrimSuffix(originOf(address), ":")
	if strings.HasPrefix(origin, "https:") {
		return strings.TrimSuffix(origin, ":443")
	}
	return strings.TrimSuffix(origin, ":80")
}

// bareOrigin is sentOrigin of an address that is nothing but an origin, perhaps with a slash behind it; ""
// for any other.
func bareOrigin(address string) string {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if originOf(address) != strings.ToLower(address) {
		return ""
	}
	return sentOrigin(address)
}

// installation is the name under which documents of no single shop stand.
const installation = "_"

func shopCollection() storage.Collection {
	created := storage.Index{Name: "created", Fields: []storage.Field{{Path: "created_at", Kind: storage.Time}}}
	return storage.Collection{Name: "shops", Indexes: append(job.Indexes(), created)}
}

func (a *App) shopDocs() storage.Docs[Shop] {
	return storage.Open[Shop](a.engine, installation, shopCollection())
}

// shopCache keeps the shops for a moment, so that a request does not read them and a change is seen at once
// enough.
type shopCache struct {
	mu     sync.Mutex
	shops  []Shop
	loaded time.Time
}

const shopCacheLife = 2 * time.Second

// Shops returns all shops in the order they were created, as they were at most two seconds ago. Callers
// must not change what they get.
func (a *App) Shops(ctx context.Context) ([]Shop, error) {
	a.shops.mu.Lock()
	defer a.shops.mu.Unlock()
	now := time.Now() // not the product's clock: the age of the cache is real time
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

// forgetShops makes this process see a change of its own at once.
func (a *App) forgetShops() {
	a.shops.mu.Lock()
	defer a.shops.mu.Unlock()
	a.shops.loaded = time.Time{}
}

// ShopByHost returns the shop that answers on a host. A single shop answers on every host; with several, an
// unknown host is NotFound.
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

// port is what a proxy may put behind the host, and no browser does: the port that the base URL's scheme
// implies.
func (s Shop) port() string {
	if s.Secure() {
		return ":443"
	}
	return ":80"
}

// shop returns the shop with an id, or NotFound.
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

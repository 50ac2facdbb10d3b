package portal

import (
	"context"
	"errors"
	"strings"

	"postern/mail"
	"postern/portal/job"
	"postern/storage"
	"postern/templates/i18n"
)

// Operator is the actor of the command line.
type Operator struct{ app *App }

// Operator returns the actor of the command line.
func (a *App) Operator() Operator { return Operator{app: a} }

// Shops lists all shops.
func (o Operator) Shops(ctx context.Context) ([]Shop, error) { return o.app.Shops(ctx) }

// Shop returns a shop by its id, or NotFound.
func (o Operator) Shop(ctx context.Context, id string) (Shop, error) { return o.app.shop(ctx, id) }

// TestEmail returns an email of the shop with which the operator can test the mail server.
func (o Operator) TestEmail(shop Shop, to string, catalogue *i18n.Catalogue, renderer *mail.Renderer) (mail.Message, error) {
	l := catalogue.Localizer(shop.Language, shop.Location())
	written := shop.letter(l, "mail.test", "When", l.DateTime(o.app.now()))
	m, err := shop.message(recipient{email: to}, written, renderer)
	_, domain, _ := strings.Cut(m.From, "@")
	m.ID = storage.NewID() + "@" + domain
	return m, err
}

// CreateShop creates a shop. Faults are at the names of the settings; an id that exists is a Conflict.
func (o Operator) CreateShop(ctx context.Context, id string, settings ShopSettings) (Shop, error) {
	f := &form{}
	shop := newShop(f, id)
	shop.CreatedAt = o.app.now()
	if err := o.settle(ctx, f, &shop, settings); err != nil {
		return Shop{}, err
	}
	err := o.app.shopDocs().Insert(ctx, id, shop)
	if errors.Is(err, storage.ErrExists) {
		return Shop{}, failure(Conflict, "shop.exists")
	}
	o.app.forgetShops()
	return shop, err
}

// CheckShop returns the error that CreateShop would return in a store without other shops. It needs no store.
func CheckShop(id string, settings ShopSettings, insecureHTTP bool) error {
	f := &form{}
	shop := newShop(f, id)
	settings.apply(f, &shop)
	shop.check(f, insecureHTTP)
	return invalid(f.faults)
}

// newShop returns a shop with the default settings.
func newShop(f *form, id string) Shop {
	if !shopIDShape.MatchString(id) {
		f.fault("id", "shop.id")
	}
	return Shop{
		ID: id, Language: "en", Languages: []string{"en", "sk", "cs", "pl", "de"},
		TimeZone: "Europe/Bratislava", Currency: "EUR", LinkLife: DefaultLinkLife,
	}
}

// SetShop changes the given settings of a shop. Other processes see the change within two seconds.
func (o Operator) SetShop(ctx context.Context, id string, settings ShopSettings) (Shop, error) {
	shop, err := o.app.shopDocs().Change(ctx, id, func(shop *Shop) error {
		zone := shop.TimeZone
		err := o.settle(ctx, &form{}, shop, settings)
		if shop.TimeZone != zone { // by then every process counts months in the new zone
			shop.Work.Add(job.Request{Kind: kindRecount, At: o.app.now().Add(shopCacheLife), Slow: true})
		}
		return err
	})
	if err != nil {
		return Shop{}, missing(err)
	}
	o.app.forgetShops()
	return shop, nil
}

// settle applies settings and checks the result. It also checks that no other shop uses the same host
// names, not even on another port: a browser sends the cookies of a host to all its ports.
func (o Operator) settle(ctx context.Context, f *form, shop *Shop, settings ShopSettings) error {
	settings.apply(f, shop)
	shop.check(f, o.app.insecure)
	shops, err := o.app.loadShops(ctx)
	if err != nil {
		return err
	}
	for _, other := range shops {
		for _, host := range other.hosts() {
			if other.ID == shop.ID {
				continue
			}
			if shop.Answers(host) {
				f.fault(shop.sourceOf(host), "shop.host_taken", "Host", host, "Shop", other.ID)
			} else if near := shop.besides(host); near != "" {
				f.fault(shop.sourceOf(near), "shop.host_shared", "Host", host, "Shop", other.ID)
			}
		}
	}
	return invalid(f.faults)
}

// Outbox returns a shop's outbox, for inspecting and resending emails.
func (o Operator) Outbox(ctx context.Context, shop string) (mail.Outbox, error) {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return mail.Outbox{}, err
	}
	return mail.NewOutbox(o.app.engine, shop), nil
}

// Jobs returns the background jobs, for inspecting and retrying them.
func (o Operator) Jobs() *job.Runner { return o.app.Worker().Jobs() }

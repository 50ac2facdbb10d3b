package portal

import (
	"context"
	"errors"
	"strings"

	"postern/mail"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

// Operator is the actor of the command line.
type Operator struct {
	app          *App
	user, reason string // for the log
}

// Operator returns the actor of the command line.
func (a *App) Operator() Operator { return Operator{app: a} }

// Shops lists all shops.
func (o Operator) Shops(ctx context.Context) ([]shop.Shop, error) { return o.app.Shops(ctx) }

// Shop returns a shop by its id, or validate.NotFound.
func (o Operator) Shop(ctx context.Context, id string) (shop.Shop, error) { return o.app.shop(ctx, id) }

// TestEmail returns an email of the shop with which the operator can test the mail server.
func (o Operator) TestEmail(sh shop.Shop, to string, catalogue *i18n.Catalogue,
	renderer *mail.Renderer) (mail.Message, error) {
	l := catalogue.Localizer(sh.Language, sh.Location())
	written := sh.Letter(l, "mail.test", "When", l.DateTime(o.app.now()))
	m, err := sh.Message(shop.Recipient{Email: to}, written, renderer)
	_, domain, _ := strings.Cut(m.From, "@")
	m.ID = storage.NewID() + "@" + domain
	return m, err
}

// CreateShop creates a shop. Field errors are at the names of the settings; an id that exists is a Conflict.
func (o Operator) CreateShop(ctx context.Context, id string, settings shop.Settings) (shop.Shop, error) {
	f := &validate.Validator{}
	sh := newShop(f, id)
	sh.CreatedAt = o.app.now()
	if err := o.settle(ctx, f, &sh, settings); err != nil {
		return shop.Shop{}, err
	}
	sh.ListForm = listForm(sh)
	err := o.app.shopDocs().Insert(ctx, id, sh)
	if errors.Is(err, storage.ErrExists) {
		return shop.Shop{}, validate.NewError(validate.Conflict, "shop.exists")
	}
	o.app.forgetShops()
	return sh, err
}

// CheckShop returns the error that CreateShop would return in a store without other shops. It needs no store.
func CheckShop(id string, settings shop.Settings, insecureHTTP bool) error {
	f := &validate.Validator{}
	shop := newShop(f, id)
	settings.Apply(f, &shop)
	shop.Check(f, insecureHTTP)
	return validate.InvalidFields(f.Rejected)
}

// newShop returns a shop with the default settings.
func newShop(f *validate.Validator, id string) shop.Shop {
	if !shop.IDShape.MatchString(id) {
		f.Reject("id", "shop.id")
	}
	return shop.Shop{
		ID: id, Language: "en", Languages: []string{"en", "sk", "cs", "pl", "de"},
		TimeZone: "Europe/Bratislava", Currency: "EUR", LinkLife: shop.DefaultLinkLife,
	}
}

// ChangeShop changes the given settings of a shop. Other processes see the change within two seconds.
func (o Operator) ChangeShop(ctx context.Context, id string, settings shop.Settings) (shop.Shop, error) {
	sh, err := o.app.shopDocs().Change(ctx, id, func(sh *shop.Shop) error {
		zone := sh.TimeZone
		err := o.settle(ctx, &validate.Validator{}, sh, settings)
		if sh.TimeZone != zone { // by then every process counts months in the new zone
			sh.Work.Add(job.Request{Kind: order.KindRecount, At: o.app.now().Add(shop.CacheLife), Slow: true})
		}
		if sh.ListForm != listForm(*sh) {
			sh.Work.Add(job.Request{Kind: kindRelist, At: o.app.now().Add(shop.CacheLife), Slow: true})
		}
		return err
	})
	if err != nil {
		return shop.Shop{}, validate.NotFoundIfMissing(err)
	}
	o.app.forgetShops()
	return sh, nil
}

// settle applies settings and checks the result. It also checks that no other shop uses the same host
// names, not even on another port: a browser sends the cookies of a host to all its ports.
func (o Operator) settle(ctx context.Context, f *validate.Validator, shop *shop.Shop,
	settings shop.Settings) error {
	settings.Apply(f, shop)
	shop.Check(f, o.app.insecure)
	shops, err := o.app.loadShops(ctx)
	if err != nil {
		return err
	}
	for _, other := range shops {
		for _, host := range other.HostNames() {
			if other.ID == shop.ID {
				continue
			}
			if shop.Answers(host) {
				f.Reject(shop.SourceOf(host), "shop.host_taken", "Host", host, "Shop", other.ID)
			} else if near := shop.Besides(host); near != "" {
				f.Reject(shop.SourceOf(near), "shop.host_shared", "Host", host, "Shop", other.ID)
			}
		}
	}
	return validate.InvalidFields(f.Rejected)
}

// outbox returns a shop's outbox, on the App's clock.
func (a *App) outbox(shop string) mail.Outbox {
	box := mail.NewOutbox(a.engine, shop)
	box.Now = a.now
	return box
}

// Outbox returns a shop's outbox, for inspecting and resending emails.
func (o Operator) Outbox(ctx context.Context, shop string) (mail.Outbox, error) {
	if _, err := o.app.shop(ctx, shop); err != nil {
		return mail.Outbox{}, err
	}
	return o.app.outbox(shop), nil
}

// Jobs returns the background jobs, for inspecting and retrying them.
func (o Operator) Jobs() *job.Runner { return o.app.Worker().Jobs() }

// Package demo is the content of "portal demo": a made-up shop with customers, orders and emails, a
// storefront that signs its customers in through the portal, a mailbox page, and a replacement for VIES. It
// fills a portal through the same actors as anyone else.
//
// It must not know how the portal is started: command portal passes in the running product and serves it.
package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"postern/portal"
	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

const day = 24 * time.Hour

// shopID is the ID of the demo's shop.
const shopID = "hajenka"

// timeZone is where the demo's shop is.
const timeZone = "Europe/Bratislava"

// shopSettings returns the settings of a made-up shop for home and forest, with its own look.
func shopSettings(base, storefront string) (shop.Settings, error) {
	logo, err := drawLogo()
	return shop.Settings{
		Name: new("Hájenka"), BaseURL: &base, StorefrontURL: &storefront,
		SenderName: new("Hájenka, domov a les"), SenderEmail: new("ucet@hajenka.example"),
		SupportEmail: new("pomoc@hajenka.example"),
		Language:     new("en"), Languages: &[]string{"en", "sk"}, TimeZone: new(timeZone),
		Currency: new("EUR"), VATID: new("SK2222222222"),
		Registration: new(true), RequiredFields: &[]string{shop.RequireNames}, FirstOrderMail: new(true),
		OrderEmails: new(shop.OrderEmails()),
		Accent:      new("#2f6b4f"), Logo: &logo, ReorderURL: new(base + "/demo/storefront/cart?add={items}"),
		Footer: &[]shop.FooterLink{
			{Label: "Shop", URL: storefront},
			{Label: "Delivery and returns", URL: base + "/demo/storefront/delivery"},
			{Label: "Terms and conditions", URL: base + "/demo/storefront/terms"},
		},
	}, err
}

// Config is what the demo needs to know of the portal that it fills.
type Config struct {
	App        *portal.App
	AppAt      func(now func() time.Time) *portal.App // the same portal with another clock
	Engine     storage.Engine                         // the portal's store
	Texts      *i18n.Catalogue
	Mailbox    *Mailbox
	Base       string // base URL of the portal
	Storefront string // base URL of the demo's shop
}

// Fixture is the demo's shop in a portal.
type Fixture struct {
	Config
	Key string // API key of the shop system

	now time.Time
}

// ForeignStoreError means that the store has a shop that no demo created.
type ForeignStoreError struct{ Shop string }

// Error returns a sentence for the operator.
func (e *ForeignStoreError) Error() string {
	return fmt.Sprintf("The store has the shop %q, and the demo never writes to another portal's store. Give it its own directory.", e.Shop)
}

// New creates the shop, or changes the base URL of the shop from an earlier demo. It returns a
// *ForeignStoreError, having written nothing, if the store has any other shop.
func New(ctx context.Context, config Config) (*Fixture, error) {
	operator := config.App.Operator()
	shops, err := operator.Shops(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := shopSettings(config.Base, config.Storefront)
	if err != nil {
		return nil, err
	}
	switch {
	case len(shops) == 0:
		_, err = operator.CreateShop(ctx, shopID, settings)
	case len(shops) == 1 && shops[0].ID == shopID:
		_, err = operator.ChangeShop(ctx, shopID, settings)
	default:
		err = &ForeignStoreError{Shop: shops[0].ID}
	}
	if err != nil {
		return nil, err
	}
	key, err := operator.CreateKey(ctx, shopID, "demo")
	return &Fixture{Config: config, Key: key, now: config.App.Now()}, err
}

// Fill adds the people and their orders, except those of the largest customer. It has the orders counted
// and the VAT IDs checked, runs the episodes of people who are new in the store, and adds the staff.
func (f *Fixture) Fill(ctx context.Context) error {
	var fresh []Person
	for i, p := range People() {
		isNew, err := f.introduce(ctx, p)
		if err != nil {
			return fmt.Errorf("customer %s: %w", p.id, err)
		}
		if isNew && p.episode.do != nil {
			fresh = append(fresh, p)
		}
		if err := f.importOrders(ctx, newOrderGenerator(f.now, f.Base, p, i+1)); err != nil {
			return err
		}
	}
	worker := f.App.Worker()
	if err := drain(ctx, worker); err != nil {
		return err
	}
	slices.SortFunc(fresh, func(a, b Person) int { return cmp.Compare(b.episode.ago, a.episode.ago) })
	for _, p := range fresh {
		if err := f.relive(ctx, p); err != nil {
			return fmt.Errorf("what customer %s did: %w", p.id, err)
		}
	}
	if err := f.hire(ctx); err != nil {
		return err
	}
	return drain(ctx, worker)
}

// relive runs a customer's episode at its time and keeps the resulting emails in the mailbox.
func (f *Fixture) relive(ctx context.Context, p Person) error {
	then, err := f.ago(ctx, p.episode.ago)
	if err != nil {
		return err
	}
	if err := p.episode.do(ctx, then, p); err != nil {
		return err
	}
	letters, err := then.letters(ctx)
	for _, letter := range letters {
		f.Mailbox.keep(letter)
	}
	return err
}

// drain runs jobs until none is due.
func drain(ctx context.Context, worker portal.Worker) error {
	for {
		if done, err := worker.RunOnce(ctx); err != nil || done == 0 {
			return err
		}
	}
}

// LoadLargest imports the orders of the customer with the most orders, which takes a while.
func (f *Fixture) LoadLargest(ctx context.Context) error {
	for i, p := range People() {
		if p.largest {
			p.orders = manyOrders
			return f.importOrders(ctx, newOrderGenerator(f.now, f.Base, p, i+1))
		}
	}
	return nil
}

// importOrders imports generated orders through the same import as any shop's.
func (f *Fixture) importOrders(ctx context.Context, orders *orderGenerator) error {
	out, into := io.Pipe()
	defer out.Close() // unblocks the writer if nobody reads to the end
	go func() { into.CloseWithError(orders.write(into)) }()
	report, err := f.App.Operator().ImportOrders(ctx, shopID, out, func(int) {})
	if err == nil && report.RefusedCount > 0 {
		err = fmt.Errorf("the demo's order on line %d: %w", report.Refused[0].Line, report.Refused[0].Err)
	}
	return err
}

// customerDoc is a customer as the demo's shop system sends it.
type customerDoc struct {
	Email     string           `json:"email"`
	FirstName string           `json:"first_name"`
	LastName  string           `json:"last_name"`
	Language  string           `json:"language"`
	Company   customer.Company `json:"company"`
	Addresses []addressDoc     `json:"addresses"`
	UpdatedAt time.Time        `json:"updated_at"`
	profileDoc
}

type addressDoc struct {
	address.Address
	DefaultShipping bool `json:"default_shipping"`
	DefaultBilling  bool `json:"default_billing"`
}

// introduce creates a customer unless an earlier demo did, and reports whether it did so. Changes since
// then are kept, and a deleted customer is not created again.
func (f *Fixture) introduce(ctx context.Context, p Person) (isNew bool, err error) {
	if p.id == "" {
		return false, nil
	}
	shop, err := f.App.Operator().Shop(ctx, shopID)
	if err != nil {
		return false, err
	}
	feed, err := f.App.Feed(ctx, shop, f.Key)
	if err != nil {
		return false, err
	}
	if _, err := feed.Customer(ctx, p.id); validate.KindOf(err) != validate.NotFound {
		return false, err
	}
	body, err := f.document(p)
	if err != nil {
		return false, err
	}
	if _, err = feed.PutCustomer(ctx, p.id, body); validate.KindOf(err) == validate.Gone {
		return false, nil
	}
	return true, err
}

// recordsAge is the age of the shop's own records, older than anything that customers did in their
// accounts.
const recordsAge = 60 * day

func (f *Fixture) document(p Person) ([]byte, error) {
	doc := customerDoc{
		Email: p.address(), FirstName: p.first, LastName: p.last, Language: p.lang, Company: p.company,
		Addresses:  []addressDoc{},
		UpdatedAt:  f.now.UTC().Add(-recordsAge),
		profileDoc: profileOf(p, f.now),
	}
	for i, a := range p.addresses {
		doc.Addresses = append(doc.Addresses,
			addressDoc{Address: a, DefaultShipping: i == 0, DefaultBilling: i == 0})
	}
	return json.Marshal(doc)
}

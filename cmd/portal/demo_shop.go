package main

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
)

// demoShop is the ID of the demo's shop.
const demoShop = "hajenka"

// demoSettings returns the settings of a made-up shop for home and forest, with its own look.
func demoSettings(base, storefront string) (shop.Settings, error) {
	logo, err := drawLogo()
	return shop.Settings{
		Name: new("Hájenka"), BaseURL: &base, StorefrontURL: &storefront,
		SenderName: new("Hájenka, domov a les"), SenderEmail: new("ucet@hajenka.example"), SupportEmail: new("pomoc@hajenka.example"),
		Language: new("en"), Languages: &[]string{"en", "sk"}, TimeZone: new("Europe/Bratislava"), Currency: new("EUR"), VATID: new("SK2222222222"),
		Registration: new(true), RequiredFields: &[]string{shop.RequireNames}, FirstOrderMail: new(true), Accent: new("#2f6b4f"), Logo: &logo,
		Footer: &[]shop.FooterLink{
			{Label: "Shop", URL: storefront},
			{Label: "Delivery and returns", URL: base + "/demo/storefront/delivery"},
			{Label: "Terms and conditions", URL: base + "/demo/storefront/terms"},
		},
	}, err
}

// stage sets up the demo's shop.
type stage struct {
	server *server
	app    *portal.App
	base   string
	now    time.Time
	key    string // API key of the feed
	box    *mailbox

	storefront string // base URL of the shop
}

// newStage creates the shop, or changes the base URL of the shop from an earlier demo.
func newStage(ctx context.Context, server *server, box *mailbox, base, storefront string) (*stage, error) {
	app := server.app
	operator := app.Operator()
	shops, err := operator.Shops(ctx)
	if err != nil {
		return nil, err
	}
	settings, err := demoSettings(base, storefront)
	if err != nil {
		return nil, err
	}
	switch {
	case len(shops) == 0:
		_, err = operator.CreateShop(ctx, demoShop, settings)
	case len(shops) == 1 && shops[0].ID == demoShop:
		_, err = operator.SetShop(ctx, demoShop, settings)
	default:
		err = failf("The store has the shop %q, and the demo never writes to another portal's store. Give it its own directory.", shops[0].ID)
	}
	if err != nil {
		return nil, err
	}
	key, err := operator.CreateKey(ctx, demoShop, "demo")
	return &stage{server: server, app: app, base: base, now: app.Now(), key: key, box: box, storefront: storefront}, err
}

// fill adds the people and their orders, except those of the largest customer. It has the orders counted
// and the VAT IDs checked, and runs the episodes of people who are new in the store.
func (s *stage) fill(ctx context.Context) error {
	var fresh []person
	for i, p := range people() {
		isNew, err := s.introduce(ctx, p)
		if err != nil {
			return fmt.Errorf("customer %s: %w", p.id, err)
		}
		if isNew && p.episode.do != nil {
			fresh = append(fresh, p)
		}
		if err := s.bring(ctx, newStory(s.now, s.base, p, i+1)); err != nil {
			return err
		}
	}
	worker := s.app.Worker()
	if err := drain(ctx, worker); err != nil {
		return err
	}
	slices.SortFunc(fresh, func(a, b person) int { return cmp.Compare(b.episode.ago, a.episode.ago) })
	for _, p := range fresh {
		if err := s.relive(ctx, p); err != nil {
			return fmt.Errorf("what customer %s did: %w", p.id, err)
		}
	}
	return drain(ctx, worker)
}

// relive runs a customer's episode at its time and keeps the resulting emails in the mailbox.
func (s *stage) relive(ctx context.Context, p person) error {
	then, err := s.ago(ctx, p.episode.ago)
	if err != nil {
		return err
	}
	if err := p.episode.do(ctx, then, p); err != nil {
		return err
	}
	letters, err := then.letters(ctx)
	for _, letter := range letters {
		s.box.keep(letter)
	}
	return err
}

// drain runs jobs until none is due.
func drain(ctx context.Context, worker portal.Worker) error {
	for {
		if done, err := worker.Once(ctx); err != nil || done == 0 {
			return err
		}
	}
}

// largest returns the story of the customer with the most orders.
func (s *stage) largest() *story {
	for i, p := range people() {
		if p.orders == 0 && len(p.addresses) > 0 {
			p.orders = manyOrders
			return newStory(s.now, s.base, p, i+1)
		}
	}
	return nil
}

// bring imports a story's orders through the same import as any shop's.
func (s *stage) bring(ctx context.Context, orders *story) error {
	out, into := io.Pipe()
	defer out.Close() // unblocks the writer if nobody reads to the end
	go func() { into.CloseWithError(orders.write(into)) }()
	report, err := s.app.Operator().ImportOrders(ctx, demoShop, out, func(int) {})
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
func (s *stage) introduce(ctx context.Context, p person) (isNew bool, err error) {
	if p.id == "" {
		return false, nil
	}
	shop, err := s.app.Operator().Shop(ctx, demoShop)
	if err != nil {
		return false, err
	}
	feed, err := s.app.Feed(ctx, shop, s.key)
	if err != nil {
		return false, err
	}
	if _, err := feed.Customer(ctx, p.id); validate.KindOf(err) != validate.NotFound {
		return false, err
	}
	body, err := s.document(p)
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

func (s *stage) document(p person) ([]byte, error) {
	doc := customerDoc{
		Email: p.address(), FirstName: p.first, LastName: p.last, Language: p.lang, Company: p.company, Addresses: []addressDoc{},
		UpdatedAt:  s.now.UTC().Add(-recordsAge),
		profileDoc: profileOf(p, s.now),
	}
	for i, a := range p.addresses {
		doc.Addresses = append(doc.Addresses, addressDoc{Address: a, DefaultShipping: i == 0, DefaultBilling: i == 0})
	}
	return json.Marshal(doc)
}

package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/shop"
)

// backdated is the demo's portal as it was some days ago: the same store with a clock that is stopped at
// that time. It runs the use cases that a browser would run, with codes from emails that it keeps to itself.
type backdated struct {
	app        *portal.App
	shop       shop.Shop
	key        string // API key of the shop system
	dispatcher *mail.Dispatcher
	box        *Mailbox
	browser    credential.Browser
}

// ago returns the portal as it was that long ago.
func (f *Fixture) ago(ctx context.Context, length time.Duration) (*backdated, error) {
	clock := func() time.Time { return f.now.Add(-length) }
	app := f.AppAt(clock)
	shop, err := app.Operator().Shop(ctx, shopID)
	if err != nil {
		return nil, err
	}
	renderer, err := mail.LoadRenderer()
	if err != nil {
		return nil, fmt.Errorf("read the email layouts: %w", err)
	}
	box := NewMailbox()
	box.now = clock
	return &backdated{
		app: app, shop: shop, key: f.Key, box: box,
		dispatcher: &mail.Dispatcher{
			Engine: f.Engine, Sender: box, Now: clock, Log: slog.New(slog.DiscardHandler),
			Shops:   func(context.Context) ([]string, error) { return []string{shopID}, nil },
			Compose: app.Worker().Composer(f.Texts, renderer),
		},
		browser: credential.Browser{
			Secret: secretText(), UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
			IP: netip.MustParseAddr("192.0.2.44"),
		},
	}, nil
}

// work runs the due jobs and sends their emails.
func (p *backdated) work(ctx context.Context) error {
	if err := drain(ctx, p.app.Worker()); err != nil {
		return err
	}
	_, err := p.dispatcher.Once(ctx)
	return err
}

// code sends the emails and returns the code from the one to an address.
func (p *backdated) code(ctx context.Context, email string) (string, error) {
	if _, err := p.dispatcher.Once(ctx); err != nil {
		return "", err
	}
	for _, m := range p.box.all() {
		if code := m.Code(); m.To == email && code != "" {
			return code, nil
		}
	}
	return "", fmt.Errorf("no code was emailed to %s", email)
}

// signIn signs a customer in by code, so that the session permits actions that require a code.
func (p *backdated) signIn(ctx context.Context, email string) (portal.Shopper, error) {
	visitor := p.app.Visitor(p.shop, p.browser)
	if _, err := visitor.RequestLink(ctx, email, "", p.shop.Language); err != nil {
		return portal.Shopper{}, err
	}
	code, err := p.code(ctx, email)
	if err != nil {
		return portal.Shopper{}, err
	}
	signed, err := visitor.EnterCode(ctx, email, code)
	if err != nil {
		return portal.Shopper{}, err
	}
	if err := p.work(ctx); err != nil { // emails caused by the sign-in itself are not part of the episode
		return portal.Shopper{}, err
	}
	return p.app.Shopper(ctx, p.shop, signed.Cookie)
}

// letters sends the emails that the episode caused and returns them, oldest first. It omits codes and the
// emails of the sign-in.
func (p *backdated) letters(ctx context.Context) ([]Mail, error) {
	read := len(p.box.all())
	if err := p.work(ctx); err != nil {
		return nil, err
	}
	mails := p.box.all()
	mails = mails[:len(mails)-read]
	slices.Reverse(mails)
	return mails, nil
}

// episode is something that a customer did in the account some time ago.
type episode struct {
	ago time.Duration
	do  func(ctx context.Context, then *backdated, p Person) error
}

// movesAddress changes the email from the former address to the current one.
func movesAddress(ctx context.Context, then *backdated, p Person) error {
	shopper, err := then.signIn(ctx, p.former)
	if err != nil {
		return err
	}
	if _, err := shopper.RequestEmailChange(ctx, p.Email); err != nil {
		return err
	}
	code, err := then.code(ctx, p.Email)
	if err != nil {
		return err
	}
	_, err = shopper.ChangeEmail(ctx, p.Email, code, then.browser)
	return err
}

// wantsErasure requests the deletion of the account.
func wantsErasure(ctx context.Context, then *backdated, p Person) error {
	shopper, err := then.signIn(ctx, p.Email)
	if err == nil {
		_, err = shopper.RequestErasure(ctx)
	}
	return err
}

// withdraws sends a withdrawal statement for the customer's entire last order.
func withdraws(ctx context.Context, then *backdated, p Person) error {
	shopper, err := then.signIn(ctx, p.Email)
	if err != nil {
		return err
	}
	orders, err := shopper.Orders(ctx, order.Query{})
	if err != nil {
		return err
	}
	order, err := shopper.Order(ctx, orders.Rows[0].Number)
	if err != nil {
		return err
	}
	choice := portal.WithdrawalChoice{Number: order.Number, LinesVersion: order.LinesVersion(), Lang: p.lang}
	_, id, err := shopper.PrepareWithdrawal(ctx, choice)
	if err == nil {
		_, err = shopper.Withdraw(ctx, id, choice)
	}
	if err == nil {
		err = asks(ctx, shopper, order, orders.Rows[1].Number)
	}
	if err != nil {
		return err
	}
	feed, err := then.app.Feed(ctx, then.shop, then.key)
	if err == nil {
		_, _, err = feed.Answer(ctx, order.Number, []byte(`{"author":"Martina",
			"text":"Please send it to Knihy, Mostná 5, 811 01 Bratislava. A label is not needed."}`), "")
	}
	return err
}

// asks sends the shop a message about one order and a return request for another.
func asks(ctx context.Context, shopper portal.Shopper, about order.View, other string) error {
	lang := shopper.Customer().Language
	if err := shopper.WriteMessage(ctx, portal.Message{
		Form: shopper.NewForm(), Number: about.Number,
		Text: "I have changed my mind. Where may I send the parcel?", Lang: lang,
	}); err != nil {
		return err
	}
	order, err := shopper.Order(ctx, other)
	if err != nil {
		return err
	}
	return shopper.RequestReturn(ctx, portal.Request{
		Form: shopper.NewForm(), Number: other, Text: "It is a size too small.", Reason: "size",
		Mark: order.LinesVersion(), Lang: lang,
		Quantities: map[int]string{0: order.Lines[0].Quantity.String()},
	})
}

// unsubscribesPartners opens the unsubscribe link of partner offers.
func unsubscribesPartners(ctx context.Context, then *backdated, p Person) error {
	feed, err := then.app.Feed(ctx, then.shop, then.key)
	if err != nil {
		return err
	}
	c, err := feed.CustomerByEmail(ctx, p.Email)
	if err != nil {
		return err
	}
	shop, err := then.app.Operator().Shop(ctx, shopID) // with the key that signed the link
	if err != nil {
		return err
	}
	_, token, _ := strings.Cut(c.Consents[customer.PartnerOffers].UnsubscribeURL, portal.UnsubscribePrefix)
	_, err = then.app.Visitor(shop, then.browser).Unsubscribe(ctx, token)
	return err
}

package portal_test

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"postern/mail"
	"postern/portal"
	"postern/portal/credential"
	"postern/portal/order"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/storage/storagetest"
	"postern/templates/i18n"
)

// testApp is a whole installation for a test: a real store, one shop, a clock that the test moves, and emails
// that are really composed and handed to a sender that keeps them.
type testApp struct {
	t          testing.TB
	engine     storage.Engine
	app        *portal.App
	shop       shop.Shop
	dispatcher *mail.Dispatcher
	clock      *storagetest.Clock
	post       *post
}

// post is a mail.Sender that keeps its messages, or fails with the error in fail.
type post struct {
	mu       sync.Mutex
	messages []mail.Message
	fail     *mail.Failure
}

func (p *post) Connect(context.Context) (mail.Conn, error) { return p, nil }
func (p *post) Close() error                               { return nil }

func (p *post) Send(_ context.Context, m mail.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.messages = append(p.messages, m)
	if p.fail != nil {
		return p.fail
	}
	return nil
}

func ptr[T any](v T) *T { return &v }

func newTestApp(t testing.TB, options ...portal.Option) *testApp {
	t.Helper()
	h := &testApp{t: t, post: &post{},
		clock: storagetest.NewClock(time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC))}
	h.engine = storagetest.Open(t, portal.Collections()...)
	h.app = portal.New(h.engine, secrettest.Ring(),
		append(options, portal.WithClock(h.clock.Now), portal.WithCountDelay(0))...)
	h.shop = h.open("main", shop.Settings{})
	h.dispatcher = h.newDispatcher(h.app)
	return h
}

// open creates a shop with the required settings and the given ones.
func (h *testApp) open(id string, settings shop.Settings) shop.Shop {
	h.t.Helper()
	settings.Name, settings.SenderEmail = ptr("Bookshop"), ptr("shop@example.com")
	settings.BaseURL = ptr("https://" + id + ".example.com")
	shop, err := h.app.Operator().CreateShop(h.t.Context(), id, settings)
	if err != nil {
		h.t.Fatalf("create shop: %v", err)
	}
	return shop
}

func (h *testApp) newDispatcher(app *portal.App) *mail.Dispatcher {
	h.t.Helper()
	catalogue, err := i18n.Load()
	if err != nil {
		h.t.Fatal(err)
	}
	renderer, err := mail.LoadRenderer()
	if err != nil {
		h.t.Fatal(err)
	}
	return &mail.Dispatcher{
		Engine: h.engine, Compose: app.Worker().Composer(catalogue, renderer), Sender: h.post,
		Now: h.clock.Now,
		Shops: func(ctx context.Context) ([]string, error) {
			shops, err := app.Shops(ctx)
			var ids []string
			for _, shop := range shops {
				ids = append(ids, shop.ID)
			}
			return ids, err
		},
	}
}

// deliver sends the emails that are due and returns them.
func (h *testApp) deliver() []mail.Message {
	h.t.Helper()
	if _, err := h.dispatcher.Once(h.t.Context()); err != nil {
		h.t.Fatalf("deliver: %v", err)
	}
	h.post.mu.Lock()
	defer h.post.mu.Unlock()
	messages := h.post.messages
	h.post.messages = nil
	return messages
}

// firefox returns a browser with the given cookie secret.
func firefox(secret string) credential.Browser {
	return credential.Browser{
		Secret: secret, UserAgent: "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
		IP: netip.MustParseAddr("192.0.2.7"),
	}
}

func (h *testApp) visitor(secret string) portal.Visitor {
	return h.app.Visitor(h.shop, firefox(secret))
}

var (
	linkInMail = regexp.MustCompile(`/sign-in/link/([A-Za-z0-9_-]{64})`)
	codeInMail = regexp.MustCompile(`\b([0-9A-Z]{4}-[0-9A-Z]{4})\b`)
)

func tokenIn(m mail.Message) string { return firstGroup(linkInMail, m.Text) }
func codeIn(m mail.Message) string  { return firstGroup(codeInMail, m.Text) }

func firstGroup(shape *regexp.Regexp, text string) string {
	if found := shape.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	return ""
}

// askLink requests a sign-in for an existing customer from a browser and returns the link's token and the
// code.
func (h *testApp) askLink(email, secret string) (token, code string) {
	h.t.Helper()
	return h.askLinkTo(email, secret, "")
}

// askLinkTo is askLink with a destination.
func (h *testApp) askLinkTo(email, secret, destination string) (token, code string) {
	h.t.Helper()
	if _, err := h.visitor(secret).RequestLink(h.t.Context(), email, destination, "en"); err != nil {
		h.t.Fatalf("ask: %v", err)
	}
	messages := h.deliver()
	if len(messages) != 1 {
		h.t.Fatalf("asking for %s sent %d mails, want 1", email, len(messages))
	}
	return tokenIn(messages[0]), codeIn(messages[0])
}

// signIn signs a customer in and returns the Shopper.
func (h *testApp) signIn(email string) portal.Shopper {
	h.t.Helper()
	token, _ := h.askLink(email, "secret of "+email)
	signed, err := h.visitor("secret of "+email).Redeem(h.t.Context(), token)
	if err != nil {
		h.t.Fatalf("redeem: %v", err)
	}
	return h.shopper(signed.Cookie)
}

func (h *testApp) shopper(cookie string) portal.Shopper {
	h.t.Helper()
	shopper, err := h.app.Shopper(h.t.Context(), h.shop, cookie)
	if err != nil {
		h.t.Fatalf("shopper: %v", err)
	}
	return shopper
}

// feed returns a feed of the shop with a new key.
func (h *testApp) feed() portal.Feed {
	h.t.Helper()
	key, err := h.app.Operator().CreateKey(h.t.Context(), h.shop.ID, "test")
	if err != nil {
		h.t.Fatal(err)
	}
	feed, err := h.app.Feed(h.t.Context(), h.shop, key)
	if err != nil {
		h.t.Fatal(err)
	}
	return feed
}

// orderJSON returns a small complete order; replacements are pairs of old and new text.
func orderJSON(number, email string, replacements ...string) []byte {
	text := fmt.Sprintf(`{"number":%q,"email":%q,"placed_at":"2026-03-05T10:00:00Z","updated_at":"2026-03-05T10:00:00Z",
		"currency":"EUR","payment":"paid","fulfillment":"shipped","total":"12.50","lines":[{"id":"1","name":"Book","quantity":"1","unit_price":"12.5","total":"12.50"}]}`, number, email)
	return []byte(strings.NewReplacer(replacements...).Replace(text))
}

// put imports an order and returns the outcome.
func (h *testApp) put(body []byte) order.Outcome {
	h.t.Helper()
	report, err := h.app.Operator().ImportOrders(h.t.Context(), h.shop.ID,
		bytes.NewReader(oneLine(body)), func(int) {})
	if err != nil || report.RefusedCount > 0 {
		h.t.Fatalf("put order: %v %v", err, report.Refused)
	}
	switch {
	case report.Created == 1:
		return order.Created
	case report.Updated == 1:
		return order.Updated
	case report.Stale == 1:
		return order.Stale
	}
	return order.Unchanged
}

func oneLine(body []byte) []byte { return bytes.ReplaceAll(body, []byte("\n"), nil) }

// work runs all jobs that are due.
func (h *testApp) work() {
	h.t.Helper()
	for {
		done, err := h.app.Worker().RunOnce(h.t.Context())
		if err != nil {
			h.t.Fatalf("work: %v", err)
		}
		if done == 0 {
			return
		}
	}
}

// fieldErrorsOf lists an error's field errors as "field key".
func fieldErrorsOf(err error) []string {
	var list []string
	for _, wrong := range validate.FieldErrors(err) {
		list = append(list, wrong.Field+" "+wrong.Key)
	}
	return list
}

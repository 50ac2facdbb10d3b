// Package portal is the product: what shoppers, feeds, operators and the worker may do, and the rules of it. A
// request first becomes an actor (Visitor, Shopper, Feed, Operator, Worker), and only actors have use-cases; the
// shop and the person are inside the actor. The package must not know of HTTP or of a store's engine.
package portal

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"postern/mail"
	"postern/portal/address"
	"postern/portal/secret"
	"postern/storage"
)

// App is the product over one store. Its actors are safe for concurrent use.
//
// There are no transactions. Each use-case is a sequence of single-document writes, safe to stop between any two:
//
//	sign in        one Replace of the access document: link out, siblings dead, session in
//	first order    handle, customer, order   a handle without its customer is completed by the next comer
//	order stored   order with todo, totals, todo out   totals are recounted, so twice equals once
//	notice         access with todo, outbox entry, todo out   the entry's key makes twice once
//	registration   handle, customer, access   at the click; completed by the next click
//	feed's customer  handle by address, customer, its feed id, handle by id   completed when it is sent again
//	links upgraded   verdict in the customer, orders moved, sessions out, handle by id, customer   a crash: gone on with by the verdict
//	change told    customer with todo, outbox entry, todo out   the job's id makes twice once
//	e-mail changed address held, handle, access clear, customer with todo, session   an address held in vain is given up later
//	change undone  address held, handle, access clear, customer with todo   the undo works until the customer is written
//	address freed  access out, handle out, customer   each only as read, so that a customer who comes back keeps it
//	first mail     order with todo, customer marked, outbox entry, todo out   mark and key make twice once
//	VAT check      customer with a lease, customer with the answer   a crash between leaves it to who comes after the lease
//	erasure        customer emptied, access clear; a minute later orders, messages, mails, access, handles, totals, the feed's handle,
//	               the customer last   each half may be done again
//	hand-off       code in; code taken, of many the one whose write wins has it   a crash after loses a code of 60 seconds
//	withdrawal     statement with due, order marked, outbox entries, due moved on   mark and keys make twice once
//	inquiry        document with todo, outbox entries, todo out   the form's id and the entries' keys make twice once
//	mail           access gets the link, mail goes out, entry done   a crash sends the mail again
type App struct {
	engine   storage.Engine
	secret   *secret.Ring
	now      func() time.Time
	log      *slog.Logger
	insecure bool
	shops    *shopCache
	atlas    *address.Atlas
	upgraded *sync.Map // shop -> when no link was left to decide on
	writes   func() int64
	blocked  *blockList

	vatChecker VATChecker // nil for none
}

// Option sets one thing of an App.
type Option func(*App)

// WithClock makes the App read the time from now.
func WithClock(now func() time.Time) Option { return func(a *App) { a.now = now } }

// WithLog makes the App log to log. It logs no address, no name and no secret.
func WithLog(log *slog.Logger) Option { return func(a *App) { a.log = log } }

// WithInsecureHTTP allows shops whose base URL is plain http on a host that is not loopback.
func WithInsecureHTTP() Option { return func(a *App) { a.insecure = true } }

// WithActivity lets the worker rest while this process writes nothing: writes is how many documents it has
// written, as storage.Activity counts them. Without it the worker looks for jobs at each beat.
func WithActivity(writes func() int64) Option { return func(a *App) { a.writes = writes } }

// New returns the product over a store that was opened with Collections, and whose secret the ring holds: see TakeSecret.
func New(engine storage.Engine, ring *secret.Ring, options ...Option) *App {
	a := &App{
		engine: engine, secret: ring, now: time.Now, log: slog.New(slog.DiscardHandler), shops: &shopCache{}, atlas: address.New(),
		upgraded: &sync.Map{}, blocked: &blockList{},
	}
	for _, option := range options {
		option(a)
	}
	return a
}

// Collections lists everything that the product stores, for opening an engine.
func Collections() []storage.Collection {
	return append(mail.Collections(),
		shopCollection(), withdrawalCollection(), customerCollection(), handleCollection(), accessCollection(),
		orderCollection(), inquiryCollection(), historyCollection(), keyCollection(), handOffCollection(),
		installationCollection(), upgradeCollection(), repeatableCollection(), leaseCollection())
}

// Ready reports whether the store answers, and still belongs to this installation secret.
func (a *App) Ready(ctx context.Context) error {
	if _, err := a.loadShops(ctx); err != nil {
		return err
	}
	return a.hasSecret(ctx)
}

// LostDownload notes that a customer's download broke off: its reader sees only that the file ends.
func (a *App) LostDownload(ctx context.Context, err error) {
	a.log.WarnContext(ctx, "a download broke off", "error", err)
}

// Now is the product's clock.
func (a *App) Now() time.Time { return a.now() }

// Atlas knows the countries' address forms.
func (a *App) Atlas() *address.Atlas { return a.atlas }

// Package portal is the product: what shoppers, feeds, operators and the worker may do, and the rules of
// it. A request first becomes an actor (Visitor, Shopper, Feed, Operator, Worker), and only actors have
// use-cases; the shop and the person are inside the actor. The package must not know of HTTP or of a
// store's engine.
package portal

import (
	"context"
	"log/slog"
	"time"

	"postern/mail"
	"postern/portal/address"
	"postern/portal/secret"
	"postern/storage"
)

// App is the product over one store. Its actors are safe for concurrent use.
//
// There are no transactions. Each use-case is a sequence of single-document writes, safe to stop between
// any two:
//
//	sign in        one Replace of the access document: link out, siblings dead, session in
//	first order    handle, customer, order   a handle without its customer is completed by the next comer
//	background     document with job, lease, what the handler does, job out   done again when the lease is over: see package job
//	order stored   recount asked, order   the month is counted in a while, at worst in vain
//	notice         access with job, outbox entry, job out   the entry's key makes twice once
//	registration   handle, customer, access   at the click; completed by the next click
//	feed's customer  handle by address, customer, its feed id, handle by id   completed when it is sent again
//	links upgraded   verdict in the customer, orders moved, sessions out, handle by id, customer   a crash: gone on with by the verdict
//	change told    customer with job, outbox entry, job out   the job's id makes twice once
//	e-mail changed address held, handle, access clear, customer with job, session   an address held in vain is given up later
//	change undone  address held, handle, access clear, customer with job   the undo works until the customer is written
//	address freed  access out, handle out, customer   each only as read, so that a customer who comes back keeps it
//	first mail     order with job, customer marked, outbox entry, job out   mark and key make twice once
//	VAT check      customer with job, customer with the answer and the next job   asked again after a crash
//	erasure        customer emptied, access clear; a minute later orders, messages, mails, access, handles, totals, the feed's handle,
//	               the customer last   each half may be done again
//	hand-off       code in; code taken, of many the one whose write wins has it   a crash after loses a code of 60 seconds
//	withdrawal     statement with job, order marked, outbox entries, next job   mark and keys make twice once
//	inquiry        document with job, outbox entries, job out   the form's id and the entries' keys make twice once
//	mail           access gets the link, mail goes out, entry done   a crash sends the mail again
type App struct {
	engine   storage.Engine
	secret   *secret.Ring
	now      func() time.Time
	log      *slog.Logger
	insecure bool
	shops    *shopCache
	atlas    *address.Atlas
	writes   func() int64
	inFlight func() int
	blocked  *blockList

	countDelay time.Duration
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

// WithLoad lets background work yield to requests: inFlight is how many this process is answering.
func WithLoad(inFlight func() int) Option { return func(a *App) { a.inFlight = inFlight } }

// New returns the product over a store that was opened with Collections, and whose secret the ring holds:
// see TakeSecret.
func New(engine storage.Engine, ring *secret.Ring, options ...Option) *App {
	a := &App{
		engine: engine, secret: ring, now: time.Now, log: slog.New(slog.DiscardHandler), shops: &shopCache{}, atlas: address.New(),
		blocked: &blockList{}, countDelay: standardCountDelay,
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
		installationCollection(), upgradeCollection(), repeatableCollection(), housekeepingCollection())
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

// Package portal implements the use cases of Postern: what shoppers, feeds, operators and the worker can
// do, and the rules that apply. Each request first becomes an actor (Visitor, Shopper, Feed, Operator,
// Worker); only actors have use cases, and an actor contains the shop and the person. The package must not
// know about HTTP or the storage engine in use.
package portal

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/semaphore"

	"postern/portal/address"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/secret"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// App provides the use cases over one store. Its actors are safe for concurrent use.
//
// Postern uses no transactions. Each use case is a sequence of single-document writes that can safely stop
// between any two. The table lists the writes and, after the colon, why a crash or a repetition is safe.
//
//	sign-in          one Replace of the credentials removes the link, ends the others, adds the session
//	first order      identifier, customer, order: the next request completes an identifier without customer
//	background job   document with job, lease, handler, job removed: repeated after the lease (package job)
//	order stored     recount requested, order: the month is recounted later, at worst needlessly
//	sign-in notice   credentials with job, outbox entry, job removed: the entry's key prevents a second email
//	registration     identifier, customer, credentials, when the link is opened: opening it again completes
//	                 them
//	feed's customer  identifier by email, customer, its feed id, identifier by id: completed when sent again
//	link upgrade     verdict in customer, orders moved, sessions ended, identifier by id, customer: the
//	                 verdict lets it continue
//	change notice    customer with job, outbox entry, job removed: the job's id prevents a second email
//	email change     email reserved, identifier, credentials cleared, customer with job, session: an unused
//	                 reservation is released later
//	email undo       email reserved, identifier, credentials cleared, customer with job: the undo link works
//	                 until the customer is written
//	email release    credentials deleted, identifier deleted, customer: each only as read, so that a customer
//	                 who takes the email back keeps it
//	first email      order with job, customer marked, outbox entry, job removed: mark and key prevent a
//	                 second email
//	VAT check        customer with job, customer with answer and next job: the question is asked again
//	erasure          customer emptied, credentials cleared; a minute later, one collection after the other as
//	                 declared, the customer last: each half can be repeated
//	hand-off         code stored; code removed by the one request whose write succeeds: a later crash loses
//	                 a code that is valid for 60 seconds
//	withdrawal       statement with job, order marked, outbox entries, next job: mark and keys prevent
//	                 duplicates
//	inquiry          document with job, outbox entries, job removed: the form's id and the entries' keys
//	                 prevent duplicates
//	photos           photos, inquiry that names them: photos that none names are removed after an hour
//	staff act        roster with job; outbox entries, access of a removed person, job removed: each can be
//
// repeated
//
//	staff enrolment  code's try in roster, factors and session with job in access; roster marked, outbox
//
// entries,
//
//	                 job removed: until the second write the code can be entered again
//	staff sign-in    one Replace each for the link and for the second factor, with the notice as its job
//	sign-in as the   entry of the log, access of the member; then each change is one Replace of the customer
//	customer         with the act as its job: at worst the log has a visit that did not begin
//	email            credentials get the link, email sent, entry done: the email is sent again
type App struct {
	engine   storage.Engine
	secret   *secret.Ring
	now      func() time.Time
	log      *slog.Logger
	insecure bool
	shops    *shop.Cache
	formats  *address.Formats
	writes   func() int64
	inFlight func() int
	blocked  *blockList
	decoding *semaphore.Weighted // bytes of batches being decoded, which take a hundred times that in memory

	pictures *semaphore.Weighted // one at a time, which takes up to 400 MB

	countDelay  time.Duration
	counts      *countRequests
	uses        *voucherUses
	countRounds *countRounds
	vatChecker  customer.VATChecker // nil if disabled
}

// Option configures an App.
type Option func(*App)

// WithClock makes the App read the time from now.
func WithClock(now func() time.Time) Option { return func(a *App) { a.now = now } }

// WithLog makes the App log to log. It never logs addresses, names or secrets.
func WithLog(log *slog.Logger) Option { return func(a *App) { a.log = log } }

// WithInsecureHTTP allows shops with a plain http base URL on a host other than loopback.
func WithInsecureHTTP() Option { return func(a *App) { a.insecure = true } }

// WithActivity lets the worker rest while this process writes nothing: writes returns the number of
// documents written so far, as counted by storage.Activity. Without it, the worker looks for jobs every
// half second.
func WithActivity(writes func() int64) Option { return func(a *App) { a.writes = writes } }

// WithLoad lets background work yield to requests: inFlight returns the number of requests in progress.
func WithLoad(inFlight func() int) Option { return func(a *App) { a.inFlight = inFlight } }

// New returns an App on a store that was opened with Collections and that belongs to the ring's secret; see
// TakeSecret.
func New(engine storage.Engine, ring *secret.Ring, options ...Option) *App {
	a := &App{
		engine: engine, secret: ring, now: time.Now, log: slog.New(slog.DiscardHandler), shops: &shop.Cache{},
		formats: address.New(),
		blocked: &blockList{}, countDelay: order.StandardCountDelay, counts: &countRequests{}, countRounds: &countRounds{},
		uses:     &voucherUses{},
		decoding: semaphore.NewWeighted(validate.MaxDocument), pictures: semaphore.NewWeighted(1),
	}
	for _, option := range options {
		option(a)
	}
	return a
}

// Ready checks that the store responds and still belongs to this installation secret.
func (a *App) Ready(ctx context.Context) error {
	if _, err := a.loadShops(ctx); err != nil {
		return err
	}
	return a.hasSecret(ctx)
}

// LostDownload logs that a customer's download broke off. The customer sees only that the file ends early.
func (a *App) LostDownload(ctx context.Context, err error) {
	a.log.WarnContext(ctx, "a download broke off", "error", err)
}

// Engine returns the store, for the use cases of package merchant.
func (a *App) Engine() storage.Engine { return a.engine }

// Secret returns the installation secret, for the use cases of package merchant.
func (a *App) Secret() *secret.Ring { return a.secret }

// Now returns the time of the App's clock.
func (a *App) Now() time.Time { return a.now() }

// AddressFormats returns the address formats of the countries.
func (a *App) AddressFormats() *address.Formats { return a.formats }

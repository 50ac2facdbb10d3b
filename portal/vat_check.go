package portal

import (
	"context"
	"errors"
	"slices"
	"time"

	"postern/portal/vat"
	"postern/portal/vies"
	"postern/storage"
)

// VATStatus says what is known of a customer's VAT ID.
type VATStatus string

// The statuses. Whether an ID is valid is never guessed: while VIES does not answer it is unknown, and what was valid stays valid.
const (
	VATNone      VATStatus = ""          // there is no VAT ID
	VATUnknown   VATStatus = "unknown"   // VIES has not answered yet
	VATValid     VATStatus = "valid"     //
	VATInvalid   VATStatus = "invalid"   // VIES does not know it
	VATUncovered VATStatus = "uncovered" // of a country that is not in VIES
)

// VATAnswer is one answer of VIES, kept as evidence for the exemption of an intra-Community supply (Art. 138 of Directive
// 2006/112/EC).
type VATAnswer struct {
	VATID        string    `bson:"vat_id" json:"vat_id"`
	Status       VATStatus `bson:"status" json:"status"`
	Name         string    `bson:"name,omitempty" json:"name,omitzero"`
	Address      string    `bson:"address,omitempty" json:"address,omitzero"`
	Consultation string    `bson:"consultation,omitempty" json:"consultation_number,omitzero"`
	Requester    string    `bson:"requester,omitempty" json:"requester,omitzero"` // the shop's VAT ID
	At           time.Time `bson:"at" json:"at"`
}

// VATEvidence is what is known of the present VAT ID, and the last answers of VIES about it and the ones before.
type VATEvidence struct {
	VATID    string      `bson:"vat_id,omitempty"`
	Status   VATStatus   `bson:"status,omitempty"`
	Last     VATAnswer   `bson:"last,omitempty"` // the answer that Status is from
	Failures int         `bson:"failures,omitempty"`
	NextAt   time.Time   `bson:"next_at,omitempty"` // when VIES is asked again
	History  []VATAnswer `bson:"history,omitempty"` // oldest first
}

// VATChecker asks whether a VAT ID (prefix and body) is valid, with the asker's own VAT ID or "". An error means that it is not
// known yet. It is vies.Client.
type VATChecker interface {
	Check(ctx context.Context, prefix, body, requester string) (vies.Answer, error)
}

// WithVATChecker has the worker check VAT IDs. Without one they stay unknown.
func WithVATChecker(checker VATChecker) Option { return func(a *App) { a.vatChecker = checker } }

const (
	maxVATHistory = 50
	vatBeat       = 2 * time.Second
	vatBatch      = 50
	vatAtOnce     = 4               // questions at a time: VIES counts them for each member state
	vatLease      = 2 * time.Minute // in which one process asks, and no other
	vatFresh      = 30 * 24 * time.Hour
	vatDoubt      = 24 * time.Hour // a number may be registered at home and reach VIES days later
	vatDoubts     = 7              // so often a number that is not valid is asked for after a day
)

// settleVAT makes the evidence follow the company's VAT ID: a new one is unknown, and asked for at once.
func (c *Customer) settleVAT(now time.Time) {
	e := &c.VAT
	if e.VATID == c.Company.VATID {
		return
	}
	*e = VATEvidence{VATID: c.Company.VATID, History: e.History}
	id, err := vat.Parse(e.VATID, "")
	switch {
	case e.VATID == "":
	case err == nil && vies.Knows(id.Country):
		e.Status, e.NextAt = VATUnknown, now
	default:
		e.Status = VATUncovered
	}
}

// retryVAT is the gap before VIES is asked again after so many failures in a row.
func retryVAT(failures int) time.Duration {
	gaps := []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	}
	return gaps[min(max(failures, 1), len(gaps))-1]
}

// answer takes an answer of VIES into the evidence.
func (e *VATEvidence) answer(a VATAnswer) {
	doubts := 0
	for _, earlier := range e.History {
		if earlier.VATID == a.VATID && earlier.Status == VATInvalid {
			doubts++
		}
	}
	e.Status, e.Last, e.Failures, e.NextAt = a.Status, a, 0, a.At.Add(vatFresh)
	if a.Status == VATInvalid && doubts < vatDoubts {
		e.NextAt = a.At.Add(vatDoubt)
	}
	e.History = append(e.History, a)
	e.History = e.History[max(0, len(e.History)-maxVATHistory):]
}

// CheckVATs asks VIES on a beat until ctx ends, and returns nil. It stands beside Run, since VIES may take half a minute to
// answer.
func (w Worker) CheckVATs(ctx context.Context) error {
	w.repeat(ctx, vatBeat, w.vatBeat())
	return nil
}

// vatBeat is what CheckVATs does at each beat: less while the process is idle.
func (w Worker) vatBeat() func(context.Context) error {
	idle := storage.NewIdleBeat(w.app.writes)
	return func(ctx context.Context) error {
		if !idle.Due(w.app.now()) {
			return nil
		}
		return w.CheckVATsOnce(ctx)
	}
}

// CheckVATsOnce asks VIES for the VAT IDs whose time has come. A failure is no answer: it changes only when VIES is asked next.
func (w Worker) CheckVATsOnce(ctx context.Context) error {
	if w.app.vatChecker == nil {
		return nil
	}
	page, err := storage.FindAllShops[struct{}](ctx, w.app.engine, customerCollection(), storage.Query{
		Index: customersByVAT, To: w.app.now().Add(time.Millisecond), Limit: vatBatch,
	})
	for chunk := range slices.Chunk(page.Hits, vatAtOnce) {
		err = errors.Join(err, eachAtOnce(ctx, chunk, func(ctx context.Context, hit storage.Hit[struct{}]) error {
			shop, err := w.app.shop(ctx, hit.Shop)
			if err != nil {
				return err
			}
			return w.checkVAT(ctx, shop, hit.Key)
		}))
	}
	return err
}

// checkVAT asks for one customer's VAT ID. It takes a lease first, so that of several processes one asks; a crash
// meanwhile leaves the question to whoever comes after the lease.
func (w Worker) checkVAT(ctx context.Context, shop Shop, id string) error {
	now := w.app.now()
	c, err := w.app.changeCustomer(ctx, shop.ID, id, func(c *Customer) error {
		if c.VAT.NextAt.IsZero() || now.Before(c.VAT.NextAt) {
			return errVATTurn
		}
		c.VAT.NextAt = now.Add(vatLease)
		return nil
	})
	if errors.Is(err, errVATTurn) || errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	given, failed := w.askVAT(ctx, shop, c.VAT.VATID)
	var unknown *vies.UnknownError
	if errors.As(failed, &unknown) && unknown.Reason == vies.ReasonInput && c.VAT.Status != VATValid {
		failed = nil // it cannot be a VAT ID; one that was valid a month ago can
	}
	_, err = w.app.changeCustomer(ctx, shop.ID, id, func(c *Customer) error {
		switch {
		case c.VAT.VATID != given.VATID:
			return storage.ErrUnchanged // changed meanwhile; the new one is due by itself
		case failed != nil:
			c.VAT.Failures++
			c.VAT.NextAt = w.app.now().Add(retryVAT(c.VAT.Failures))
		default:
			c.VAT.answer(given)
		}
		return nil
	})
	if failed != nil && ctx.Err() == nil {
		w.app.log.InfoContext(ctx, "vat check: no answer yet", "customer", id, "reason", failed.Error())
	}
	return ifFound(err)
}

// errVATTurn says that another asks for a VAT ID already.
var errVATTurn = errors.New("portal: the VAT ID is not due")

func (w Worker) askVAT(ctx context.Context, shop Shop, text string) (VATAnswer, error) {
	a := VATAnswer{VATID: text, Status: VATInvalid, Requester: shop.VATID}
	id, err := vat.Parse(text, "")
	if err != nil {
		return a, err
	}
	got, err := w.app.vatChecker.Check(ctx, id.Country, id.Body, a.Requester)
	var unknown *vies.UnknownError
	if errors.As(err, &unknown) && unknown.Reason == vies.ReasonRequester && a.Requester != "" {
		w.app.log.WarnContext(ctx, "vat check: VIES does not accept the shop's own VAT ID; asking without it", "shop", shop.ID)
		a.Requester = ""
		got, err = w.app.vatChecker.Check(ctx, id.Country, id.Body, "")
	}
	a.At, a.Name, a.Address, a.Consultation = w.app.now().Truncate(time.Millisecond), got.Name, got.Address, got.Consultation
	if got.Valid {
		a.Status = VATValid
	}
	return a, err
}

// VAT is what is known of the customer's VAT ID.
func (s Shopper) VAT() VATEvidence { return s.customer.VAT }

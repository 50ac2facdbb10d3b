package customer

import (
	"context"
	"time"

	"postern/portal/job"
	"postern/portal/vat"
	"postern/portal/vies"
)

// VATStatus is the validity of a customer's VAT ID.
type VATStatus string

// The statuses. Validity is never guessed: an ID is unknown until VIES answers, and a valid ID stays valid
// while VIES does not answer.
const (
	VATNone      VATStatus = ""          // no VAT ID
	VATUnknown   VATStatus = "unknown"   // VIES has not answered yet
	VATValid     VATStatus = "valid"     // confirmed by VIES
	VATInvalid   VATStatus = "invalid"   // VIES does not know the VAT ID
	VATUncovered VATStatus = "uncovered" // the country is not part of VIES
)

// VATAnswer is one answer from VIES, kept as evidence for the exemption of an intra-Community supply (Art.
// 138 of Directive 2006/112/EC).
type VATAnswer struct {
	VATID        string    `bson:"vat_id" json:"vat_id"`
	Status       VATStatus `bson:"status" json:"status"`
	Name         string    `bson:"name,omitempty" json:"name,omitzero"`
	Address      string    `bson:"address,omitempty" json:"address,omitzero"`
	Consultation string    `bson:"consultation,omitempty" json:"consultation_number,omitzero"`
	Requester    string    `bson:"requester,omitempty" json:"requester,omitzero"` // the shop's VAT ID
	At           time.Time `bson:"at" json:"at"`
	Merge        string    `bson:"merge,omitempty" json:"-"` // the batch that brought it from a merged account
}

// VATEvidence holds the status of the current VAT ID, and the latest VIES answers, including those about
// earlier IDs.
type VATEvidence struct {
	VATID   string      `bson:"vat_id,omitempty"`
	Status  VATStatus   `bson:"status,omitempty"`
	Last    VATAnswer   `bson:"last,omitempty"`    // the answer that gave Status
	NextAt  time.Time   `bson:"next_at,omitempty"` // when VIES is asked again
	Long    bool        `bson:"long,omitempty"`    // VIES has not answered about an unknown ID for VATPatience
	History []VATAnswer `bson:"history,omitempty"` // oldest first
}

// IsZero reports whether there is no answer; it is then not stored.
func (a VATAnswer) IsZero() bool { return a == VATAnswer{} }

// IsZero reports whether there never was a VAT ID; the evidence is then not stored.
func (e VATEvidence) IsZero() bool {
	return e.VATID == "" && e.Status == VATNone && !e.Long &&
		e.Last.IsZero() && e.NextAt.IsZero() && len(e.History) == 0
}

// VATChecker checks whether a VAT ID (prefix and body) is valid. requester is the shop's own VAT ID, or "".
// An error means that the validity is still unknown. vies.Client implements it.
type VATChecker interface {
	Check(ctx context.Context, prefix, body, requester string) (vies.Answer, error)
}

const (
	maxVATHistory = 50
	VATUnasked    = 24 * time.Hour // interval of attempts without a VATChecker
	VATPatience   = 24 * time.Hour // for an answer, before staff should look at it
	vatFresh      = 30 * 24 * time.Hour
	vatDoubt      = 24 * time.Hour // an ID may be registered nationally and reach VIES days later
	vatDoubts     = 7              // number of daily checks of an invalid ID
)

// settleVAT updates the evidence after a change of the company's VAT ID: a new ID is unknown, and its check
// is due immediately.
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

// RetryVAT returns the intervals between attempts to ask VIES.
func RetryVAT() job.Retry {
	return job.Retry{Forever: true, Routine: true, Gaps: []time.Duration{
		time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour,
		6 * time.Hour, 12 * time.Hour,
	}}
}

// Answer adds a VIES answer to the evidence.
func (e *VATEvidence) Answer(a VATAnswer) {
	doubts := 0
	for _, earlier := range e.History {
		if earlier.VATID == a.VATID && earlier.Status == VATInvalid {
			doubts++
		}
	}
	e.Status, e.Last, e.NextAt, e.Long = a.Status, a, a.At.Add(vatFresh), false
	if a.Status == VATInvalid && doubts < vatDoubts {
		e.NextAt = a.At.Add(vatDoubt)
	}
	e.History = append(e.History, a)
	e.History = e.History[max(0, len(e.History)-maxVATHistory):]
}

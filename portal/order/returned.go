package order

import (
	"strings"
	"sync"
	"time"

	"postern/portal/money"
	"postern/portal/validate"
)

// Return is a return of goods as the shop's system describes it.
type Return struct {
	Number         string       `bson:"number"`            // in the shop's system
	Request        string       `bson:"request,omitempty"` // the portal's id of the customer's request, or ""
	State          string       `bson:"state"`             // one of ReturnStates
	Reason         string       `bson:"reason,omitempty"`  // the customer's
	Declined       string       `bson:"declined,omitempty"`
	Lines          []ReturnLine `bson:"lines,omitempty"`
	LabelURL       string       `bson:"label_url,omitempty"`
	Carrier        string       `bson:"carrier,omitempty"`
	TrackingNumber string       `bson:"tracking_number,omitempty"`
	TrackingURL    string       `bson:"tracking_url,omitempty"`
	UpdatedAt      *time.Time   `bson:"updated_at,omitempty"`
}

// ReturnLine is the quantity of a line, given by the line's id, in a return.
type ReturnLine struct {
	Line     string        `bson:"line"`
	Quantity money.Decimal `bson:"quantity"`
}

// The states of a return.
const (
	ReturnRequested = "requested"
	ReturnApproved  = "approved"
	ReturnLabel     = "label" // the label for the parcel is ready
	ReturnReceived  = "received"
	ReturnRefunded  = "refunded"
	ReturnDeclined  = "declined"
	ReturnCancelled = "cancelled" // by the customer
)

// ReturnStates lists the states of a return in their usual order.
func ReturnStates() []string {
	return []string{ReturnRequested, ReturnApproved, ReturnLabel, ReturnReceived, ReturnRefunded, ReturnDeclined,
		ReturnCancelled}
}

type returnWire struct {
	Number         string           `json:"number"`
	Request        string           `json:"request,omitzero"`
	State          string           `json:"state"`
	Reason         string           `json:"reason,omitzero"`
	Declined       string           `json:"declined,omitzero"`
	Lines          []returnLineWire `json:"lines,omitzero"`
	LabelURL       string           `json:"label_url,omitzero"`
	Carrier        string           `json:"carrier,omitzero"`
	TrackingNumber string           `json:"tracking_number,omitzero"`
	TrackingURL    string           `json:"tracking_url,omitzero"`
	UpdatedAt      validate.Time    `json:"updated_at,omitzero"`
}

type returnLineWire struct {
	Line     string          `json:"line"`
	Quantity validate.Number `json:"quantity"`
}

func (w returnWire) returned(f *validate.Validator, at string) Return {
	r := Return{
		Number:         f.Required(at+"/number", f.Key(at+"/number", w.Number, validate.MaxNumber)),
		Request:        f.Key(at+"/request", w.Request, validate.MaxWord),
		State:          readReturnState(f, at+"/state", w.State),
		Reason:         f.Cut(at+"/reason", w.Reason, validate.MaxName),
		Declined:       f.CutProse(at+"/declined", w.Declined, validate.MaxName),
		LabelURL:       f.FedLink(at+"/label_url", w.LabelURL),
		Carrier:        f.Cut(at+"/carrier", w.Carrier, validate.MaxWord),
		TrackingNumber: f.Cut(at+"/tracking_number", w.TrackingNumber, validate.MaxWord),
		TrackingURL:    f.FedLink(at+"/tracking_url", w.TrackingURL),
		UpdatedAt:      f.FedTime(at+"/updated_at", w.UpdatedAt),
	}
	r.Lines = validate.Each(f, at+"/lines", maxLines, w.Lines,
		func(l returnLineWire, f *validate.Validator, at string) ReturnLine {
			return ReturnLine{Line: f.Key(at+"/line", l.Line, validate.MaxWord),
				Quantity: f.Quantity(at+"/quantity", l.Quantity)}
		})
	return r
}

// readReturnState reads a state in any usual spelling. An unknown one is refused, because the customer would
// be told something wrong.
func readReturnState(f *validate.Validator, field, word string) string {
	state := returnVocabulary()[validate.StatusKey(word)]
	if state == "" {
		f.Reject(field, "order.return.state", "Words", strings.Join(ReturnStates(), ", "))
	}
	return state
}

var returnVocabulary = sync.OnceValue(func() validate.Vocabulary {
	return validate.NewVocabulary(ReturnStates(), map[string]string{
		ReturnRequested: "new open pending return_requested",
		ReturnApproved:  "accepted authorized in_progress",
		ReturnLabel:     "label_sent label_created",
		ReturnReceived:  "returned arrived processed return_received",
		ReturnRefunded:  "closed completed done",
		ReturnDeclined:  "rejected refused denied",
		ReturnCancelled: "canceled",
	})
})

func (r Return) wire() returnWire {
	w := returnWire{
		Number: r.Number, Request: r.Request, State: r.State, Reason: r.Reason, Declined: r.Declined,
		LabelURL: r.LabelURL, Carrier: r.Carrier, TrackingNumber: r.TrackingNumber, TrackingURL: r.TrackingURL,
		UpdatedAt: wireTime(r.UpdatedAt),
	}
	for _, line := range r.Lines {
		w.Lines = append(w.Lines, returnLineWire{line.Line, validate.Number(line.Quantity)})
	}
	return w
}

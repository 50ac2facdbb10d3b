package shopper

import (
	"cmp"
	"slices"
	"time"
	"unicode/utf8"

	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/web/page"
)

// orderReturns is the part of the order page that tells what became of the customer's requests: a message
// that waits, a requested cancellation, and returns.
type orderReturns struct {
	page.Base
	Unread  bool
	Cancel  *sentRequest
	Returns []shownReturn
}

// sentRequest is a request to cancel the order, with the shop's answer.
type sentRequest struct {
	Tone, Icon    string
	Text, Words   string // Text is "" if the top of the page says it
	Answer, Shown string // the shop's words, and who wrote them
	Lead          string // what of it the top of the page may say: "open", "approved", "declined", or ""
	Sent          time.Time
}

// shownReturn is one return.
type shownReturn struct {
	Heading     string
	State       string // as the customer sees it: a label without a link is only an approval
	Status      page.Pill
	Next        string // what happens next, "" if the top of the page says it
	Answer      string // the shop's words with its decision, "" if the top of the page has them
	Answered    string // who wrote them, if no sentence before them says so
	Lines       []string
	Facts       []fact
	Words       string // the customer's
	Photos      []shownPhoto
	Steps       []step
	LabelURL    string
	TrackURL    string
	TrackNumber string
}

func returnsOf(b page.Base, o order.View, sent inquiry.Correspondence, unread bool) orderReturns {
	shown := orderReturns{Base: b, Unread: unread}
	for _, r := range sent.Requests {
		if r.Kind == inquiry.RequestCancel {
			shown.Cancel = cancellation(b, o, r)
		}
	}
	for _, r := range sent.Returns(o) {
		shown.Returns = append(shown.Returns, shown.returned(o, r))
	}
	return shown
}

// cancellation describes a request to cancel and its outcome: the shop's answer, or what the order's status
// shows.
func cancellation(b page.Base, o order.View, r inquiry.Record) *sentRequest {
	made := &sentRequest{Words: r.Text, Tone: string(order.Neutral), Icon: string(order.Neutral)}
	key := "late"
	switch closed := o.Action(order.ActionCancel, nil).Closed; {
	case closed == "cancel.cancelled" || closed == "cancel.refunded":
		key, made.Tone = "done", string(order.Done)
	case r.Declined != nil:
		key, made.Tone, made.Answer = "declined", string(order.Stopped), r.Declined.Text
		made.Shown = b.T("request.answer", "Shop", b.Shop.Name)
	case closed == "" && r.State() == order.ReturnApproved:
		key, made.Tone = "approved", string(order.Waiting)
	case closed == "":
		key, made.Tone = "open", string(order.Waiting)
	}
	made.Icon, made.Sent = made.Tone, r.At
	if key == "open" || key == "approved" || key == "declined" && o.Status.Fulfillment == order.Unfulfilled {
		made.Lead = key
	}
	made.Text = b.T("request.sent.cancel."+key, "When", r.At)
	return made
}

// returned describes one return.
func (p orderReturns) returned(o order.View, r inquiry.Returned) shownReturn {
	given := r.Return
	shown := shownReturn{
		Heading: p.T("return.heading"), Status: p.Pill(returnTone(given.State),
			p.T("return.state."+given.State)).With(returnIcon),
		Answer: given.Declined, LabelURL: given.LabelURL,
		TrackURL: given.TrackingURL, TrackNumber: given.TrackingNumber, Steps: p.steps(r),
	}
	switch {
	case given.Number != "":
		shown.Heading = p.T("return.heading.number", "Number", given.Number)
	case r.Request != nil:
		shown.Heading = p.T("return.heading.date", "Date", r.Request.At)
	}
	shown.State = given.State
	switch ready := given.State == order.ReturnLabel || given.State == order.ReturnApproved; {
	case !ready:
		shown.LabelURL = ""
	case given.LabelURL == "":
		shown.State = order.ReturnApproved
	default:
		shown.State = order.ReturnLabel
	}
	reason := given.Reason
	if r.Request != nil {
		shown.Answer = cmp.Or(shown.Answer, r.Request.LastText())
		shown.Words, reason = r.Request.Text, cmp.Or(r.Request.Reason, reason)
		shown.Photos = p.photos(*r.Request)
	}
	shown.Next = p.T("return.next." + shown.State)
	if shown.Answer != "" && (shown.State == order.ReturnApproved || shown.State == order.ReturnDeclined) {
		shown.Next = p.T("return.next." + shown.State + ".words")
	}
	shown.Lines = p.lines(o, r)
	shown.Facts = withValues([]fact{{p.T("return.reason"), reasonText(p.Base, reason)}, p.parcel(given)})
	return shown
}

// parcel names the parcel of a return on one line, so that the goods stay on a phone's first screen.
func (p orderReturns) parcel(given order.Return) fact {
	switch {
	case given.TrackingNumber == "":
		return fact{p.T("return.carrier"), given.Carrier}
	case given.Carrier == "":
		return fact{p.T("order.tracking_number"), given.TrackingNumber}
	}
	return fact{p.T("order.tracking_number"), given.Carrier + " " + given.TrackingNumber}
}

// current returns the return that the customer waits for or that the shop declined last, nil if there is
// none.
func (p orderReturns) current() *shownReturn {
	for i := range slices.Backward(p.Returns) {
		switch r := &p.Returns[i]; r.State {
		case order.ReturnRequested, order.ReturnApproved, order.ReturnLabel, order.ReturnReceived, order.ReturnDeclined:
			return r
		}
	}
	return nil
}

// leadWithReturn puts the current return at the top of the page, as the list of orders does: it is newer than
// the delivery. A payment that is due still comes first.
func (p *orderPage) leadWithReturn() {
	current := p.Returns.current()
	if current == nil || p.Order.Status.Unpaid() {
		return
	}
	p.Headline = p.Pill(returnTone(current.State), p.T("orders.return."+current.State)).With(returnIcon)
	p.Second, p.lead, current.Next = current.Next, current.State, ""
	decides := current.State == order.ReturnApproved || current.State == order.ReturnDeclined
	switch isShort := utf8.RuneCountInString(current.Answer) <= maxLead; {
	case current.Answer == "":
	case decides && isShort:
		p.Told, current.Answer = current.Answer, ""
	case decides: // the introduction stays with the words, which are long
		p.Second, current.Next = p.T("request.answer.below"), p.Second
	default:
		current.Answered = p.T("request.answer", "Shop", p.Shop.Name)
	}
	if current.State == order.ReturnDeclined && p.Told != "" {
		p.Second = "" // the headline introduces the reason
	}
	if due := p.returnRefund(); current.State == order.ReturnReceived && due != "" {
		p.Second += " " + due
	}
}

// maxLead is how many characters of the shop's words the top of the page has room for.
const maxLead = 240

// returnRefund says until when the shop must refund after a withdrawal, "" if that is not known.
func (p *orderPage) returnRefund() string {
	switch right := p.Order.Withdrawal; {
	case right == nil || right.RefundDue.IsZero():
		return ""
	case right.RefundLate:
		return p.T("orders.refund.late", "Due", right.RefundDue)
	default:
		return p.T("orders.refund.due", "Due", right.RefundDue)
	}
}

// leadWithCancellation says in the headline how the request to cancel stands, with what comes next, unless a
// payment is due or a return is newer. The customer's own words stay below.
func (p *orderPage) leadWithCancellation() {
	asked := p.Returns.Cancel
	if asked == nil || asked.Lead == "" || p.Order.Status.Unpaid() || p.Returns.current() != nil {
		return
	}
	key := "request.lead.cancel." + asked.Lead
	p.Headline = p.Pill(asked.Tone, p.T(key)).With(asked.Icon)
	p.Second, p.lead = p.T(key+".next", "When", asked.Sent), asked.Lead
	if utf8.RuneCountInString(asked.Answer) > maxLead {
		p.Second = p.T("request.answer.below")
		return
	}
	p.Told, asked.Text = asked.Answer, ""
	if asked.Words == "" {
		p.Returns.Cancel = nil
	}
}

// returnTone returns the tone of a state.
func returnTone(state string) string {
	switch state {
	case order.ReturnRequested, order.ReturnApproved, order.ReturnLabel:
		return string(order.Waiting)
	case order.ReturnReceived:
		return string(order.Moving)
	case order.ReturnRefunded:
		return string(order.Done)
	case order.ReturnDeclined:
		return string(order.Stopped)
	}
	return string(order.Neutral)
}

// lines lists the returned goods: as the shop has them or, without a return in its system, as requested.
func (p orderReturns) lines(o order.View, r inquiry.Returned) []string {
	var lines []string
	for _, part := range r.Return.Lines {
		at := slices.IndexFunc(o.Lines, func(l order.Line) bool { return l.ID != "" && l.ID == part.Line })
		name := part.Line
		if at >= 0 {
			name = o.Lines[at].Name
		}
		lines = append(lines, p.Decimal(part.Quantity)+" × "+name)
	}
	if len(lines) == 0 && r.Request != nil {
		for _, line := range r.Request.Lines {
			lines = append(lines, line.Quantity+" × "+line.Name)
		}
	}
	return lines
}

// steps returns the timeline of a return.
func (p orderReturns) steps(r inquiry.Returned) []step {
	var steps []step
	for i, given := range r.Steps {
		s := step{Class: "step-done", Text: p.T("return.state." + given.State), Current: i == len(r.Steps)-1}
		switch {
		case given.State == order.ReturnDeclined || given.State == order.ReturnCancelled:
			s.Class = "step-stopped"
		case s.Current:
			s.Class = "step-present"
		}
		if !given.At.IsZero() {
			s.When = p.TimeMoment(given.At)
		}
		steps = append(steps, s)
	}
	for _, state := range r.Upcoming() {
		steps = append(steps, step{Class: "step-future", Text: p.T("return.state." + state), Future: true})
	}
	return steps
}

// reasonText returns a reason for a return as customers read it: a built-in one in their language, any other
// as the shop wrote it.
func reasonText(b page.Base, reason string) string {
	if slices.Contains(inquiry.Reasons(), reason) {
		return b.T("return.reason." + reason)
	}
	return reason
}

package inquiry

import (
	"slices"
	"time"

	"postern/portal/money"
	"postern/portal/order"
)

// Returned is a return of goods: the customer's request, the shop's return, or both.
type Returned struct {
	Request *Record      // nil if the shop registered the return by itself
	Return  order.Return // only with a State if the shop has not registered it
	Steps   []order.ReturnStep
}

// Returns joins the customer's requests with the returns in the order by their id. The latest comes first.
func (c Correspondence) Returns(o order.View) []Returned {
	var all []Returned
	used := map[string]bool{}
	for _, r := range c.Requests {
		if r.Kind != RequestReturn {
			continue
		}
		made := Returned{Request: &r, Return: order.Return{State: order.ReturnRequested}}
		at := slices.IndexFunc(o.Returns, func(given order.Return) bool { return given.Request == r.ID })
		switch {
		case at >= 0:
			made.Return = o.Returns[at]
			used[made.Return.Number] = true
		case r.Declined != nil:
			made.Return.State, made.Return.Declined = order.ReturnDeclined, r.Declined.Text
		default:
			made.Return.State = r.State()
		}
		made.Steps = made.steps(o)
		all = append(all, made)
	}
	for _, given := range o.Returns {
		if !used[given.Number] {
			made := Returned{Return: given}
			made.Steps = made.steps(o)
			all = append(all, made)
		}
	}
	slices.SortStableFunc(all, func(a, b Returned) int { return b.at().Compare(a.at()) })
	return all
}

// Returnable returns how much of each line can still be returned, "" for nothing: what is goods, is no file,
// has left the shop as far as the order says, and is in no return that goes on or has ended with a refund.
func (c Correspondence) Returnable(o order.View) []money.Decimal {
	left, counted, waiting := make([]money.Decimal, len(o.Lines)), o.Counted(), o.AtShop()
	for i, line := range o.Lines {
		isFile := slices.ContainsFunc(o.Downloads,
			func(d order.Download) bool { return d.Line != "" && d.Line == line.ID })
		switch sent := line.Quantity.Minus(waiting[i]); {
		case !counted[i] || isFile:
		case waiting[i] == "":
			left[i] = line.Quantity
		case sent.IsPositive():
			left[i] = sent
		}
	}
	for _, r := range c.Returns(o) {
		if r.Return.State == order.ReturnDeclined || r.Return.State == order.ReturnCancelled {
			continue
		}
		for _, part := range r.parts() {
			at := slices.IndexFunc(o.Lines, func(l order.Line) bool {
				return l.ID == part.ID && (part.ID != "" || l.Name == part.Name && l.SKU == part.SKU)
			})
			if at < 0 || left[at] == "" {
				continue
			}
			if left[at] = left[at].Minus(money.Decimal(part.Quantity)); !left[at].IsPositive() {
				left[at] = ""
			}
		}
	}
	return left
}

// parts returns the goods of a return: as the shop has them or else as the customer asked.
func (r Returned) parts() []order.StatementLine {
	var parts []order.StatementLine
	for _, line := range r.Return.Lines {
		parts = append(parts, order.StatementLine{ID: line.Line, Quantity: line.Quantity.String()})
	}
	if len(parts) == 0 && r.Request != nil {
		return r.Request.Lines
	}
	return parts
}

// at returns when the return began, zero if that is not known.
func (r Returned) at() time.Time {
	if len(r.Steps) == 0 {
		return time.Time{}
	}
	return r.Steps[0].At
}

// steps lists the states that the return has had, oldest first, each once and with its first time. The
// present state is the last one, without a time if that is not known.
func (r Returned) steps(o order.View) []order.ReturnStep {
	var steps []order.ReturnStep
	add := func(step order.ReturnStep) {
		if !slices.ContainsFunc(steps, func(s order.ReturnStep) bool { return s.State == step.State }) {
			steps = append(steps, step)
		}
	}
	if r.Request != nil {
		add(order.ReturnStep{State: order.ReturnRequested, At: r.Request.At})
		for _, made := range r.Request.Decided {
			add(order.ReturnStep{State: made.State, At: made.At})
		}
		if r.Return.Number == "" && r.Request.Declined != nil {
			add(order.ReturnStep{State: order.ReturnDeclined, At: r.Request.Declined.At})
		}
	}
	for _, step := range o.ReturnSteps {
		if r.Return.Number != "" && step.Number == r.Return.Number {
			add(step)
		}
	}
	present := order.ReturnStep{State: r.Return.State}
	if i := slices.IndexFunc(steps, func(s order.ReturnStep) bool { return s.State == r.Return.State }); i >= 0 {
		present = steps[i]
		steps = slices.Delete(steps, i, i+1)
	}
	return append(steps, present)
}

// Upcoming lists the states that are still to come.
func (r Returned) Upcoming() []string {
	path := []string{order.ReturnRequested, order.ReturnApproved, order.ReturnLabel, order.ReturnReceived,
		order.ReturnRefunded}
	at := slices.Index(path, r.Return.State)
	if at < 0 {
		return nil
	}
	return slices.DeleteFunc(path[at+1:], func(state string) bool { return state == order.ReturnLabel })
}

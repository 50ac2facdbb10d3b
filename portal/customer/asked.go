package customer

import (
	"slices"
	"time"
)

// Asked is an order that the customer asked the shop to cancel or to take goods back from. The list of orders
// shows it until the shop's system says more.
type Asked struct {
	Order string    `bson:"order"`
	Kind  string    `bson:"kind"`
	At    time.Time `bson:"at"`    // of the request
	State string    `bson:"state"` // what the shop decided last
}

const (
	maxAsked  = 50
	askedKept = 90 * 24 * time.Hour
)

// NoteRequest remembers the customer's latest request about an order. Repeating it changes nothing. It
// reports whether it changed anything.
func (c *Customer) NoteRequest(asked Asked, now time.Time) bool {
	old := func(a Asked) bool { return a.Order == asked.Order || now.Sub(a.At) > askedKept }
	for _, noted := range c.Asked {
		if noted.Order == asked.Order && (noted.At.After(asked.At) || noted == asked) {
			return false // a job that runs late, or once more
		}
	}
	c.Asked = append(slices.DeleteFunc(c.Asked, old), asked)
	c.Asked = c.Asked[max(0, len(c.Asked)-maxAsked):]
	return true
}

// Request returns the customer's latest request about an order.
func (c Customer) Request(order string) (asked Asked, found bool) {
	i := slices.IndexFunc(c.Asked, func(a Asked) bool { return a.Order == order })
	if i < 0 {
		return asked, false
	}
	return c.Asked[i], true
}

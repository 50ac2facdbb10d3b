package customer

import (
	"slices"
	"time"
)

// Answered is an order about which the shop wrote to the customer. It is unread while Last is after Read.
type Answered struct {
	Order string    `bson:"order"`
	Last  time.Time `bson:"last"` // the shop's last message
	Read  time.Time `bson:"read,omitempty"`
}

func (a Answered) unread() bool { return a.Last.After(a.Read) }

const (
	maxAnswered = 100
	// answeredKept is how long a read conversation is remembered, so that a job that runs late, or once more
	// after a crash, does not mark it as unread again.
	answeredKept = 7 * 24 * time.Hour
)

// NoteAnswer marks a conversation as unread, unless the customer has read this message. Repeating it changes
// nothing. It reports whether it changed anything.
func (c *Customer) NoteAnswer(order string, at, now time.Time) bool {
	i := c.answered(order)
	if i >= 0 && !c.Answered[i].Last.Before(at) {
		return false
	}
	made := Answered{Order: order, Last: at}
	if i >= 0 {
		made.Read = c.Answered[i].Read
		c.Answered = slices.Delete(c.Answered, i, i+1)
	}
	c.Answered = slices.DeleteFunc(append(c.Answered, made), func(a Answered) bool {
		return !a.unread() && now.Sub(a.Last) > answeredKept
	})
	c.Answered = c.Answered[max(0, len(c.Answered)-maxAnswered):]
	return true
}

func (c *Customer) answered(order string) int {
	return slices.IndexFunc(c.Answered, func(a Answered) bool { return a.Order == order })
}

// ReadAnswers marks the shop's messages about an order as read, up to a time. They may have been read before
// they were noted. It reports whether it changed anything.
func (c *Customer) ReadAnswers(order string, until time.Time) bool {
	i := c.answered(order)
	if i >= 0 && !until.After(c.Answered[i].Read) {
		return false
	}
	if i < 0 {
		c.Answered = append(c.Answered, Answered{Order: order, Last: until, Read: until})
		c.Answered = c.Answered[max(0, len(c.Answered)-maxAnswered):]
		return true
	}
	c.Answered[i].Read = until
	return true
}

// UnreadOrders returns the numbers of the orders with unread messages from the shop, the latest last.
func (c Customer) UnreadOrders() []string {
	var numbers []string
	for _, a := range c.Answered {
		if a.unread() {
			numbers = append(numbers, a.Order)
		}
	}
	return numbers
}

// IsUnread reports whether the customer has not read the shop's message about an order. One that was not
// noted yet is unread; one that is not noted any more was read long ago.
func (c Customer) IsUnread(order string, at, now time.Time) bool {
	i := c.answered(order)
	if i < 0 {
		return now.Sub(at) <= answeredKept
	}
	return at.After(c.Answered[i].Read)
}

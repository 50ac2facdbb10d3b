package portal

import (
	"time"

	"postern/portal/address"
	"postern/storage"
)

// profileWire is the part of a customer that stands in the profile, as a feed sends it; null is left as it is.
type profileWire struct {
	Title     *string `json:"title"`
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
	BirthDate *string `json:"birth_date"`
	Phone     *string `json:"phone"`
	Language  *string `json:"language"`
}

// profile reads it. A telephone number that cannot be read is kept as it is: the shop's own records are not judged.
func (f *form) profile(w profileWire, now time.Time) profileWire {
	out := profileWire{
		Title:     f.optional("/title", w.Title, maxWord),
		FirstName: f.optional("/first_name", w.FirstName, maxName),
		LastName:  f.optional("/last_name", w.LastName, maxName),
		Phone:     f.optional("/phone", w.Phone, maxWord),
		Language:  f.optional("/language", w.Language, maxWord),
	}
	if w.BirthDate != nil {
		day := f.birthDate("/birth_date", *w.BirthDate, now)
		out.BirthDate = &day
	}
	if out.Phone != nil {
		if number, err := address.ParsePhone(*out.Phone, ""); err == nil {
			out.Phone = &number
		}
	}
	return out
}

func (f *form) optional(field string, value *string, most int) *string {
	if value == nil {
		return nil
	}
	text := f.text(field, *value, most)
	return &text
}

// write puts what was given into the customer; a form that shows another state is then out of date.
func (w profileWire) write(c *Customer) {
	before := c.profile()
	set(&c.Title, w.Title)
	set(&c.FirstName, w.FirstName)
	set(&c.LastName, w.LastName)
	set(&c.BirthDate, w.BirthDate)
	set(&c.Phone, w.Phone)
	set(&c.Language, w.Language)
	if c.profile() != before {
		c.ProfileVersion = storage.NewID()
	}
}

func set(field, value *string) {
	if value != nil {
		*field = *value
	}
}

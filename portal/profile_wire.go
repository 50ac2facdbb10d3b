package portal

import (
	"time"

	"postern/portal/address"
	"postern/portal/clean"
	"postern/storage"
)

// profileWire is the profile part of a customer as sent by a feed. null leaves a field unchanged.
type profileWire struct {
	Title     *string `json:"title"`
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
	BirthDate *string `json:"birth_date"`
	Phone     *string `json:"phone"`
	Language  *string `json:"language"`
}

// profile reads the fields of w. A phone number that cannot be parsed is kept as it is, because the shop's
// own records are not checked. An invalid date of birth, such as 0000-00-00, is dropped.
func (f *form) profile(w profileWire, now time.Time) profileWire {
	return profileWire{
		Title:     f.optional("/title", w.Title, maxWord),
		FirstName: f.optional("/first_name", w.FirstName, maxName),
		LastName:  f.optional("/last_name", w.LastName, maxName),
		BirthDate: f.fedBirthDate("/birth_date", w.BirthDate, now),
		Phone:     f.fedPhone("/phone", w.Phone),
		Language:  f.optional("/language", w.Language, maxWord),
	}
}

func (f *form) optional(field string, value *string, most int) *string {
	if value == nil {
		return nil
	}
	text := f.cut(field, *value, most)
	return &text
}

func (f *form) fedPhone(field string, value *string) *string {
	phone := f.optional(field, value, maxWord)
	if phone == nil {
		return nil
	}
	text := clean.Code(*phone)
	if number, err := address.ParsePhone(text, ""); err == nil {
		text = number
	}
	return &text
}

func (f *form) fedBirthDate(field string, value *string, now time.Time) *string {
	if value == nil {
		return nil
	}
	var judged form
	day := judged.birthDate(field, *value, now)
	if len(judged.faults) > 0 {
		f.warn(field, "birth_date.dropped")
		return nil
	}
	return &day
}

// write stores the given fields in the customer. If they change it, forms that show the earlier state
// become out of date.
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

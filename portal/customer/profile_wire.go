package customer

import (
	"time"

	"postern/portal/address"
	"postern/portal/clean"
	"postern/portal/validate"
	"postern/storage"
)

// ProfileWire is the profile part of a customer as sent by a feed. null leaves a field unchanged.
type ProfileWire struct {
	Title     *string `json:"title"`
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
	BirthDate *string `json:"birth_date"`
	Phone     *string `json:"phone"`
	Language  *string `json:"language"`
}

// ReadProfile reads the fields of w. A phone number that cannot be parsed is kept as it is, because the
// shop's own records are not checked. An invalid date of birth, such as 0000-00-00, is dropped.
func ReadProfile(f *validate.Validator, w ProfileWire, now time.Time) ProfileWire {
	return ProfileWire{
		Title:     f.Optional("/title", w.Title, validate.MaxWord),
		FirstName: f.Optional("/first_name", w.FirstName, validate.MaxName),
		LastName:  f.Optional("/last_name", w.LastName, validate.MaxName),
		BirthDate: readFedBirthDate(f, "/birth_date", w.BirthDate, now),
		Phone:     readFedPhone(f, "/phone", w.Phone),
		Language:  f.Optional("/language", w.Language, validate.MaxWord),
	}
}

func readFedPhone(f *validate.Validator, field string, value *string) *string {
	phone := f.Optional(field, value, validate.MaxWord)
	if phone == nil {
		return nil
	}
	text := clean.Code(*phone)
	if number, err := address.ParsePhone(text, ""); err == nil {
		text = number
	}
	return &text
}

func readFedBirthDate(f *validate.Validator, field string, value *string, now time.Time) *string {
	if value == nil {
		return nil
	}
	var judged validate.Validator
	day := ReadBirthDate(&judged, field, *value, now)
	if len(judged.Rejected) > 0 {
		f.Warn(field, "birth_date.dropped")
		return nil
	}
	return &day
}

// Write stores the given fields in the customer. If they change it, forms that show the earlier state
// become out of date.
func (w ProfileWire) Write(c *Customer) {
	before := c.Profile()
	Set(&c.Title, w.Title)
	Set(&c.FirstName, w.FirstName)
	Set(&c.LastName, w.LastName)
	Set(&c.BirthDate, w.BirthDate)
	Set(&c.Phone, w.Phone)
	Set(&c.Language, w.Language)
	if c.Profile() != before {
		c.ProfileVersion = storage.NewID()
	}
}

func Set(field, value *string) {
	if value != nil {
		*field = *value
	}
}

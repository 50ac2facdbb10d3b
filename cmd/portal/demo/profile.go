package demo

import "time"

// profileDoc is the demo shop system's record of a person, apart from the name.
type profileDoc struct {
	Title     string                `json:"title,omitempty"`
	BirthDate string                `json:"birth_date,omitempty"`
	Phone     string                `json:"phone,omitempty"`
	Consents  map[string]consentDoc `json:"consents,omitempty"`
}

type consentDoc struct {
	Status  string    `json:"status"`
	At      time.Time `json:"at"`
	Source  string    `json:"source"`
	Wording string    `json:"wording"`
}

// profileOf returns the profiles of two customers. Those of the others are empty, so that the demo shows
// empty pages too.
func profileOf(p Person, now time.Time) profileDoc {
	said := func(status string, daysAgo int, wording string) consentDoc {
		return consentDoc{Status: status, At: now.UTC().AddDate(0, 0, -daysAgo), Source: "checkout",
			Wording: wording}
	}
	switch p.id {
	case "c-1001":
		return profileDoc{Title: "Mgr.", BirthDate: "1987-04-12", Phone: "+421905123456",
			Consents: map[string]consentDoc{
				"newsletter":     said("given", 400, "Hájenka mi smie posielať newsletter e-mailom."),
				"partner_offers": said("given", 400, "Hájenka mi smie posielať ponuky partnerov e-mailom."),
			}}
	case "c-1003":
		return profileDoc{Title: "Ing.", Phone: "+421527724455", Consents: map[string]consentDoc{
			"newsletter": said("given", 12, "Hájenka mi smie posielať newsletter e-mailom."),
		}}
	}
	return profileDoc{}
}

// Package address handles postal addresses: which fields a country's form has and in which order, whether
// an address is possible in a country, how it is written on a parcel, and the names of the countries. It
// includes phone numbers, because reading them depends on the country.
//
// It must not know about customers, orders, requests, translations (it returns label keys, never labels) or
// storage.
package address

// Address is one postal address. After Normalise, texts are as the person wrote them apart from spacing,
// and Phone is E.164 if it can be parsed. Country is an ISO 3166-1 alpha-2 code. AdministrativeArea is one
// of the codes in Form's choices if the country has them, otherwise free text.
type Address struct {
	FirstName          string `bson:"first_name,omitempty" json:"first_name,omitempty"`
	LastName           string `bson:"last_name,omitempty" json:"last_name,omitempty"`
	Company            string `bson:"company,omitempty" json:"company,omitempty"`
	Line1              string `bson:"line1,omitempty" json:"line1,omitempty"`
	Line2              string `bson:"line2,omitempty" json:"line2,omitempty"`
	DependentLocality  string `bson:"dependent_locality,omitempty" json:"dependent_locality,omitempty"`
	City               string `bson:"city,omitempty" json:"city,omitempty"`
	AdministrativeArea string `bson:"administrative_area,omitempty" json:"administrative_area,omitempty"`
	PostalCode         string `bson:"postal_code,omitempty" json:"postal_code,omitempty"`
	SortingCode        string `bson:"sorting_code,omitempty" json:"sorting_code,omitempty"`
	Country            string `bson:"country,omitempty" json:"country,omitempty"`
	Phone              string `bson:"phone,omitempty" json:"phone,omitempty"`
}

// Name is the name of an Address field in JSON, in stored documents and in forms.
type Name string

// The fields of an Address.
const (
	FirstName          Name = "first_name"
	LastName           Name = "last_name"
	Company            Name = "company"
	Line1              Name = "line1"
	Line2              Name = "line2"
	DependentLocality  Name = "dependent_locality"
	City               Name = "city"
	AdministrativeArea Name = "administrative_area"
	PostalCode         Name = "postal_code"
	SortingCode        Name = "sorting_code"
	Country            Name = "country"
	Phone              Name = "phone"
)

// Names lists all fields in the order of the struct.
func Names() []Name {
	return []Name{FirstName, LastName, Company, Line1, Line2, DependentLocality, City,
		AdministrativeArea, PostalCode, SortingCode, Country, Phone}
}

// Get returns the text of a field, or "" for an unknown name.
func (a Address) Get(n Name) string {
	if p := a.field(n); p != nil {
		return *p
	}
	return ""
}

// Set sets the text of a field. It ignores an unknown name.
func (a *Address) Set(n Name, text string) {
	if p := a.field(n); p != nil {
		*p = text
	}
}

// IsZero reports whether all fields are empty.
func (a Address) IsZero() bool { return a == Address{} }

func (a *Address) field(n Name) *string {
	switch n {
	case FirstName:
		return &a.FirstName
	case LastName:
		return &a.LastName
	case Company:
		return &a.Company
	case Line1:
		return &a.Line1
	case Line2:
		return &a.Line2
	case DependentLocality:
		return &a.DependentLocality
	case City:
		return &a.City
	case AdministrativeArea:
		return &a.AdministrativeArea
	case PostalCode:
		return &a.PostalCode
	case SortingCode:
		return &a.SortingCode
	case Country:
		return &a.Country
	case Phone:
		return &a.Phone
	}
	return nil
}

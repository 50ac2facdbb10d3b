package address

import data "github.com/Boostport/address"

// Labels lists every label key that Form can return, and "country". A catalogue must translate all of them.
func Labels() []string {
	return []string{
		"first_name", "last_name", "company", "line1", "line2", "sorting_code", "phone", "country",
		"postal_code.postal_code", "postal_code.zip", "postal_code.eircode", "postal_code.pin",
		"city.city", "city.district", "city.post_town", "city.suburb",
		"area.area", "area.county", "area.department", "area.district", "area.do_si", "area.emirate",
		"area.island", "area.oblast", "area.parish", "area.prefecture", "area.province", "area.state",
		"locality.district", "locality.neighborhood", "locality.suburb", "locality.townland",
		"locality.village_township",
	}
}

// label returns the label key of a field: its own name, or a name that depends on the country's term for
// it.
func label(n Name, d data.CountryData) string {
	switch n {
	case PostalCode:
		return "postal_code." + called(d.PostCodeNameType)
	case City:
		return "city." + called(d.LocalityNameType)
	case AdministrativeArea:
		return "area." + called(d.AdministrativeAreaNameType)
	case DependentLocality:
		return "locality." + called(d.DependentLocalityNameType)
	}
	return string(n)
}

// called returns the second half of a label key for the library's term.
func called(t data.FieldName) string {
	words := map[data.FieldName]string{
		data.Area: "area", data.City: "city", data.County: "county", data.Department: "department",
		data.District: "district", data.DoSi: "do_si", data.Eircode: "eircode", data.Emirate: "emirate",
		data.Island: "island", data.Neighborhood: "neighborhood", data.Oblast: "oblast",
		data.PINCode: "pin", data.Parish: "parish", data.PostTown: "post_town",
		data.PostalCode: "postal_code", data.Prefecture: "prefecture", data.Province: "province",
		data.State: "state", data.Suburb: "suburb", data.Townland: "townland",
		data.VillageTownship: "village_township", data.ZipCode: "zip",
	}
	return words[t]
}

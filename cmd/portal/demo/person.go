package demo

import (
	"slices"

	"postern/portal/address"
	"postern/portal/customer"
)

// Person is a customer of the demo. Special describes what is unusual about the orders.
type Person struct {
	Email, Special string

	former                string // the email before Email, "" for none
	id, first, last, lang string // id is "" for a customer who only ordered as a guest
	company               customer.Company
	unlisted              bool // VIES does not know the company's VAT ID
	addresses             []address.Address
	orders                int
	largest               bool    // has manyOrders, which are loaded last
	years                 float64 // how many years the orders go back
	currency              string  // "" for the shop's currency
	scenario              func(g *orderGenerator, o *orderDoc, i int)
	episode               episode
}

// manyOrders is the number of orders of the largest customer.
const manyOrders = 10_000

// People returns the customers to sign in as.
func People() []Person {
	return slices.Concat(steadyPeople(), companies(), extremePeople(), oddPeople(), movingPeople())
}

func steadyPeople() []Person {
	return []Person{
		{
			Email:   "jana.kovacova@zakaznik.example",
			Special: "a regular customer: 70 orders, a birth date, consents given and withdrawn",
			id:      "c-1001", first: "Jana", last: "Kováčová", lang: "sk", orders: 70, years: 4,
			episode: episode{31 * day, unsubscribesPartners},
			addresses: []address.Address{
				{FirstName: "Jana", LastName: "Kováčová", Line1: "Štefánikova 27", City: "Košice",
					PostalCode: "040 01", Country: "SK", Phone: "+421905123456"},
				{FirstName: "Jana", LastName: "Kováčová", Company: "Materská škola Slniečko",
					Line1: "Pri potoku 4", City: "Prešov", PostalCode: "080 01", Country: "SK"},
			},
		},
		{
			Email: "nakup@velkosklad.example", Special: "10,000 orders, as fast as ten",
			id: "c-1002", largest: true, first: "Bohuslav", last: "Veľkonákupný", lang: "sk", years: 4,
			company: customer.Company{Name: "Veľkosklad Tatry, a. s.", Country: "SK",
				RegistrationNumber: "12345678"},
			addresses: []address.Address{{Company: "Veľkosklad Tatry, a. s.", FirstName: "Bohuslav",
				LastName: "Veľkonákupný", Line1: "Skladová 1", City: "Poprad", PostalCode: "058 01",
				Country: "SK"}},
		},
	}
}

// companies returns the customers that buy as a business.
func companies() []Person {
	return []Person{
		{
			Email:   "uctaren@zlatyklas.example",
			Special: "a company with a VAT ID that VIES confirms: invoices, coffee by weight",
			id:      "c-1003", first: "Žofia", last: "Šťastná", lang: "sk", orders: 32,
			years: 3, scenario: firm,
			company: customer.Company{Name: "Pekáreň Zlatý klas, s. r. o.", Country: "SK",
				RegistrationNumber: "36421928", TaxNumber: "1234567895", VATID: "SK1234567895"},
			addresses: []address.Address{{
				FirstName: "Žofia", LastName: "Šťastná", Company: "Pekáreň Zlatý klas, s. r. o.",
				Line1: "Námestie sv. Egídia 112/18", City: "Poprad", PostalCode: "058 01", Country: "SK",
				Phone: "+421527724455",
			}},
		},
		{
			Email: "einkauf@alpenblick.example", Special: "an Austrian company: reverse charge, German names",
			id: "c-1004", first: "Gisela", last: "Müller-Lüdenscheidt", lang: "en", orders: 24, years: 3,
			scenario: reverseCharge,
			company: customer.Company{Name: "Hotel Alpenblick Betriebsgesellschaft m.b.H. & Co. KG",
				Country: "AT", RegistrationNumber: "FN 123456a", VATID: "ATU12345675"},
			addresses: []address.Address{{
				FirstName: "Gisela", LastName: "Müller-Lüdenscheidt",
				Company: "Hotel Alpenblick Betriebsgesellschaft m.b.H. & Co. KG",
				Line1:   "Großglockner-Hochalpenstraße 7", City: "Fusch an der Großglocknerstraße",
				PostalCode: "5672", Country: "AT",
			}},
		},
	}
}

// extremePeople returns those with the longest names and orders, and with every status.
func extremePeople() []Person {
	return []Person{
		{
			Email: "freiherr@oberwald.example", Special: "very long names, and one order with 120 lines",
			id: "c-1005", first: "Karl-Theodor Maria Nikolaus",
			last: "Freiherr von und zu Oberwaldschmidtshausen-Niederbrunn", lang: "en", orders: 14, years: 2,
			scenario: longOrders,
			addresses: []address.Address{{
				FirstName: "Karl-Theodor Maria Nikolaus",
				LastName:  "Freiherr von und zu Oberwaldschmidtshausen-Niederbrunn",
				Line1:     "Rindfleischetikettierungsüberwachungsaufgabenweg 123a",
				Line2:     "Hinterhaus, vierter Stock links", City: "Schmedeswurtherwesterdeich",
				PostalCode: "25724", Country: "DE",
			}},
		},
		{
			Email: "vsetko@zakaznik.example", Special: "orders in every status, and in unknown ones",
			id: "c-1006", first: "Všetkovedka", last: "Príkladná", lang: "sk", orders: galleryOrders(),
			years: 0.2, scenario: gallery,
			addresses: []address.Address{{FirstName: "Všetkovedka", LastName: "Príkladná",
				Line1: "Ukážková 1", City: "Žilina", PostalCode: "010 01", Country: "SK"}},
		},
	}
}

func oddPeople() []Person {
	return []Person{
		{
			Email: "nova@zakaznik.example", Special: "new: an account without orders or addresses",
			id: "c-1007", first: "Nová", last: "Zákazníčka", lang: "sk",
		},
		{
			Email:   "peter.dobierka@zakaznik.example",
			Special: "unpaid orders: cash on delivery, bank transfer with a QR code, a payment link",
			id:      "c-1008", first: "Peter", last: "Dobierka", lang: "sk", orders: 21, years: 0.5,
			scenario: unpaid,
			addresses: []address.Address{{FirstName: "Peter", LastName: "Dobierka", Line1: "Čučoriedková 8",
				City: "Banská Bystrica", PostalCode: "974 11", Country: "SK"}},
		},
		{
			Email: "oliver.whitcombe@customer.example", Special: "English, in pounds, with downloads, some expired or used up",
			id: "c-1009", first: "Oliver", last: "Whitcombe", lang: "en", orders: 26, years: 4,
			currency: "GBP", scenario: digital,
			addresses: []address.Address{{FirstName: "Oliver", LastName: "Whitcombe",
				Line1: "221B Baker Street", City: "London", PostalCode: "NW1 6XE", Country: "GB",
				Phone: "+442079460958"}},
		},
		{
			Email:   "zuzana.ceresnova@zakaznik.example",
			Special: "pickup points, and orders in several parcels",
			id:      "c-1010", first: "Zuzana", last: "Čerešňová", lang: "sk", orders: 25, years: 1.5,
			scenario: parcels,
			addresses: []address.Address{{FirstName: "Zuzana", LastName: "Čerešňová", Line1: "Hlavná 3",
				City: "Trnava", PostalCode: "917 01", Country: "SK"}},
		},
		{
			Email:   "lubomir.durcansky@zakaznik.example",
			Special: "vouchers, sets, returns, refunds and a complaint",
			id:      "c-1011", first: "Ľubomír", last: "Ďurčanský", lang: "sk", orders: 30, years: 3,
			scenario: returns,
			addresses: []address.Address{{FirstName: "Ľubomír", LastName: "Ďurčanský",
				Line1: "Nábrežie arm. gen. L. Svobodu 15", City: "Bratislava", PostalCode: "811 02",
				Country: "SK"}},
		},
		{
			Email: "host@zakaznik.example", Special: "bought as a guest, in Czech crowns, three years ago",
			first: "Kryštof", last: "Řeřicha", lang: "en", orders: 6, years: 0.6, currency: "CZK",
			scenario: longAgo,
			addresses: []address.Address{{FirstName: "Kryštof", LastName: "Řeřicha", Line1: "Žižkova 12",
				City: "Hradec Králové", PostalCode: "500 02", Country: "CZ"}},
		},
	}
}

// movingPeople returns customers who have done something in their accounts, or are about to.
func movingPeople() []Person {
	return []Person{
		{
			Email:   "einkauf@waldholz.example",
			Special: "a German company: VIES does not answer about its VAT ID",
			id:      "c-1013", first: "Jürgen", last: "Größlhuber", lang: "en", orders: 7, years: 1,
			scenario: reverseCharge,
			company: customer.Company{Name: "Waldholz Größlhuber GmbH", Country: "DE",
				RegistrationNumber: "HRB 123456", VATID: "DE123456788"},
			addresses: []address.Address{{FirstName: "Jürgen", LastName: "Größlhuber",
				Company: "Waldholz Größlhuber GmbH", Line1: "Sägewerkstraße 9", City: "Freyung",
				PostalCode: "94078", Country: "DE"}},
		},
		{
			Email:   "biuro@lesnapolana.example",
			Special: "a Polish company with a VAT ID that VIES does not know",
			id:      "c-1014", first: "Małgorzata", last: "Wąsik-Żółć", lang: "en", orders: 5,
			years: 0.6, scenario: firm,
			company: customer.Company{Name: "Leśna Polana Sp. z o.o.", Country: "PL",
				VATID: "PL1234563218"}, unlisted: true,
			addresses: []address.Address{{FirstName: "Małgorzata", LastName: "Wąsik-Żółć",
				Company: "Leśna Polana Sp. z o.o.", Line1: "ul. Źródlana 5/7", City: "Łódź",
				PostalCode: "90-001", Country: "PL"}},
		},
		{
			Email:   "odstupuje@zakaznik.example",
			Special: "orders with and without a right of withdrawal; has sent a statement, a return request and a message",
			id:      "c-1015", first: "Alžbeta", last: "Rozmyslená", lang: "en", orders: len(regrets()),
			years: 0.2, scenario: regret,
			addresses: []address.Address{{FirstName: "Alžbeta", LastName: "Rozmyslená", Line1: "Spiatočná 14",
				City: "Nitra", PostalCode: "949 01", Country: "SK"}},
			episode: episode{day, withdraws},
		},
		{
			Email:   "eva.vydata@zakaznik.example",
			Special: "changed her email last week; the message to the old one can undo it",
			former:  "eva.slobodna@zakaznik.example",
			id:      "c-1016", first: "Eva", last: "Vydatá", lang: "en", orders: 9, years: 2,
			addresses: []address.Address{{FirstName: "Eva", LastName: "Vydatá", Line1: "Svadobná 2",
				City: "Trenčín", PostalCode: "911 01", Country: "SK"}},
			episode: episode{7 * day, movesAddress},
		},
		{
			Email:   "milan.odchadza@zakaznik.example",
			Special: "asked to delete the account three days ago; can still keep it",
			id:      "c-1017", first: "Milan", last: "Odchádza", lang: "en", orders: 8, years: 2,
			addresses: []address.Address{{FirstName: "Milan", LastName: "Odchádza", Line1: "Výpadová 31",
				City: "Senec", PostalCode: "903 01", Country: "SK"}},
			episode: episode{3 * day, wantsErasure},
		},
	}
}

// address returns the email in the shop's own records.
func (p Person) address() string {
	if p.former != "" {
		return p.former
	}
	return p.Email
}

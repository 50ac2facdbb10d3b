package customer

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postern/portal/address"
)

func listed(lang string, c Customer) Customer {
	c.ListForm, c.Email = ListForm(lang, "EUR"), strings.ToLower(c.Email)
	c.Settle(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	return c
}

func TestCustomersAreOrderedByNameAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	for lang, names := range map[string][]string{
		"sk": {"Adam", "Cibula", "Čermák", "Dudáš", "Hudák", "Chalupa", "Ivan", "Zeman", "Žiak"},
		"cs": {"Cibula", "Čermák", "Hudák", "Chalupa", "Rybář", "Říha", "Sova", "Šebek"},
		"de": {"Ahrens", "Ärmel", "Bach", "Müller", "Mullner", "Strasse", "Straße", "Zorn"},
		"pl": {"Lato", "Łapa", "Mak", "Sowa", "Śliwa", "Zima", "Źródło", "Żak"},
	} {
		var keys []string
		for _, name := range names {
			keys = append(keys, listed(lang, Customer{LastName: name, Email: "x@example.com"}).NameKey)
		}
		keys = append(keys, listed(lang, Customer{Email: "a@example.com"}).NameKey,
			listed(lang, Customer{Email: "B@example.com"}).NameKey)
		for i := range keys[1:] {
			if keys[i] >= keys[i+1] {
				t.Errorf("%s: number %d of %v is not before the next", lang, i, names)
			}
		}
	}
}

func TestACustomerIsFoundByWhatIsKnown(t *testing.T) {
	t.Parallel()
	c := listed("sk", Customer{
		FirstName: "Anna-Mária", LastName: "Čermáková", Email: "am.cermak+eshop@firma-sk.example", Phone: "+420777888999",
		Company:   Company{Name: "Łąka s. r. o.", RegistrationNumber: "00123456", VATID: "SK2020202020"},
		Addresses: []SavedAddress{{Address: address.Address{Phone: "+421905123456"}}},
	})
	for _, term := range strings.Fields("annamaria maria cermakova annamariacermakova cermakovaannamaria amcermakeshop cermak eshop " +
		"firmask sk 420777888999 777888999 421905123456 905123456 laka lakasro 00123456 123456 sk2020202020 2020202020") {
		if !slices.ContainsFunc(c.Terms, func(found string) bool { return strings.HasPrefix(found, term) }) {
			t.Errorf("%q finds nothing in %v", term, c.Terms)
		}
	}
	if slices.Contains(c.Terms, "example") || !slices.IsSorted(c.Terms) {
		t.Errorf("the terms are %v", c.Terms)
	}
}

func TestHostileNamesAreListed(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", " ", strings.Repeat("Ž", 200), strings.Repeat("e\u0301", 100), "محمد \u200fعلي", "👩‍👩‍👧",
		"\u202Eevil", "a\x00b", "<script>", strings.Repeat("a-", 100)} {
		c := listed("sk", Customer{FirstName: name, LastName: name, Email: "x@example.com",
			Company: Company{Name: name}})
		if c.NameKey == "" || len(c.NameKey) > maxNameKey+1 || len(c.Terms) > maxTerms ||
			len([]rune(c.List.Company)) > maxListCompany {
			t.Errorf("%q: key of %d, %d terms, company %q", name, len(c.NameKey), len(c.Terms), c.List.Company)
		}
		for _, term := range c.Terms {
			if len([]rune(term)) > 32 || term == "" {
				t.Errorf("%q has the term %q", name, term)
			}
		}
	}
}

func TestMarksAreWhatAMinorityHasInCommon(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := listed("sk", Customer{Language: "cs", Company: Company{Name: "Firma", Country: "CZ", VATID: "SK1234567895"},
		Consents: []Consent{{Purpose: Newsletter, Status: ConsentGiven, At: at}, {Purpose: PartnerOffers, Status: ConsentWithdrawn, At: at}}})
	want := []string{"country CZ", "language cs", "newsletter given", "vat unknown", "company yes", "guest yes"}
	if !slices.Equal(c.Marks, want) {
		t.Errorf("marks %q, want %q", c.Marks, want)
	}
	c.Registered = true
	if c.Settle(at); c.List.Guest || slices.Contains(c.Marks, "guest yes") {
		t.Error("a registered customer is listed as a guest")
	}
	c.Erasure.Begun = at
	if c.Settle(at); c.List != nil || c.NameKey != "" || c.Terms != nil || c.Marks != nil {
		t.Errorf("a customer whose erasure has begun is still listed: %+v", c.List)
	}
}

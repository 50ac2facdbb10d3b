package portal_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

// whole returns a complete profile as a customer types it.
func whole() customer.Profile {
	return customer.Profile{Title: " Ing. ", FirstName: "Jan", LastName: "Novák", BirthDate: "1980-05-31", Phone: "+421 905 123 456", Language: "sk"}
}

func TestProfileIsKept(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	saved, err := h.signIn(jan).SaveProfile(t.Context(), whole())
	if err != nil {
		t.Fatal(err)
	}
	want := whole()
	want.Title, want.Phone, want.Version = "Ing.", "+421905123456", saved.Version
	again := h.signIn(jan)
	if diff := cmp.Diff(want, again.Profile()); diff != "" || saved.Version == "" {
		t.Errorf("stored: %s", diff)
	}
	empty, err := again.SaveProfile(t.Context(), customer.Profile{Version: saved.Version})
	if diff := cmp.Diff(customer.Profile{Language: "sk", Version: empty.Version}, empty); diff != "" || err != nil {
		t.Errorf("emptied: %v %s", err, diff)
	}
}

// TestNamesOfEveryKind checks that names are stored complete and unchanged.
func TestNamesOfEveryKind(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	version := ""
	for name, text := range map[string]string{
		"200 characters":  strings.Repeat("ž", 200),
		"as long as any":  strings.Repeat("a", 500),
		"right to left":   "محمد بن عبد الله",
		"Hebrew and mark": "\u200fדוד\u200f בן",
		"combining":       "Z\u0308\u0323oe\u0301",
		"emoji":           "👩‍👩‍👧 Nováková 🇸🇰",
		"markup":          `<b>"O'Neil" & {{.}}</b>`,
		"only signs":      "−",
	} {
		t.Run(name, func(t *testing.T) {
			saved, err := h.signIn(jan).SaveProfile(t.Context(), customer.Profile{FirstName: text, LastName: text, Version: version})
			if err != nil || saved.FirstName != text || saved.LastName != text {
				t.Errorf("%q became %q: %v", text, saved.FirstName, err)
			}
			version = saved.Version
		})
		h.clock.Move(time.Hour)
	}
}

func TestBadProfiles(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	s := h.signIn(jan)
	tests := map[string]struct {
		change func(*customer.Profile)
		want   []string
	}{
		"birth tomorrow":      {func(p *customer.Profile) { p.BirthDate = "2026-11-22" }, []string{"birth_date birth_date.future"}},
		"birth in a century":  {func(p *customer.Profile) { p.BirthDate = "2126-01-01" }, []string{"birth_date birth_date.future"}},
		"birth before 1900":   {func(p *customer.Profile) { p.BirthDate = "1899-12-31" }, []string{"birth_date birth_date.early"}},
		"30 February":         {func(p *customer.Profile) { p.BirthDate = "1980-02-30" }, []string{"birth_date period.date"}},
		"29 February of 1900": {func(p *customer.Profile) { p.BirthDate = "1900-02-29" }, []string{"birth_date period.date"}},
		"as it is spoken":     {func(p *customer.Profile) { p.BirthDate = "31. 5. 1980" }, []string{"birth_date birth_date.form"}},
		"a long year":         {func(p *customer.Profile) { p.BirthDate = "12026-01-01" }, []string{"birth_date birth_date.form"}},
		"other digits":        {func(p *customer.Profile) { p.BirthDate = "١٩٨٠-٠٥-٣١" }, []string{"birth_date birth_date.form"}},
		"names too long": {func(p *customer.Profile) {
			p.FirstName, p.LastName = strings.Repeat("x", 501), strings.Repeat("😀", 501)
		},
			[]string{"first_name text.long", "last_name text.long"}},
		"broken text":             {func(p *customer.Profile) { p.FirstName = "J\xff" }, []string{"first_name text.control"}},
		"no telephone number":     {func(p *customer.Profile) { p.Phone = "ask me" }, []string{"phone address.phone_words"}},
		"no country code":         {func(p *customer.Profile) { p.Phone = "0905 123 456" }, []string{"phone address.phone"}},
		"too long a number":       {func(p *customer.Profile) { p.Phone = "+4219051234561234567" }, []string{"phone address.phone"}},
		"language nobody offers":  {func(p *customer.Profile) { p.Language = "tlh" }, []string{"language language.offered"}},
		"all that is wrong, once": {func(p *customer.Profile) { p.BirthDate, p.Phone = "x", "x" }, []string{"birth_date birth_date.form", "phone address.phone_words"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			wrong := whole()
			test.change(&wrong)
			_, err := s.SaveProfile(t.Context(), wrong)
			if diff := cmp.Diff(test.want, fieldErrorsOf(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := h.signIn(jan).Profile(); got.FirstName != "" || got.Version != "" {
		t.Errorf("something was saved: %+v", got)
	}
}

// TestBornToday checks that "today" is the shop's date, not the server's. It is 23:30 in London and half
// past midnight in Bratislava.
func TestBornToday(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.clock.Move(13*time.Hour + 30*time.Minute)
	s := h.signIn(jan)
	if _, err := s.SaveProfile(t.Context(), customer.Profile{BirthDate: "2026-11-22"}); err != nil {
		t.Errorf("today: %v", err)
	}
	if _, err := s.SaveProfile(t.Context(), customer.Profile{BirthDate: "2026-11-23"}); validate.KindOf(err) != validate.Invalid {
		t.Errorf("tomorrow: %v", err)
	}
}

// TestPhoneAtHome checks that a number without a country code is read as dialled in the customer's home
// country.
func TestPhoneAtHome(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	if _, err := h.signIn(jan).SaveAddress(t.Context(), home()); err != nil {
		t.Fatal(err)
	}
	saved, err := h.signIn(jan).SaveProfile(t.Context(), customer.Profile{Phone: "0905 123 456"})
	if err != nil || saved.Phone != "+421905123456" {
		t.Errorf("%q, %v", saved.Phone, err)
	}
}

// TestTwoTabsSaveOneProfile checks that when several tabs showing the same version save at once, one
// succeeds and the others report a conflict, and that a language changed elsewhere also causes a conflict.
func TestTwoTabsSaveOneProfile(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	s := h.signIn(jan)
	var saved, told atomic.Int32
	var wait sync.WaitGroup
	for n := range 20 {
		wait.Go(func() {
			profile := whole()
			profile.FirstName = fmt.Sprintf("Jan %c", 'A'+n)
			switch _, err := s.SaveProfile(t.Context(), profile); {
			case err == nil:
				saved.Add(1)
			case validate.KindOf(err) == validate.Conflict:
				told.Add(1)
			}
		})
	}
	wait.Wait()
	if saved.Load() != 1 || told.Load() != 19 {
		t.Errorf("%d saved, %d were told", saved.Load(), told.Load())
	}
	shown := h.signIn(jan).Profile()
	if err := s.SetLanguage(t.Context(), "de"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveProfile(t.Context(), shown); validate.KindOf(err) != validate.Conflict {
		t.Errorf("after the language was changed elsewhere: %v", err)
	}
}

// TestProfileIsCleanedOfWhatCannotBeSeen checks that a name pasted from a document or a contact is accepted
// without its invisible characters.
func TestProfileIsCleanedOfWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	pasted := whole()
	pasted.FirstName, pasted.LastName = "\u202aJan\u202c", "Nov\u200bák\ufeff"
	pasted.Phone = "\u202a+421 905 123 456\u202c"
	saved, err := h.signIn(jan).SaveProfile(t.Context(), pasted)
	if err != nil || saved.FirstName != "Jan" || saved.LastName != "Novák" || saved.Phone != "+421905123456" {
		t.Errorf("%+v, %v", saved, err)
	}
}

func TestProfileByFeed(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	long := strings.Repeat("ň", 200)
	body := `{"email":"jan@example.com","title":"Mgr.","first_name":"` + long + `","last_name":"Novák","birth_date":"1980-05-31",` +
		`"phone":"00421 905 / 123 456","updated_at":"2026-01-01T00:00:00Z"}`
	if receipt, err := feed.PutCustomer(t.Context(), "77", []byte(body)); err != nil || receipt.Outcome != order.Created {
		t.Fatalf("%s, %v", receipt.Outcome, err)
	}
	got, err := feed.Customer(t.Context(), "77")
	if err != nil || got.Title != "Mgr." || got.FirstName != long || got.BirthDate != "1980-05-31" || got.Phone != "00421 905 / 123 456" {
		t.Errorf("read back: %+v, %v", got, err)
	}
	s := h.signIn(jan)
	shown := s.Profile()
	if shown.LastName = "Nový"; shown.Version == "" {
		t.Error("what a feed wrote has no version")
	}
	if saved, err := s.SaveProfile(t.Context(), shown); err != nil || saved.Phone != got.Phone {
		t.Errorf("a number that the shop knows stands in the way: %+v, %v", saved, err)
	}
	_, err = feed.PutCustomer(t.Context(), "77", []byte(`{"phone":421905123456,"updated_at":"2026-11-21T10:00:00Z"}`))
	if diff := cmp.Diff([]string{"/phone json.type"}, fieldErrorsOf(err)); diff != "" {
		t.Error(diff)
	}
	cleared := `{"birth_date":"","phone":"+421 905 123 457","updated_at":"2026-11-21T10:00:00Z"}`
	if receipt, err := feed.PutCustomer(t.Context(), "77", []byte(cleared)); err != nil || receipt.Outcome != order.Updated {
		t.Fatalf("%s, %v", receipt.Outcome, err)
	}
	if got, _ = feed.Customer(t.Context(), "77"); got.BirthDate != "" || got.Phone != "+421905123457" || got.Title != "Mgr." {
		t.Errorf("cleared: %+v", got)
	}
}

// TestEveryValueOfACustomerIsDecided checks that a customer is refused with a reason for a bad value in an
// essential member, but never for one in a decorative member.
func TestEveryValueOfACustomerIsDecided(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	address := func(member string) string { return `"addresses":[{"id":"1","last_name":"Nová",` + member + `}]` }
	home := func(r customer.Record) string { return r.Addresses[0].Line1 + "|" + r.Addresses[0].Country }
	company := func(r customer.Record) string {
		return r.Company.Name + "|" + r.Company.Country + "|" + r.Company.VATID
	}
	birth := func(r customer.Record) string { return r.BirthDate }
	tests := []struct {
		name, members, refuse, warn string
		keeps                       string
		shown                       func(customer.Record) string
	}{
		{name: "no birth date", members: `"birth_date":"0000-00-00"`, warn: "/birth_date birth_date.dropped", shown: birth},
		{name: "birth date in the future", members: `"birth_date":"2999-01-01"`, warn: "/birth_date birth_date.dropped", shown: birth},
		{name: "birth date as it is spoken", members: `"birth_date":"31.5.1980"`, warn: "/birth_date birth_date.dropped", shown: birth},
		{name: "no VAT ID", members: `"company":{"name":"Kvet","country":"SVK","vat_id":"N/A"}`, warn: "/company/vat_id vat.dropped", keeps: "Kvet|SK|", shown: company},
		{name: "VAT ID of nothing", members: `"company":{"name":"Kvet","vat_id":"-"}`, warn: "/company/vat_id vat.dropped", keeps: "Kvet||", shown: company},
		{name: "wrong VAT ID", members: `"company":{"country":"SK","vat_id":"SK1"}`, refuse: "/company/vat_id vat.format"},
		{name: "country of a company", members: `"company":{"name":"Kvet","country":"Narnia"}`, warn: "/company/country address.country_dropped", keeps: "Kvet||", shown: company},
		{name: "name of a company", members: `"company":{"name":"Kvet\u0092s"}`, warn: "/company/name text.cleaned", keeps: "Kvet’s||", shown: company},
		{name: "number of a company", members: `"company":{"registration_number":"` + strings.Repeat("1", 101) + `"}`, warn: "/company/registration_number text.cut"},
		{name: "tax number", members: `"company":{"tax_number":"1\u200b2"}`, warn: "/company/tax_number text.cleaned"},
		{name: "title", members: `"title":"Ing.\nDr."`, warn: "/title text.cleaned", keeps: "Ing. Dr.", shown: func(r customer.Record) string { return r.Title }},
		{name: "first name", members: `"first_name":"\u202aJana\u202c"`, warn: "/first_name text.cleaned", keeps: "Jana", shown: func(r customer.Record) string { return r.FirstName }},
		{name: "last name", members: `"last_name":"` + strings.Repeat("x", 501) + `"`, warn: "/last_name text.cut", keeps: strings.Repeat("x", 499) + "…", shown: func(r customer.Record) string { return r.LastName }},
		{name: "words beside the phone", members: `"phone":"030 123456 privat"`, keeps: "030 123456 privat", shown: func(r customer.Record) string { return r.Phone }},
		{name: "marks around the phone", members: `"phone":"\u202a+421 905 123 456\u202c"`, warn: "/phone text.cleaned", keeps: "+421905123456", shown: func(r customer.Record) string { return r.Phone }},
		{name: "no address", members: `"addresses":[{"id":"1"}]`, warn: "/addresses/0 address.empty_dropped"},
		{name: "country of an address", members: address(`"line1":"a","country":"el"`), keeps: "a|GR", shown: home},
		{name: "country that is none", members: address(`"line1":"a","country":"Narnia"`), warn: "/addresses/0/country address.country_kept", keeps: "a|Narnia", shown: home},
		{name: "two streets", members: address(`"line1":"a\nb"`), warn: "/addresses/0/line1 address.street_split", keeps: "a|", shown: home},
		{name: "id of an address", members: `"addresses":[{"id":"1\n2","last_name":"Nová"}]`, refuse: "/addresses/0/id text.control"},
		{name: "no email", members: `"email":"N/A"`, refuse: "/email email.form"},
		{name: "consent", members: `"consents":{"newsletter":{"status":"yes","at":"2026-01-01T00:00:00Z"}}`, refuse: "/consents/newsletter/status consent.status"},
		{name: "source of a consent", members: `"consents":{"newsletter":{"status":"given","at":"2026-01-01T00:00:00Z","source":"a\tb"}}`, warn: "/consents/newsletter/source text.cleaned"},
	}
	for i, test := range tests {
		id := fmt.Sprint(1000 + i)
		body := fmt.Sprintf(`{"email":"c%s@example.com",%s,"updated_at":"2026-01-01T00:00:00Z"}`, id, test.members)
		if strings.HasPrefix(test.members, `"email"`) {
			body = fmt.Sprintf(`{%s,"updated_at":"2026-01-01T00:00:00Z"}`, test.members)
		}
		receipt, err := feed.PutCustomer(t.Context(), id, []byte(body))
		var said []string
		for _, warning := range receipt.Warnings {
			said = append(said, warning.Field+" "+warning.Key)
		}
		if got := strings.Join(fieldErrorsOf(err), ", "); got != test.refuse {
			t.Errorf("%s: refused with %q, %v", test.name, got, err)
			continue
		}
		if got := strings.Join(said, ", "); got != test.warn {
			t.Errorf("%s: warns %q", test.name, got)
		}
		if test.shown == nil {
			continue
		}
		if record, err := feed.Customer(t.Context(), id); err != nil || test.shown(record) != test.keeps {
			t.Errorf("%s: %q, %v", test.name, test.shown(record), err)
		}
	}
}

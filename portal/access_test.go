package portal

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/job"
	"postern/portal/secret/secrettest"
	"postern/storage/storagetest"
)

// noon is the current time in tests of access documents.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// linked returns a request, made at the given time by the browser "asker", that has a link and a code.
func linked(id string, at time.Time) request {
	return request{
		ID: id, Entry: "entry " + id, Link: hashOf(id), Code: codeHash(id, "ABCDEFGH"), CodeUntil: at.Add(codeLife),
		Browser: "asker", Destination: "/" + id, MadeAt: at, Until: at.Add(14 * 24 * time.Hour),
	}
}

// coded returns a request that has only a code.
func coded(id string, at time.Time) request {
	r := linked(id, at)
	r.Link = ""
	return r
}

func idsOf(list []request) string {
	ids := ""
	for _, r := range list {
		ids += r.ID
		if r.Link != "" {
			ids += "+link"
		}
		ids += " "
	}
	return ids
}

func TestTidy(t *testing.T) {
	t.Parallel()
	const day, tick = 24 * time.Hour, time.Millisecond
	fresh := func() *access {
		return &access{
			Requests: []request{linked("a", noon()), coded("b", noon()), linked("c", noon().Add(day))},
			Dead:     []ended{{Link: "old", How: LinkUsed, At: noon()}},
			Sessions: []session{{Hash: "s", SignedInAt: noon(), SeenAt: noon()}},
		}
	}
	tests := []struct {
		name           string
		at             time.Time
		requests, dead string
		sessions       int
	}{
		{"at once", noon(), "a+link b c+link ", "[old used]", 1},
		{"before the code's end", noon().Add(codeLife - tick), "a+link b c+link ", "[old used]", 1},
		{"at the code's end", noon().Add(codeLife), "a+link c+link ", "[old used]", 1},
		{"before the link's end", noon().Add(14*day - tick), "a+link c+link ", "[old used]", 1},
		{"at the link's end", noon().Add(14 * day), "c+link ", "[old used a expired]", 0},
		{"when the dead are remembered still", noon().Add(30 * day), "", "[old used a expired c expired]", 0},
		{"when they are forgotten", noon().Add(30*day + tick), "", "[a expired c expired]", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := fresh()
			a.tidy(test.at)
			if got := idsOf(a.Requests); got != test.requests {
				t.Errorf("requests %s", got)
			}
			var dead []string
			for _, e := range a.Dead {
				for _, id := range []string{"a", "c"} {
					if e.Link == hashOf(id) {
						e.Link = id
					}
				}
				dead = append(dead, e.Link+" "+string(e.How))
				if e.Link == "a" && !e.At.Equal(noon().Add(14*day)) {
					t.Errorf("a ended at %s", e.At)
				}
			}
			if got := fmt.Sprint(dead); got != test.dead {
				t.Errorf("dead %s", got)
			}
			if len(a.Sessions) != test.sessions {
				t.Errorf("%d sessions", len(a.Sessions))
			}
		})
	}
}

func TestDeadAreBounded(t *testing.T) {
	t.Parallel()
	a := &access{}
	for i := range 25 {
		a.bury(linked(fmt.Sprint(i), noon()), LinkUsed, noon())
		a.bury(coded(fmt.Sprint(i), noon()), LinkUsed, noon())
	}
	if len(a.Dead) != 20 || a.Dead[0].Link != hashOf("5") || a.Dead[19].Link != hashOf("24") {
		t.Errorf("%d dead: %v", len(a.Dead), a.Dead)
	}
}

func TestLiveAndFate(t *testing.T) {
	t.Parallel()
	end := noon().Add(14 * 24 * time.Hour)
	a := &access{
		Requests: []request{coded("b", noon()), linked("a", noon()), linked("z", noon())},
		Dead:     []ended{{Link: hashOf("u"), How: LinkUsed, At: noon()}, {Link: hashOf("r"), How: LinkReplaced, At: noon()}},
	}
	tests := []struct {
		name, link string
		at         time.Time
		live       string
		fate       ended
	}{
		{"live", hashOf("a"), noon(), "a", ended{How: LinkDamaged}},
		{"the other", hashOf("z"), noon(), "z", ended{How: LinkDamaged}},
		{"a moment before its end", hashOf("a"), end.Add(-time.Millisecond), "a", ended{How: LinkDamaged}},
		{"at its end", hashOf("a"), end, "", ended{Link: hashOf("a"), How: LinkExpired, At: end, Destination: "/a"}},
		{"long past its end", hashOf("a"), end.Add(time.Hour), "", ended{Link: hashOf("a"), How: LinkExpired, At: end, Destination: "/a"}},
		{"used", hashOf("u"), noon(), "", a.Dead[0]},
		{"replaced", hashOf("r"), end, "", a.Dead[1]},
		{"never sent", hashOf("x"), end, "", ended{How: LinkDamaged}},
		{"none", "", end, "", ended{How: LinkDamaged}},
		{"none, of a request without", "", noon(), "", ended{How: LinkDamaged}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, ok := a.live(test.link, test.at)
			if r.ID != test.live || ok != (test.live != "") {
				t.Errorf("live: %q, %v", r.ID, ok)
			}
			if diff := cmp.Diff(test.fate, a.fate(test.link, test.at)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAddKeepsFiveLinks(t *testing.T) {
	t.Parallel()
	a := &access{}
	for i := range 5 {
		if !a.add(linked(fmt.Sprint(i), noon())) {
			t.Errorf("link %d is left out", i)
		}
	}
	five := "0+link 1+link 2+link 3+link 4+link "
	for i, want := range []string{"5 ", "5 6 ", "5 6 7 ", "6 7 8 "} {
		if a.add(linked(fmt.Sprint(5+i), noon())) {
			t.Errorf("a sixth link at %d", i)
		}
		if got := idsOf(a.Requests); got != five+want {
			t.Errorf("requests %s, want %s", got, five+want)
		}
	}
	bare := linked("9", noon())
	bare.Code = ""
	if a.add(bare) || idsOf(a.Requests) != five+"6 7 8 " {
		t.Errorf("a request with neither link nor code changes the list: %s", idsOf(a.Requests))
	}
	a.withdraw("entry 2")
	if !a.add(bare) || idsOf(a.Requests) != "0+link 1+link 3+link 4+link 6 7 8 9+link " {
		t.Errorf("a place for a link: %s", idsOf(a.Requests))
	}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	now := noon().Add(time.Hour)
	a := &access{Requests: []request{linked("a", noon()), coded("b", noon()), linked("c", noon())}}
	for i := range 20 { // last used first, so that the list is not in order of use
		a.Sessions = append(a.Sessions, session{Hash: fmt.Sprint("s", i), SignedInAt: noon(), SeenAt: noon().Add(-time.Duration(i) * time.Minute)})
		a.Browsers = append(a.Browsers, browser{Hash: fmt.Sprint("b", i), SeenAt: noon()})
	}
	a.admit(a.Requests[2], session{Hash: "new", SignedInAt: now, SeenAt: now}, "b3")
	if len(a.Requests) != 0 {
		t.Errorf("left: %s", idsOf(a.Requests))
	}
	want := []ended{
		{Link: hashOf("a"), How: LinkReplaced, At: now, Destination: "/a"}, {Link: hashOf("c"), How: LinkUsed, At: now, Destination: "/c"},
	}
	if diff := cmp.Diff(want, a.Dead); diff != "" {
		t.Error(diff)
	}
	hashes := map[string]bool{}
	for _, s := range a.Sessions {
		hashes[s.Hash] = true
	}
	if len(a.Sessions) != 20 || !hashes["new"] || hashes["s19"] || !hashes["s0"] {
		t.Errorf("sessions %v", a.Sessions)
	}
	if len(a.Browsers) != 20 || a.Browsers[19] != (browser{Hash: "b3", SeenAt: now}) || a.Browsers[0].Hash != "b0" || a.Browsers[3].Hash != "b4" {
		t.Errorf("browsers %v", a.Browsers)
	}
	a.admit(coded("d", now), session{Hash: "newer", SignedInAt: now, SeenAt: now}, "another")
	if len(a.Browsers) != 20 || a.Browsers[0].Hash != "b1" || a.Browsers[19].Hash != "another" || len(a.Dead) != 2 {
		t.Errorf("browsers %v, dead %v", a.Browsers, a.Dead)
	}
}

func TestAdmitKeepsTwentySessions(t *testing.T) {
	t.Parallel()
	a := &access{}
	for i := range 21 {
		if len(a.Sessions) != i {
			t.Fatalf("%d sessions after %d", len(a.Sessions), i)
		}
		if i == 20 {
			break
		}
		a.admit(coded("x", noon()), session{Hash: fmt.Sprint(i), SignedInAt: noon(), SeenAt: noon()}, "same")
	}
	if len(a.Browsers) != 1 {
		t.Errorf("one browser stands there %d times", len(a.Browsers))
	}
}

func TestAnnounce(t *testing.T) {
	t.Parallel()
	s := session{Hash: "s", Device: "Firefox, Linux", Network: "192.0.2.0/24", SignedInAt: noon(), SeenAt: noon()}
	tests := []struct {
		name, browser string
		age           time.Duration
		told          bool
	}{
		{"known, a link of a day", "known", 24 * time.Hour, false},
		{"known, an older link", "known", 24*time.Hour + time.Millisecond, true},
		{"strange", "strange", 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := &access{Browsers: []browser{{Hash: "other"}, {Hash: "known"}}}
			a.announce(linked("r", noon().Add(-test.age)), s, test.browser)
			if len(a.Work.Jobs) == 1 != test.told {
				t.Fatalf("jobs %v", a.Work.Jobs)
			}
			want := job.Args{"request": "r", "device": s.Device, "network": s.Network, "lang": ""}
			if test.told && (!maps.Equal(a.Work.Jobs[0].Args, want) || !a.Work.Jobs[0].At.Equal(noon())) {
				t.Errorf("notice %+v", a.Work.Jobs[0])
			}
		})
	}
	a := &access{}
	for i := range 25 {
		a.announce(linked(fmt.Sprint(i), noon()), s, "strange")
	}
	if len(a.Work.Jobs) != 20 {
		t.Errorf("%d notices", len(a.Work.Jobs))
	}
}

func TestMatchCode(t *testing.T) {
	t.Parallel()
	a := &access{Requests: []request{linked("a", noon()), coded("b", noon()), linked("other", noon()), linked("bare", noon())}}
	a.Requests[2].Browser, a.Requests[3].Code = "another", ""
	last := noon().Add(codeLife - time.Millisecond)
	for _, test := range []struct {
		name, browser, code string
		at                  time.Time
		want                string
	}{
		{"right", "asker", "ABCDEFGH", last, "a"}, {"late", "asker", "ABCDEFGH", noon().Add(codeLife), ""}, {"wrong", "asker", "ABCDEFGJ", last, ""},
		{"another browser's", "another", "ABCDEFGH", last, "other"}, {"no browser", "", "ABCDEFGH", last, ""}, {"a stranger", "x", "ABCDEFGH", last, ""},
	} {
		if r, ok := a.matchCode(test.browser, test.code, tally{present: 1}, test.at); r.ID != test.want || ok != (test.want != "") {
			t.Errorf("%s: %q, %v", test.name, r.ID, ok)
		}
	}
	for tried, want := range map[int64]string{5: "a", 6: "b", 7: "b", 8: ""} { // b was made after two tries
		a.Requests[1].Mark, a.Requests[1].Code = mark{N: 2}, codeHash("b", "ABCDEFGH")
		if r, _ := a.matchCode("asker", "ABCDEFGH", tally{present: tried}, last); r.ID != want {
			t.Errorf("try %d: %q, want %q", tried, r.ID, want)
		}
	}
}

func TestSessionLives(t *testing.T) {
	t.Parallel()
	a := &access{Sessions: []session{{Hash: "one", SignedInAt: noon(), SeenAt: noon()}, {Hash: "two", SignedInAt: noon(), SeenAt: noon().Add(20 * 24 * time.Hour)}}}
	idle, absolute := noon().Add(14*24*time.Hour), noon().Add(30*24*time.Hour)
	for _, test := range []struct {
		hash string
		at   time.Time
		live bool
	}{
		{"one", noon(), true}, {"one", idle.Add(-time.Second), true}, {"one", idle, false}, {"two", absolute.Add(-time.Second), true}, {"two", absolute, false},
		{"three", noon(), false}, {"", noon(), false},
	} {
		if s, live := a.session(test.hash, test.at); live != test.live || live && s.Hash != test.hash {
			t.Errorf("%s at %s: %v", test.hash, test.at, live)
		}
	}
}

// TestClientNetwork checks that a client is identified by its IPv4 address or its IPv6 /64, in any
// notation.
func TestClientNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7": "192.0.2.7/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:3::1": "2001:db8:1:3::/64", "": "",
	} {
		ip, _ := netip.ParseAddr(address)
		if got := clientNetwork(ip); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

func TestCodesAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ABCD-EFGH": "ABCDEFGH", "abcd efgh": "ABCDEFGH", "ABCD\u00a0EFGH": "ABCDEFGH", "ABCD\u2013EFGH": "ABCDEFGH", "oO0i-lLI1": "00011111",
		"Code: ABCD-EFGH": "ABCDEFGH", "Váš kód: abcd-efgh.": "ABCDEFGH", "ＡＢＣＤ－ＥＦＧＨ": "ABCDEFGH", "code：ABCDEFGH": "ABCDEFGH",
		"\u200bABCD\u2060-\ufeffEFGH\u200f": "ABCDEFGH", "AB\u00adCD-EFGH": "ABCDEFGH", "“ABCD−EFGH”": "ABCDEFGH", "(ABCD EFGH)": "ABCDEFGH",
		"Your code is ABCD-EFGH and works for ten minutes": "ABCDEFGH", "Code: ABCD-EFGH (10 min)": "ABCDEFGH", "ABCD\r\nEFGH\t": "ABCDEFGH",
		"ABCD-EFGH or JKMN-PQRS": "", "sentence of words": "", "Code:": "", strings.Repeat("A", 5000): "",
		"ABCDEFG": "", "ABCDEFGHJ": "", "": "", "ÁBCDEFGH": "", "ABCD{FGH": "", "--------": "",
	} {
		if got := normaliseCode(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestTokensTellShopsAndAddressesApart checks that access ids, session cookies and codes change with each
// of their inputs.
func TestTokensTellShopsAndAddressesApart(t *testing.T) {
	t.Parallel()
	app := New(nil, secrettest.Ring())
	a, b := newToken(app.accessID("a", "jan@example.com")), newToken(app.accessID("a", "jan@example.com"))
	session := func(t token, secret string) string {
		s, _ := t.session(secret)
		return s.String()
	}
	other := token{access: app.accessID("b", "jan@example.com"), secret: a.secret}
	forms := []string{
		app.accessID("a", "jan@example.com"), app.accessID("b", "jan@example.com"), app.accessID("a", "eva@example.com"), app.accessID("ajan", "@example.com"),
		a.String(), b.String(), other.String(), session(a, "one"), session(a, "two"), session(b, "one"), a.hash(), b.hash(),
		codeHash("1", "ABCDEFGH"), codeHash("2", "ABCDEFGH"), codeHash("1", "ABCDEFGJ"), hashOf("ABCDEFGH"),
	}
	slices.Sort(forms)
	if unlike := len(slices.Compact(slices.Clone(forms))); unlike != len(forms) {
		t.Errorf("%d of %d are unlike", unlike, len(forms))
	}
	half := a
	half.secret[31] ^= 1
	if half.hash() == a.hash() || session(half, "one") == session(a, "one") {
		t.Error("the last byte of the secret does not count")
	}
	if again := session(a, "one"); !slices.Contains(forms, again) {
		t.Error("the same browser gets another session")
	}
}

// TestTouch checks that the later of two uses of a session is kept, whatever the order of writing, and that
// neither another session nor one that has ended in between is changed.
func TestTouch(t *testing.T) {
	t.Parallel()
	a := New(storagetest.Open(t, Collections()...), secrettest.Ring())
	ctx, docs, key := t.Context(), a.accessDocs("main"), a.accessID("main", "")
	first, second := session{Hash: "first", SignedInAt: noon(), SeenAt: noon()}, session{Hash: "second", SignedInAt: noon(), SeenAt: noon()}
	if err := docs.Insert(ctx, key, access{Sessions: []session{first, second}}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		of session
		at time.Duration
	}{{second, 20 * time.Minute}, {second, 10 * time.Minute}, {session{Hash: "ended"}, time.Hour}} {
		s := Shopper{app: a, shop: Shop{ID: "main"}, access: key, session: step.of}
		if err := s.touch(ctx, noon().Add(step.at)); err != nil {
			t.Errorf("%s after %s: %v", step.of.Hash, step.at, err)
		}
	}
	doc, _, err := docs.Get(ctx, key)
	if err != nil || !doc.Sessions[0].SeenAt.Equal(noon()) || !doc.Sessions[1].SeenAt.Equal(noon().Add(20*time.Minute)) {
		t.Errorf("%+v, %v", doc.Sessions, err)
	}
}

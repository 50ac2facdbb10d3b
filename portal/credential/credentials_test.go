package credential

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/job"
	"postern/portal/secret"
)

// noon is the current time in tests of credentials documents.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// linked returns a request, made at the given time by the browser "asker", that has a link and a code.
func linked(id string, at time.Time) Request {
	return Request{
		ID: id, Entry: "entry " + id, Link: secret.Hash(id), Code: CodeHash(id, "ABCDEFGH"),
		CodeUntil: at.Add(CodeLife),
		Browser:   "asker", Destination: "/" + id, MadeAt: at, Until: at.Add(14 * 24 * time.Hour),
	}
}

// coded returns a request that has only a code.
func coded(id string, at time.Time) Request {
	r := linked(id, at)
	r.Link = ""
	return r
}

func idsOf(list []Request) string {
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
	fresh := func() *Credentials {
		return &Credentials{
			Requests: []Request{linked("a", noon()), coded("b", noon()), linked("c", noon().Add(day))},
			Dead:     []DeadLink{{Link: "old", How: LinkUsed, At: noon()}},
			Sessions: []Session{{Hash: "s", SignedInAt: noon(), SeenAt: noon()}},
		}
	}
	tests := []struct {
		name           string
		at             time.Time
		requests, dead string
		sessions       int
	}{
		{"at once", noon(), "a+link b c+link ", "[old used]", 1},
		{"before the code's end", noon().Add(CodeLife - tick), "a+link b c+link ", "[old used]", 1},
		{"at the code's end", noon().Add(CodeLife), "a+link c+link ", "[old used]", 1},
		{"before the link's end", noon().Add(14*day - tick), "a+link c+link ", "[old used]", 1},
		{"at the link's end", noon().Add(14 * day), "c+link ", "[old used a expired]", 0},
		{"when the dead are remembered still", noon().Add(30 * day), "", "[old used a expired c expired]", 0},
		{"when they are forgotten", noon().Add(30*day + tick), "", "[a expired c expired]", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			a := fresh()
			a.PruneExpired(test.at)
			if got := idsOf(a.Requests); got != test.requests {
				t.Errorf("requests %s", got)
			}
			var dead []string
			for _, e := range a.Dead {
				for _, id := range []string{"a", "c"} {
					if e.Link == secret.Hash(id) {
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

func TestDeadLinksAreBounded(t *testing.T) {
	t.Parallel()
	a := &Credentials{}
	for i := range 25 {
		a.Retire(linked(fmt.Sprint(i), noon()), LinkUsed, noon())
		a.Retire(coded(fmt.Sprint(i), noon()), LinkUsed, noon())
	}
	if len(a.Dead) != 20 || a.Dead[0].Link != secret.Hash("5") || a.Dead[19].Link != secret.Hash("24") {
		t.Errorf("%d dead: %v", len(a.Dead), a.Dead)
	}
}

func TestLiveRequestAndEndState(t *testing.T) {
	t.Parallel()
	end := noon().Add(14 * 24 * time.Hour)
	a := &Credentials{
		Requests: []Request{coded("b", noon()), linked("a", noon()), linked("z", noon())},
		Dead: []DeadLink{{Link: secret.Hash("u"), How: LinkUsed, At: noon()},
			{Link: secret.Hash("r"), How: LinkReplaced, At: noon()}},
	}
	tests := []struct {
		name, link string
		at         time.Time
		live       string
		fate       DeadLink
	}{
		{"live", secret.Hash("a"), noon(), "a", DeadLink{How: LinkDamaged}},
		{"the other", secret.Hash("z"), noon(), "z", DeadLink{How: LinkDamaged}},
		{"a moment before its end", secret.Hash("a"), end.Add(-time.Millisecond), "a",
			DeadLink{How: LinkDamaged}},
		{"at its end", secret.Hash("a"),
			end, "", DeadLink{Link: secret.Hash("a"), How: LinkExpired, At: end, Destination: "/a"}},
		{"long past its end", secret.Hash("a"), end.Add(time.Hour), "",
			DeadLink{Link: secret.Hash("a"), How: LinkExpired, At: end, Destination: "/a"}},
		{"used", secret.Hash("u"), noon(), "", a.Dead[0]},
		{"replaced", secret.Hash("r"), end, "", a.Dead[1]},
		{"never sent", secret.Hash("x"), end, "", DeadLink{How: LinkDamaged}},
		{"none", "", end, "", DeadLink{How: LinkDamaged}},
		{"none, of a request without", "", noon(), "", DeadLink{How: LinkDamaged}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r, ok := a.LiveRequest(test.link, test.at)
			if r.ID != test.live || ok != (test.live != "") {
				t.Errorf("live: %q, %v", r.ID, ok)
			}
			if diff := cmp.Diff(test.fate, a.EndState(test.link, test.at)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAddKeepsFiveLinks(t *testing.T) {
	t.Parallel()
	a := &Credentials{}
	for i := range 5 {
		if !a.AddRequest(linked(fmt.Sprint(i), noon())) {
			t.Errorf("link %d is left out", i)
		}
	}
	five := "0+link 1+link 2+link 3+link 4+link "
	for i, want := range []string{"5 ", "5 6 ", "5 6 7 ", "6 7 8 "} {
		if a.AddRequest(linked(fmt.Sprint(5+i), noon())) {
			t.Errorf("a sixth link at %d", i)
		}
		if got := idsOf(a.Requests); got != five+want {
			t.Errorf("requests %s, want %s", got, five+want)
		}
	}
	bare := linked("9", noon())
	bare.Code = ""
	if a.AddRequest(bare) || idsOf(a.Requests) != five+"6 7 8 " {
		t.Errorf("a request with neither link nor code changes the list: %s", idsOf(a.Requests))
	}
	a.RemoveRequest("entry 2")
	if !a.AddRequest(bare) || idsOf(a.Requests) != "0+link 1+link 3+link 4+link 6 7 8 9+link " {
		t.Errorf("a place for a link: %s", idsOf(a.Requests))
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	now := noon().Add(time.Hour)
	a := &Credentials{Requests: []Request{linked("a", noon()), coded("b", noon()), linked("c", noon())}}
	for i := range 20 { // last used first, so that the list is not in order of use
		a.Sessions = append(a.Sessions,
			Session{Hash: fmt.Sprint("s", i), SignedInAt: noon(),
				SeenAt: noon().Add(-time.Duration(i) * time.Minute)})
		a.Browsers = append(a.Browsers, KnownBrowser{Hash: fmt.Sprint("b", i), SeenAt: noon()})
	}
	a.SignIn(a.Requests[2], Session{Hash: "new", SignedInAt: now, SeenAt: now}, "b3")
	if len(a.Requests) != 0 {
		t.Errorf("left: %s", idsOf(a.Requests))
	}
	want := []DeadLink{
		{Link: secret.Hash("a"), How: LinkReplaced, At: now, Destination: "/a"},
		{Link: secret.Hash("c"), How: LinkUsed, At: now, Destination: "/c"},
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
	if len(a.Browsers) != 20 || a.Browsers[19] != (KnownBrowser{Hash: "b3", SeenAt: now}) ||
		a.Browsers[0].Hash != "b0" || a.Browsers[3].Hash != "b4" {
		t.Errorf("browsers %v", a.Browsers)
	}
	a.SignIn(coded("d", now), Session{Hash: "newer", SignedInAt: now, SeenAt: now}, "another")
	if len(a.Browsers) != 20 || a.Browsers[0].Hash != "b1" || a.Browsers[19].Hash != "another" ||
		len(a.Dead) != 2 {
		t.Errorf("browsers %v, dead %v", a.Browsers, a.Dead)
	}
}

func TestSignInKeepsTwentySessions(t *testing.T) {
	t.Parallel()
	a := &Credentials{}
	for i := range 21 {
		if len(a.Sessions) != i {
			t.Fatalf("%d sessions after %d", len(a.Sessions), i)
		}
		if i == 20 {
			break
		}
		a.SignIn(coded("x", noon()), Session{Hash: fmt.Sprint(i), SignedInAt: noon(), SeenAt: noon()}, "same")
	}
	if len(a.Browsers) != 1 {
		t.Errorf("one browser stands there %d times", len(a.Browsers))
	}
}

func TestQueueNotice(t *testing.T) {
	t.Parallel()
	s := Session{Hash: "s", Device: "Firefox, Linux", Network: "192.0.2.0/24",
		SignedInAt: noon(), SeenAt: noon()}
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
			a := &Credentials{Browsers: []KnownBrowser{{Hash: "other"}, {Hash: "known"}}}
			a.QueueNotice(linked("r", noon().Add(-test.age)), s, test.browser)
			if len(a.Work.Jobs) == 1 != test.told {
				t.Fatalf("jobs %v", a.Work.Jobs)
			}
			want := job.Args{"request": "r", "device": s.Device, "network": s.Network, "lang": ""}
			if test.told && (!maps.Equal(a.Work.Jobs[0].Args, want) || !a.Work.Jobs[0].At.Equal(noon())) {
				t.Errorf("notice %+v", a.Work.Jobs[0])
			}
		})
	}
	a := &Credentials{}
	for i := range 25 {
		a.QueueNotice(linked(fmt.Sprint(i), noon()), s, "strange")
	}
	if len(a.Work.Jobs) != 20 {
		t.Errorf("%d notices", len(a.Work.Jobs))
	}
}

func TestMatchCode(t *testing.T) {
	t.Parallel()
	a := &Credentials{Requests: []Request{linked("a", noon()), coded("b", noon()), linked("other", noon()),
		linked("bare", noon())}}
	a.Requests[2].Browser, a.Requests[3].Code = "another", ""
	last := noon().Add(CodeLife - time.Millisecond)
	for _, test := range []struct {
		name, browser, code string
		at                  time.Time
		want                string
	}{
		{"right", "asker", "ABCDEFGH", last, "a"}, {"late", "asker", "ABCDEFGH", noon().Add(CodeLife), ""},
		{"wrong", "asker", "ABCDEFGJ", last, ""},
		{"another browser's", "another", "ABCDEFGH", last, "other"}, {"no browser", "", "ABCDEFGH", last, ""},
		{"a stranger", "x", "ABCDEFGH", last, ""},
	} {
		if r, ok := a.MatchCode(test.browser, test.code, Tally{Current: 1}, test.at); r.ID != test.want ||
			ok != (test.want != "") {
			t.Errorf("%s: %q, %v", test.name, r.ID, ok)
		}
	}
	for tried, want := range map[int64]string{5: "a", 6: "b", 7: "b", 8: ""} { // b was made after two tries
		a.Requests[1].Mark, a.Requests[1].Code = Mark{N: 2}, CodeHash("b", "ABCDEFGH")
		if r, _ := a.MatchCode("asker", "ABCDEFGH", Tally{Current: tried}, last); r.ID != want {
			t.Errorf("try %d: %q, want %q", tried, r.ID, want)
		}
	}
}

func TestSessionLives(t *testing.T) {
	t.Parallel()
	a := &Credentials{Sessions: []Session{{Hash: "one", SignedInAt: noon(), SeenAt: noon()},
		{Hash: "two", SignedInAt: noon(), SeenAt: noon().Add(20 * 24 * time.Hour)}}}
	idle, absolute := noon().Add(14*24*time.Hour), noon().Add(30*24*time.Hour)
	for _, test := range []struct {
		hash string
		at   time.Time
		live bool
	}{
		{"one", noon(), true}, {"one", idle.Add(-time.Second), true}, {"one", idle, false},
		{"two", absolute.Add(-time.Second), true}, {"two", absolute, false},
		{"three", noon(), false}, {"", noon(), false},
	} {
		if s, live := a.Session(test.hash, test.at); live != test.live || live && s.Hash != test.hash {
			t.Errorf("%s at %s: %v", test.hash, test.at, live)
		}
	}
}

func TestCodesAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ABCD-EFGH": "ABCDEFGH", "abcd efgh": "ABCDEFGH", "ABCD\u00a0EFGH": "ABCDEFGH",
		"ABCD\u2013EFGH": "ABCDEFGH", "oO0i-lLI1": "00011111",
		"Code: ABCD-EFGH": "ABCDEFGH", "Váš kód: abcd-efgh.": "ABCDEFGH", "ＡＢＣＤ－ＥＦＧＨ": "ABCDEFGH",
		"code：ABCDEFGH":                     "ABCDEFGH",
		"\u200bABCD\u2060-\ufeffEFGH\u200f": "ABCDEFGH", "AB\u00adCD-EFGH": "ABCDEFGH",
		"“ABCD−EFGH”": "ABCDEFGH", "(ABCD EFGH)": "ABCDEFGH",
		"Your code is ABCD-EFGH and works for ten minutes": "ABCDEFGH",
		"Code: ABCD-EFGH (10 min)":                         "ABCDEFGH", "ABCD\r\nEFGH\t": "ABCDEFGH",
		"ABCD-EFGH or JKMN-PQRS": "", "sentence of words": "", "Code:": "", strings.Repeat("A", 5000): "",
		"ABCDEFG": "", "ABCDEFGHJ": "", "": "", "ÁBCDEFGH": "", "ABCD{FGH": "", "--------": "",
	} {
		if got := NormaliseCode(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

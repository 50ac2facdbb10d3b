package portal_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/mail"
	"postern/portal"
	"postern/portal/credential"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// counted returns the number of repetitions: full in a full run, otherwise a hundredth of it.
func counted(full int) int {
	if os.Getenv("PORTAL_TEST_FULL") != "" {
		return full
	}
	return max(1, full/100)
}

// guessesAtOnce is the number of concurrent guesses.
func guessesAtOnce() int { return max(200, counted(1000)) }

// together calls do for 0 to n-1 concurrently. With a server that allows one connection it runs a few at a
// time, since the last of many would miss their deadline.
func together(n int, do func(i int)) {
	size := n
	if oneConnection() {
		size = 16
	}
	for first := 0; first < n; first += size {
		var ready, done sync.WaitGroup
		ready.Add(1)
		for i := first; i < min(first+size, n); i++ {
			done.Go(func() {
				ready.Wait()
				do(i)
			})
		}
		ready.Done()
		done.Wait()
	}
}

// oneConnection reports whether the test store allows only one connection.
func oneConnection() bool {
	return os.Getenv("PORTAL_TEST_STORE") == "mongodb" &&
		strings.Contains(os.Getenv("PORTAL_TEST_MONGODB_URI"), "maxPoolSize=1")
}

// crowd returns full, or a tenth of it with a single connection.
func crowd(full int) int {
	if oneConnection() {
		return full / 10
	}
	return full
}

// hundreds skips a test that sends hundreds of requests when the store has a single connection.
func hundreds(t *testing.T) {
	t.Helper()
	if oneConnection() {
		t.Skip("hundreds of requests take minutes over one connection")
	}
}

// TestSiblingLinksTogether redeems two to five live links of one customer at the same time: one signs in,
// the others are replaced, and no link or code stays valid.
func TestSiblingLinksTogether(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	for round := range counted(1000) {
		links := make([]string, 2+round%4)
		codes := make([]string, len(links))
		for i := range links {
			links[i], codes[i] = h.askLink(jan, "asking")
		}
		cookies, errs := make([]string, len(links)), make([]error, len(links))
		together(len(links), func(i int) {
			signed, err := h.visitor(fmt.Sprint("browser ", i)).Redeem(context.Background(), links[i])
			cookies[i], errs[i] = signed.Cookie, err
		})
		in := ""
		for i, err := range errs {
			page, _ := h.visitor("x").Link(t.Context(), links[i])
			switch {
			case err == nil && in == "" && page.State == credential.LinkUsed:
				in = cookies[i]
			case validate.KindOf(err) == validate.Gone && page.State == credential.LinkReplaced:
			default:
				t.Errorf("round %d: link %d is %s, %v", round, i, page.State, err)
			}
			if _, err := h.visitor("asking").EnterCode(t.Context(), jan,
				codes[i]); validate.KindOf(err) != validate.Invalid {
				t.Errorf("round %d: code %d: %v", round, i, err)
			}
		}
		shopper := h.shopper(in)
		if list, err := shopper.Sessions(t.Context()); err != nil || len(list) != 1 {
			t.Fatalf("round %d: %d sessions, %v", round, len(list), err)
		}
		if err := shopper.SignOut(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.clock.Move(24 * time.Hour)
	}
}

// TestNoSecretAnywhere signs in in every way with debug logging on, then searches the store's files and the
// log for every secret in use.
func TestNoSecretAnywhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := goldenApp(t, dir)
	h.app = portal.New(h.engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0),
		portal.WithLog(logger))
	h.dispatcher = h.newDispatcher(h.app)
	h.dispatcher.Log = logger
	h.shop = h.open("main", shop.Settings{})
	h.newCustomer(jan)
	held := h.everySecret()
	stored := []byte{}
	read := func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		stored = append(stored, content...)
		return err
	}
	if err := filepath.WalkDir(dir, read); err != nil { // only the store's own log is checked here
		t.Fatal(err)
	}
	if err := h.engine.Close(); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(dir, read); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(stored, []byte(jan)) || !bytes.Contains(stored, []byte("code_until")) ||
		log.Len() == 0 {
		t.Fatal("what must be found is not")
	}
	for name, secret := range held {
		for _, form := range spellings(secret) {
			if bytes.Contains(stored, form) {
				t.Errorf("the store holds %s as %q", name, form)
			}
			if bytes.Contains(log.Bytes(), form) {
				t.Errorf("the log holds %s as %q", name, form)
			}
		}
	}
	if bytes.Contains(log.Bytes(), []byte(jan)) {
		t.Error("the log holds an address")
	}
}

// everySecret creates one secret of each kind, some used and some unused, and returns them by name.
func (h *testApp) everySecret() map[string]string {
	h.t.Helper()
	held := map[string]string{"browser": "Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmE"}
	enter := func(name string, signed portal.SignedIn, err error) {
		if err != nil {
			h.t.Fatalf("%s: %v", name, err)
		}
		held[name] = signed.Cookie
	}
	ctx, visitor := h.t.Context(), h.visitor(held["browser"])
	held["link used"], held["code dead"] = h.askLink(jan, held["browser"])
	signed, err := visitor.Redeem(ctx, held["link used"])
	enter("session by link", signed, err)
	held["alarm"] = firstGroup(alarmInMail, h.notices()[0].Text)
	held["link replaced"], held["code used"] = h.askLink(jan, held["browser"])
	signed, err = visitor.EnterCode(ctx, jan, held["code used"])
	enter("session by code", signed, err)
	held["link live"], held["code live"] = h.askLink(jan, held["browser"])
	if held["key"], err = h.app.Operator().CreateKey(ctx, h.shop.ID, "feed"); err != nil {
		h.t.Fatal(err)
	}
	h.post.fail = &mail.Failure{Temporary: true, Unsure: true, Reason: "dropped"}
	if _, err := visitor.RequestLink(ctx, jan, "", "en"); err != nil {
		h.t.Fatal(err)
	}
	held["link unsure"] = tokenIn(h.deliver()[0])
	return held
}

// spellings returns the forms in which a secret could appear: as it is, without its public part, raw, and
// in hex.
func spellings(secret string) [][]byte {
	forms := [][]byte{[]byte(secret)}
	raw, err := base64.RawURLEncoding.DecodeString(secret)
	if err == nil && len(raw) == 48 { // a key of credentials followed by a secret
		raw = raw[16:]
		forms = append(forms, []byte(secret[22:]), []byte(base64.RawURLEncoding.EncodeToString(raw)),
			[]byte(base64.StdEncoding.EncodeToString(raw)))
	}
	if err == nil && len(raw) == 32 {
		forms = append(forms, raw, []byte(hex.EncodeToString(raw)))
	}
	if bare := strings.ReplaceAll(secret, "-", ""); len(bare) == 8 { // a code
		forms = append(forms, []byte(bare), []byte(strings.ToLower(secret)))
	}
	return forms
}

// TestGuessesAtOnce enters wrong codes for one browser from many addresses in two processes at the same
// time. After five wrong codes the right one fails; after four it still works.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		guesses int
		in      bool
	}{{4, true}, {5, false}, {guessesAtOnce(), false}} {
		t.Run(fmt.Sprint(test.guesses), func(t *testing.T) {
			h := newTestApp(t)
			h.newCustomer(jan)
			apps := []*portal.App{h.app, portal.New(h.engine, secrettest.Ring(),
				portal.WithClock(h.clock.Now), portal.WithCountDelay(0))}
			_, code := h.askLink(jan, "browser")
			together(test.guesses, func(i int) {
				browser := firefox("browser")
				browser.IP = netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(i % 250)})
				_, err := apps[i%2].Visitor(h.shop, browser).EnterCode(context.Background(), jan, "0000-0000")
				if validate.KindOf(err) != validate.Invalid {
					t.Errorf("guess %d: %v", i, err)
				}
			})
			_, err := h.visitor("browser").EnterCode(t.Context(), jan, code)
			if in := err == nil; in != test.in || !in && validate.KindOf(err) != validate.Invalid {
				t.Errorf("the right code afterwards: in %v, want %v: %v", in, test.in, err)
			}
		})
	}
}

// counting is a store that records every operation and its collection.
type counting struct {
	storage.Engine
	mu   sync.Mutex
	done []string
}

func (c *counting) note(what, where string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = append(c.done, what+" "+where)
}

func (c *counting) Get(ctx context.Context, collection, id string) (bson.Raw, error) {
	c.note("get", collection)
	return c.Engine.Get(ctx, collection, id)
}

func (c *counting) Insert(ctx context.Context, collection string, r storage.Record) error {
	c.note("insert", collection)
	return c.Engine.Insert(ctx, collection, r)
}

func (c *counting) Replace(ctx context.Context, collection string, r storage.Record,
	read storage.Version) error {
	c.note("replace", collection)
	return c.Engine.Replace(ctx, collection, r, read)
}

func (c *counting) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	c.note("delete", collection)
	return c.Engine.Delete(ctx, collection, id, read)
}

func (c *counting) Scan(ctx context.Context, collection string, s storage.Scan) ([]storage.Row, error) {
	c.note("scan", collection)
	return c.Engine.Scan(ctx, collection, s)
}

func (c *counting) Increment(ctx context.Context, now time.Time,
	counts []storage.Count) ([]storage.Tally, error) {
	c.note("increment", fmt.Sprint(len(counts)))
	return c.Engine.Increment(ctx, now, counts)
}

// TestAskingDoesTheSameForEveryone checks that a sign-in request causes the same store operations whether
// the address is known, unknown, another shop's or over its limit, and never accesses customers.
func TestAskingDoesTheSameForEveryone(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	other := h.open("other", shop.Settings{})
	if _, err := h.app.Operator().ImportOrders(t.Context(), other.ID,
		bytes.NewReader(oneLine(orderJSON("1", "els@example.com"))), func(int) {}); err != nil {
		t.Fatal(err)
	}
	engine := &counting{Engine: h.engine}
	app := portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
	ask := func(email string) []string {
		engine.done = nil
		if _, err := app.Visitor(h.shop, firefox("browser")).RequestLink(t.Context(), email, "/orders/1",
			"en"); err != nil {
			t.Fatal(err)
		}
		return sorted(slices.Clone(engine.done))
	}
	want := []string{"increment 3", "insert outbox"}
	for _, test := range []struct {
		name, email string
		before      int // number of earlier requests for it
	}{
		{"known", jan, 0}, {"unknown", "nobody@example.com", 0}, {"of another shop", "els@example.com", 0},
		{"known, too often", jan, 10}, {"unknown, too often", "nobody@example.com", 10},
		{"known, far too often", jan, 30}, {"unknown, far too often", "nobody@example.com", 30},
	} {
		together(test.before, func(int) {
			if _, err := h.visitor("flood").RequestLink(context.Background(), test.email, "",
				"en"); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
		})
		if diff := cmp.Diff(want, ask(test.email)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestClientAboveItsLimitWritesNothing checks that a client over its limit is refused for any address, uses
// up no address's limit, causes no store operations from the second refusal on, and may request again once
// its limit has reset.
func TestClientAboveItsLimitWritesNothing(t *testing.T) {
	t.Parallel()
	hundreds(t)
	h := newTestApp(t)
	h.newCustomer(jan)
	engine := &counting{Engine: h.engine}
	app := portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
	ask := func(email string) error {
		engine.done = nil
		_, err := app.Visitor(h.shop, firefox("flood")).RequestLink(t.Context(), email, "", "en")
		return err
	}
	for n := range 600 {
		if err := ask(fmt.Sprintf("nobody-%d@example.com", n)); err != nil {
			t.Fatal(err)
		}
	}
	for n, email := range []string{"nobody@example.com", jan, jan, jan, jan, jan, jan, jan} {
		err := ask(email)
		if validate.KindOf(err) != validate.TooMany || validate.RetryAfter(err) != 15*time.Minute {
			t.Fatalf("request %d: %v, again after %s", 601+n, err, validate.RetryAfter(err))
		}
		if n > 0 && len(engine.done) > 0 {
			t.Errorf("request %d: %v", 601+n, engine.done)
		}
	}
	elsewhere := firefox("jan's")
	elsewhere.IP = netip.MustParseAddr("198.51.100.7")
	if _, err := app.Visitor(h.shop, elsewhere).RequestLink(t.Context(), jan, "", "en"); err != nil {
		t.Error(err)
	}
	if sent := h.deliver(); len(sent) != 1 || tokenIn(sent[0]) == "" {
		t.Errorf("another client's request sends %d mails", len(sent))
	}
	h.clock.Move(15 * time.Minute)
	if err := ask(jan); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
}

// TestWrongCodeDoesTheSameForEveryone checks that six codes in a row each cause the same store operations
// whether the address has been sent a code, is unknown, belongs to another shop, is being erased or is over
// its limit, and that nothing is inserted.
func TestWrongCodeDoesTheSameForEveryone(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.beginErasure()
	for _, email := range []string{jan, eva, "often@example.com"} {
		h.newCustomer(email)
	}
	for range 20 {
		if _, err := h.visitor("stranger").RequestLink(t.Context(), "often@example.com", "",
			"en"); err != nil {
			t.Fatal(err)
		}
	}
	h.deliver()
	h.askLink(jan, "browser")
	engine := &counting{Engine: h.engine}
	app := portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now), portal.WithCountDelay(0))
	want := []string{"get credentials", "increment 3"}
	for _, email := range []string{jan, eva, "nobody@example.com", traces["e-mail address"],
		"often@example.com"} {
		for n := range 6 {
			engine.done = nil
			_, err := app.Visitor(h.shop, firefox("browser")).EnterCode(t.Context(), email, "0000-0000")
			if diff := cmp.Diff(want, sorted(slices.Clone(engine.done))); diff != "" ||
				validate.KindOf(err) != validate.Invalid {
				t.Errorf("wrong code %d for %s: %v %s", n+1, email, err, diff)
			}
		}
	}
}

// TestEndedSessionsAreRefusedEverywhere ends sessions in every possible way and checks that two processes
// refuse them.
func TestEndedSessionsAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	ends := map[string]func(h *testApp, s portal.Shopper, another portal.Shopper) error{
		"sign out":      func(h *testApp, s, _ portal.Shopper) error { return s.SignOut(h.t.Context()) },
		"end from afar": func(h *testApp, s, another portal.Shopper) error { return h.endOther(another) },
		"end all others": func(h *testApp, _, another portal.Shopper) error {
			_, err := another.EndOtherSessions(h.t.Context())
			return err
		},
		"this was not me": func(h *testApp, _, _ portal.Shopper) error { return h.raiseAlarm() },
		"another address": func(h *testApp, _, _ portal.Shopper) error {
			_, err := h.feed().PutCustomer(h.t.Context(), "77",
				[]byte(`{"email":"new@example.com","updated_at":"2026-11-21T10:03:00Z"}`))
			return err
		},
		"fourteen days": func(h *testApp,
			_, _ portal.Shopper) error {
			h.clock.Move(14 * 24 * time.Hour)
			return nil
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			h := newTestApp(t)
			if _, err := h.feed().PutCustomer(t.Context(), "77",
				[]byte(`{"email":"jan@example.com","updated_at":"2026-01-01T00:00:00Z"}`)); err != nil {
				t.Fatal(err)
			}
			apps := []*portal.App{h.app, portal.New(h.engine, secrettest.Ring(),
				portal.WithClock(h.clock.Now), portal.WithCountDelay(0))}
			cookie, s := h.enterWith(jan, "one")
			_, another := h.enterWith(jan, "two")
			for _, app := range apps {
				if _, err := app.Shopper(t.Context(), h.shop, cookie); err != nil {
					t.Fatalf("before: %v", err)
				}
			}
			if err := end(h, s, another); err != nil {
				t.Fatal(err)
			}
			for i := range counted(10_000) {
				if _, err := apps[i%2].Shopper(t.Context(), h.shop,
					cookie); validate.KindOf(err) != validate.SignIn {
					t.Fatalf("request %d gets in: %v", i, err)
				}
			}
		})
	}
}

// enterWith signs in from a browser and also returns the cookie.
func (h *testApp) enterWith(email, secret string) (string, portal.Shopper) {
	h.t.Helper()
	token, _ := h.askLink(email, secret)
	signed, err := h.visitor(secret).Redeem(h.t.Context(), token)
	if err != nil {
		h.t.Fatal(err)
	}
	return signed.Cookie, h.shopper(signed.Cookie)
}

func (h *testApp) endOther(s portal.Shopper) error {
	list, err := s.Sessions(h.t.Context())
	if err != nil {
		return err
	}
	return s.EndSession(h.t.Context(), list[1].ID)
}

func (h *testApp) raiseAlarm() error {
	return h.visitor("owner's").RevokeAccess(h.t.Context(), firstGroup(alarmInMail, h.notices()[0].Text))
}

// TestNothingOfOneShopWorksInAnother presents every credential of one shop to another, where the same
// person has an account, a session and a pending email. Nothing is accepted, and nothing of the other
// shop's is used up.
func TestNothingOfOneShopWorksInAnother(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	a := h.shop
	b := h.open("other", shop.Settings{})
	if _, err := h.app.Operator().ImportOrders(t.Context(), b.ID,
		bytes.NewReader(oneLine(orderJSON("1", jan))), func(int) {}); err != nil {
		t.Fatal(err)
	}
	sessionA, _ := h.enterWith(jan, "a's")
	alarmA := firstGroup(alarmInMail, h.notices()[0].Text)
	linkA, codeA := h.askLink(jan, "a's")
	keyA, err := h.app.Operator().CreateKey(t.Context(), a.ID, "a")
	if err != nil {
		t.Fatal(err)
	}
	h.shop = b
	linkB, codeB := h.askLink(jan, "b's")
	ctx := t.Context()
	for _, browser := range []string{"a's", "b's", "stranger's"} {
		v := h.visitor(browser)
		enter := func(code string) error { _, err := v.EnterCode(ctx, jan, code); return err }
		redeem := func(link string) error { _, err := v.Redeem(ctx, link); return err }
		shopper := func(cookie string) error { _, err := h.app.Shopper(ctx, b, cookie); return err }
		tests := map[string]struct {
			err  error
			kind validate.Kind
		}{
			"link": {redeem(linkA), validate.Gone}, "session as a link": {redeem(sessionA), validate.Gone},
			"alarm as a link":       {redeem(alarmA), validate.Gone},
			"code":                  {enter(codeA), validate.Invalid},
			"session":               {shopper(sessionA), validate.SignIn},
			"link as a session":     {shopper(linkA), validate.SignIn},
			"own link as a session": {shopper(linkB), validate.SignIn},
			"alarm":                 {v.RevokeAccess(ctx, alarmA), validate.Gone},
			"link as an alarm":      {v.RevokeAccess(ctx, linkB), validate.Gone},
		}
		if browser != "b's" { // needs the browser that requested it
			tests["own code"] = struct {
				err  error
				kind validate.Kind
			}{enter(codeB), validate.Invalid}
		}
		for name, test := range tests {
			if validate.KindOf(test.err) != test.kind || test.err == nil {
				t.Errorf("%s in %s browser: %v", name, browser, test.err)
			}
		}
		if page, err := v.Link(ctx, linkA); err != nil ||
			page != (credential.LinkPage{State: credential.LinkDamaged}) {
			t.Errorf("page in %s browser: %+v, %v", browser, page, err)
		}
		if _, err := v.RequestAnotherLink(ctx, linkA, "en"); validate.KindOf(err) != validate.Gone {
			t.Errorf("ask again in %s browser: %v", browser, err)
		}
		if page, err := v.Link(ctx, linkB); err != nil || page.Auto != (browser == "b's") {
			t.Errorf("own page in %s browser: %+v, %v", browser, page, err)
		}
	}
	if _, err := h.app.Feed(ctx, b, keyA); validate.KindOf(err) != validate.SignIn {
		t.Errorf("key: %v", err)
	}
	if _, err := h.visitor("b's").EnterCode(ctx, jan, codeB); err != nil {
		t.Errorf("the shop's own code afterwards: %v", err)
	}
	h.shop = a
	if _, err := h.visitor("a's").Redeem(ctx, linkA); err != nil {
		t.Errorf("the link at home afterwards: %v", err)
	}
}

package portal_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

const (
	storefront = "https://www.shop.example"
	callBack   = storefront + "/signed-in?from=cart#top"
	verifier   = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B
	challenge  = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// handOffApp returns a test app whose shop has a storefront, and signs Jan in.
func handOffApp(t *testing.T) (*testApp, portal.Shopper) {
	t.Helper()
	h := newTestApp(t)
	shop, err := h.app.Operator().ChangeShop(t.Context(), "main",
		shop.Settings{StorefrontURL: ptr(storefront + "/")})
	if err != nil {
		t.Fatal(err)
	}
	h.shop = shop
	h.newCustomer(jan)
	return h, h.signIn(jan)
}

// handOff creates a hand-off code and returns it.
func (h *testApp) handOff(s portal.Shopper, proof string) string {
	h.t.Helper()
	back, ok := h.shop.ReturnTo(callBack, proof)
	if !ok {
		h.t.Fatalf("no way back to %s", callBack)
	}
	address, err := s.HandOff(h.t.Context(), back)
	if err != nil {
		h.t.Fatal(err)
	}
	rest, found := strings.CutPrefix(address, storefront+"/signed-in?from=cart&code=")
	code, isLast := strings.CutSuffix(rest, "#top")
	if !found || !isLast || len(code) != 43 {
		h.t.Fatalf("leads to %s", address)
	}
	return code
}

func exchange(f portal.Feed, code, returnTo, verifier string) (customer.Record, error) {
	body, err := json.Marshal(map[string]string{"code": code, "return_to": returnTo,
		"code_verifier": verifier})
	if err != nil {
		return customer.Record{}, err
	}
	return f.ExchangeHandOff(context.Background(), body)
}

func TestHandOff(t *testing.T) {
	t.Parallel()
	h, s := handOffApp(t)
	feed := h.feed()
	for _, withProof := range []bool{true, false} {
		proof, shown := challenge, verifier
		if !withProof {
			proof, shown = "", ""
		}
		code := h.handOff(s, proof)
		record, err := exchange(feed, code, callBack, shown)
		if err != nil || record.Email != jan || record.ID != s.Customer().ID {
			t.Errorf("with a challenge %t: %+v, %v", withProof, record, err)
		}
		wantGone(t, "used twice", feed, code, callBack, shown)
	}
}

func wantGone(t *testing.T, name string, f portal.Feed, code, returnTo, verifier string) {
	t.Helper()
	record, err := exchange(f, code, returnTo, verifier)
	if validate.KindOf(err) != validate.Gone || !strings.Contains(fmt.Sprint(err), "hand_off.gone") ||
		record.ID != "" {
		t.Errorf("%s: %+v, %v", name, record, err)
	}
}

// TestHandOffPresentedWrongly checks that every faulty exchange gets the same answer and uses up the code.
func TestHandOffPresentedWrongly(t *testing.T) {
	t.Parallel()
	h, s := handOffApp(t)
	feed := h.feed()
	for _, test := range []struct{ name, challenge, returnTo, verifier string }{
		{"another verifier", challenge, callBack, strings.Repeat("x", 43)},
		{"the challenge itself", challenge, callBack, challenge},
		{"no verifier", challenge, callBack, ""},
		{"a verifier too short", shortChallenge(), callBack, "short"},
		{"a verifier without a challenge", "", callBack, verifier},
		{"another page", challenge, storefront + "/signed-in", verifier},
		{"without the fragment", challenge, strings.TrimSuffix(callBack, "#top"), verifier},
		{"in capitals", challenge, strings.ToUpper(callBack), verifier},
	} {
		code := h.handOff(s, test.challenge)
		wantGone(t, test.name, feed, code, test.returnTo, test.verifier)
		right := verifier
		if test.challenge == "" {
			right = ""
		}
		wantGone(t, test.name+", then rightly", feed, code, callBack, right)
	}
	code := h.handOff(s, challenge)
	for _, damaged := range []string{"", "x", code[:42], code + "A", strings.ToLower(code), code + "\x00",
		strings.Repeat("A", 100_000)} {
		wantGone(t, fmt.Sprintf("damaged to %d characters", len(damaged)), feed, damaged, callBack, verifier)
	}
	if _, err := exchange(feed, code, callBack, verifier); err != nil {
		t.Errorf("after damaged ones: %v", err)
	}
	code = h.handOff(s, challenge)
	_, err := exchange(feed, code, "", verifier)
	if found := validate.FieldErrors(err); validate.KindOf(err) != validate.Invalid || len(found) != 1 ||
		found[0].Field != "/return_to" {
		t.Errorf("without return_to: %v", err)
	}
	if _, err := exchange(feed, code, callBack, verifier); err != nil {
		t.Errorf("after one without return_to: %v", err)
	}
}

// shortChallenge returns the challenge of a verifier that is shorter than RFC 7636 allows.
func shortChallenge() string {
	sum := sha256.Sum256([]byte("short"))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func TestHandOffLife(t *testing.T) {
	t.Parallel()
	h, s := handOffApp(t)
	feed := h.feed()
	for _, test := range []struct {
		after time.Duration
		works bool
	}{{0, true}, {59*time.Second + 999*time.Millisecond, true}, {60 * time.Second, false},
		{time.Hour, false}} {
		code := h.handOff(s, challenge)
		h.clock.Move(test.after)
		if _, err := exchange(feed, code, callBack, verifier); (err == nil) != test.works {
			t.Errorf("after %s: %v", test.after, err)
		}
	}
}

// TestHandOffElsewhere presents a code to another shop that has a customer with the same address.
func TestHandOffElsewhere(t *testing.T) {
	t.Parallel()
	h, s := handOffApp(t)
	code := h.handOff(s, challenge)
	mine, own := h.shop, h.feed()
	h.shop = h.open("other", shop.Settings{StorefrontURL: ptr(storefront)})
	h.newCustomer(jan)
	wantGone(t, "another shop's key", h.feed(), code, callBack, verifier)
	h.shop = mine
	if _, err := exchange(own, code, callBack, verifier); err != nil {
		t.Errorf("a stranger's attempt spent it: %v", err)
	}
}

// TestHandOffOnceOnly exchanges one code two hundred times at the same instant.
func TestHandOffOnceOnly(t *testing.T) {
	t.Parallel()
	h, s := handOffApp(t)
	feed := h.feed()
	for round := range counted(300) {
		code := h.handOff(s, challenge)
		var won, gone atomic.Int32
		together(200, func(int) {
			switch _, err := exchange(feed, code, callBack, verifier); {
			case err == nil:
				won.Add(1)
			case validate.KindOf(err) == validate.Gone:
				gone.Add(1)
			default:
				t.Errorf("round %d: %v", round, err)
			}
		})
		if won.Load() != 1 || gone.Load() != 199 {
			t.Fatalf("round %d: %d got the customer, %d were told it is gone", round, won.Load(), gone.Load())
		}
	}
}

// TestHandOffDiesWithItsSession ends the session in every possible way between creating a code and
// exchanging it.
func TestHandOffDiesWithItsSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(h *testApp, s portal.Shopper) error{
		"signed out": func(h *testApp, s portal.Shopper) error { return s.SignOut(h.t.Context()) },
		"ended from another browser": func(h *testApp, s portal.Shopper) error {
			token, _ := h.askLink(jan, "another")
			signed, err := h.visitor("another").Redeem(h.t.Context(), token)
			if err == nil {
				_, err = h.shopper(signed.Cookie).EndOtherSessions(h.t.Context())
			}
			return err
		},
		"address changed by the feed": func(h *testApp, s portal.Shopper) error {
			feed := h.feed()
			_, err := feed.PutCustomer(h.t.Context(), "77",
				[]byte(`{"email":"`+jan+`","updated_at":"2026-11-21T10:00:00Z"}`))
			if err == nil {
				_, err = feed.PutCustomer(h.t.Context(), "77",
					[]byte(`{"email":"new@example.com","updated_at":"2026-11-21T10:04:00Z"}`))
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, s := handOffApp(t)
			code := h.handOff(s, challenge)
			if err := end(h, s); err != nil {
				t.Fatal(err)
			}
			wantGone(t, name, h.feed(), code, callBack, verifier)
		})
	}
}

func TestHandOffStoresNoCode(t *testing.T) {
	t.Parallel()
	h, s := handOffApp(t)
	var codes []string
	for range 3 {
		codes = append(codes, h.handOff(s, challenge))
	}
	docs := storage.Open[map[string]any](h.engine, "main", storage.Collection{
		Name: "handoffs", Indexes: []storage.Index{{Name: "until",
			Fields: []storage.Field{{Path: "until", Kind: storage.Time}}}},
	})
	list := func() (keys []string) {
		page, err := storage.Find[struct{}](t.Context(), docs, storage.Query{Index: "until", Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range page.Hits {
			doc, _, err := docs.Get(t.Context(), hit.Key)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, hit.Key+fmt.Sprint(doc))
		}
		return keys
	}
	stored := list()
	if len(stored) != 3 {
		t.Fatalf("stored: %q", stored)
	}
	for _, code := range codes {
		if strings.Contains(strings.Join(stored, ""), code) {
			t.Error("a code stands in the store")
		}
	}
	h.clock.Move(30 * time.Second)
	h.handOff(s, challenge)
	h.clock.Move(30 * time.Second)
	h.sweep()
	if left := list(); len(left) != 1 {
		t.Errorf("after the sweep %d are left, want the one that lives", len(left))
	}
}

// TestSweepGoesOn checks that a sweep deletes all expired codes when there are more than fit in one batch.
func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	const n = 501
	h, _ := handOffApp(t)
	collection := storage.Collection{Name: "handoffs", Indexes: []storage.Index{{
		Name: "until", Fields: []storage.Field{{Path: "until", Kind: storage.Time}},
	}}}
	docs := storage.Open[map[string]any](h.engine, "main", collection)
	var group errgroup.Group
	for i := range n {
		group.Go(func() error {
			return docs.Insert(t.Context(), fmt.Sprint(i), map[string]any{"until": h.clock.Now()})
		})
	}
	if err := errors.Join(group.Wait(), h.app.Worker().Sweep(t.Context())); err != nil {
		t.Fatal(err)
	}
	page, err := storage.Find[struct{}](t.Context(), docs, storage.Query{Index: "until", Limit: 1})
	if err != nil || len(page.Hits) > 0 {
		t.Errorf("some are left: %+v, %v", page.Hits, err)
	}
}

// unsure is a store whose Delete reports success when another caller deleted the document first.
type unsure struct{ *meddled }

func (u unsure) Delete(ctx context.Context, collection, id string, read storage.Version) error {
	if err := u.meddled.Delete(ctx, collection, id, read); !errors.Is(err, storage.ErrConflict) {
		return err
	}
	return nil
}

// TestHandOffReadTwice exchanges a code before each store operation of another exchange of it, and checks
// that exactly one of the two gets the customer.
func TestHandOffReadTwice(t *testing.T) {
	t.Parallel()
	h, s := handOffApp(t)
	feed := h.feed()
	const ended = 100
	for turn := 0; ; turn++ {
		code := h.handOff(s, challenge)
		won := 0
		present := func(f portal.Feed) {
			if _, err := exchange(f, code, callBack, verifier); err == nil {
				won++
			} else if validate.KindOf(err) != validate.Gone {
				t.Errorf("at %d: %v", turn, err)
			}
		}
		m := &meddled{Engine: h.engine, turn: ended, meddle: func() { present(feed) }}
		other := h.feedOver(portal.New(unsure{m}, secrettest.Ring(), portal.WithClock(h.clock.Now),
			portal.WithCountDelay(0)))
		m.turn = turn
		present(other)
		if m.turn >= 0 {
			break
		}
		if won != 1 {
			t.Errorf("at %d: %d have the customer", turn, won)
		}
	}
}

// feedOver returns a feed with a new key, in another process of the portal.
func (h *testApp) feedOver(app *portal.App) portal.Feed {
	h.t.Helper()
	key, err := h.app.Operator().CreateKey(h.t.Context(), h.shop.ID, "other")
	if err != nil {
		h.t.Fatal(err)
	}
	feed, err := app.Feed(h.t.Context(), h.shop, key)
	if err != nil {
		h.t.Fatal(err)
	}
	return feed
}

// sweep runs a sweep and all jobs.
func (h *testApp) sweep() {
	h.t.Helper()
	if err := h.app.Worker().Sweep(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

func TestHandOffLimit(t *testing.T) {
	t.Parallel()
	h, s := handOffApp(t)
	for range 240 {
		h.handOff(s, challenge)
	}
	back, _ := h.shop.ReturnTo(callBack, "")
	if _, err := s.HandOff(t.Context(), back); validate.KindOf(err) != validate.TooMany {
		t.Errorf("the 241st: %v", err)
	}
}

func TestReturnTo(t *testing.T) {
	t.Parallel()
	h, _ := handOffApp(t)
	long := storefront + "/" + strings.Repeat("a", 1000-len(storefront)-1)
	for _, good := range []string{storefront, storefront + "/", callBack, storefront + "/a;b?c;d&e=f%20g",
		storefront + "/?x=codes&encode=1", long} {
		if back, ok := h.shop.ReturnTo(good, challenge); !ok || back.URL != good {
			t.Errorf("%.80s is refused", good)
		} else if again, ok := h.shop.ReturnOf(back.Path()); !ok || again != back {
			t.Errorf("%.80s is lost on the way: %q", good, back.Path())
		}
	}
	for _, bad := range []string{
		"", "/", "//www.shop.example", "www.shop.example", "http://www.shop.example/",
		storefront + ".evil.example/", storefront + "@evil.example/",
		storefront + ":443/", storefront + ":/", storefront + "./", "https://main.example.com/orders",
		"https:www.shop.example/", "https:/www.shop.example/",
		"HTTPS://www.shop.example/", storefront + "/ä", storefront + "/a b", storefront + "\\@evil.example",
		long + "a", "https://user@www.shop.example/",
		storefront + "/?code=x", storefront + "/?a=b&code=x", storefront + "/?CODE=x",
		storefront + "/?%63ode=x", storefront + "/?a;code=x",
		storefront + "/?code[]=x", storefront + "/?%20code=x", storefront + "/?code%00=x",
		storefront + "/?%zz=1", storefront + "/?code",
	} {
		if _, ok := h.shop.ReturnTo(bad, ""); ok {
			t.Errorf("%.80q is accepted", bad)
		}
	}
	for _, bad := range []string{challenge[:42], challenge + "A", challenge[:42] + "=", challenge[:42] + "+",
		challenge[:42] + "\n", strings.Repeat("é", 43)} {
		if _, ok := h.shop.ReturnTo(callBack, bad); ok {
			t.Errorf("the challenge %q is accepted", bad)
		}
	}
}

// TestReturnOf checks that ReturnOf accepts only the spelling that Path produces.
func TestReturnOf(t *testing.T) {
	t.Parallel()
	h, _ := handOffApp(t)
	back, _ := h.shop.ReturnTo(callBack, challenge)
	path := back.Path()
	for _, bad := range []string{
		path + "&to=https://evil.example", path + "#x", path + "&", "/" + path,
		strings.Replace(path, "/sign-in/continue", "/sign-in/../sign-in/continue", 1),
		strings.Replace(path, "continue?", "continue/?", 1), strings.Replace(path, "%3A", ":", 1),
		strings.Replace(path, "return_to", "to", 1),
		"/sign-in/continue?return_to=" + url.QueryEscape("https://evil.example/"), "/sign-in/continue",
		"/sign-in/continue?" + strings.Repeat("&", 5000),
		path + "&return_to=" + url.QueryEscape("https://evil.example/"),
		"/sign-in/code?return_to=" + url.QueryEscape(storefront),
	} {
		if _, ok := h.shop.ReturnOf(bad); ok {
			t.Errorf("%.200q is accepted", bad)
		}
	}
	if _, err := h.visitor("b").RequestLink(t.Context(), jan, path, "en"); err != nil {
		t.Fatal(err)
	}
	signed, err := h.visitor("b").Redeem(t.Context(), tokenIn(h.deliver()[0]))
	if err != nil || signed.Destination != path {
		t.Errorf("the link leads to %q, %v", signed.Destination, err)
	}
}

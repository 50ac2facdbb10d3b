package portal_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
)

// TestRedeemingReadsTheCredentialsOnce checks the store operations of a sign-in by link and by code.
func TestRedeemingReadsTheCredentialsOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	engine := &counting{Engine: h.engine}
	visitor := portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now)).Visitor(h.shop,
		firefox("browser"))
	for _, test := range []struct {
		name string
		use  func(token, code string) error
		want []string
	}{
		{"link", func(token, _ string) error {
			_, err := visitor.Redeem(t.Context(), token)
			return err
		}, []string{"get credentials", "get customers", "replace credentials"}},
		{"code", func(_, code string) error {
			_, err := visitor.EnterCode(t.Context(), jan, code)
			return err
		}, []string{"increment 3", "get credentials", "get customers", "replace credentials", "increment 1"}},
	} {
		token, code := h.askLink(jan, "browser")
		engine.done = nil
		if err := test.use(token, code); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, engine.done); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestRegisteringReadsTheCredentialsOnce is the same for a link that creates the account.
func TestRegisteringReadsTheCredentialsOnce(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.set(shop.Settings{Registration: ptr(true)})
	token, _ := h.askLink(eva, "browser")
	engine := &counting{Engine: h.engine}
	app := portal.New(engine, secrettest.Ring(), portal.WithClock(h.clock.Now))
	signed, err := app.Visitor(h.shop, firefox("browser")).Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.DeleteFunc(slices.Clone(engine.done), func(done string) bool {
		return done != "get credentials" && done != "replace credentials"
	})
	if diff := cmp.Diff([]string{"get credentials", "replace credentials"}, got); diff != "" {
		t.Error(diff)
	}
	if got := h.shopper(signed.Cookie).Customer().Email; got != eva {
		t.Errorf("signed in as %s", got)
	}
}

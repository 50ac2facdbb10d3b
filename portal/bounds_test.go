package portal_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"postern/portal/credential"
	"postern/portal/shop"
	"postern/portal/validate"
)

// from returns a separate browser at the given IP address.
func from(ip string) credential.Browser {
	return credential.Browser{Secret: "browser at " + ip, IP: netip.MustParseAddr(ip)}
}

// TestLimitsAreApart checks that each address, client and shop has its own limits, and that IPv6 neighbours
// in one /64 are one client.
func TestLimitsAreApart(t *testing.T) {
	t.Parallel()
	hundreds(t)
	h := newTestApp(t)
	open := true
	main, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID, shop.Settings{Registration: &open})
	if err != nil {
		t.Fatal(err)
	}
	other := h.open("other", shop.Settings{Registration: &open})
	sends := func(shop shop.Shop, email string, b credential.Browser) bool {
		t.Helper()
		if _, err := h.app.Visitor(shop, b).RequestLink(t.Context(), email, "", "en"); err != nil &&
			validate.KindOf(err) != validate.TooMany {
			t.Fatal(err)
		}
		return len(h.deliver()) == 1
	}
	client := from("2001:db8:1:2::1")
	together(600, func(i int) {
		if _, err := h.app.Visitor(main, client).RequestLink(context.Background(), "used@example.com", "",
			"en"); err != nil {
			t.Errorf("ask %d: %v", i, err)
		}
	})
	for len(h.deliver()) > 0 {
	}
	tests := []struct {
		name  string
		shop  shop.Shop
		email string
		by    string
		sent  bool
	}{
		{"the client", main, "a@example.com", "2001:db8:1:2::1", false},
		{"its neighbour", main, "b@example.com", "2001:db8:1:2:ffff::9", false},
		{"the next house", main, "c@example.com", "2001:db8:1:3::1", true},
		{"an IPv4 client", main, "d@example.com", "192.0.2.1", true},
		{"the next IPv4 client", main, "e@example.com", "192.0.2.2", true},
		{"the address, from elsewhere", main, "used@example.com", "192.0.2.3", false},
		{"the client at another shop", other, "a@example.com", "2001:db8:1:2::1", true},
		{"the address at another shop", other, "used@example.com", "192.0.2.3", true},
	}
	for _, test := range tests {
		if sent := sends(test.shop, test.email, from(test.by)); sent != test.sent {
			t.Errorf("%s: sent %v, want %v", test.name, sent, test.sent)
		}
	}
	h.clock.Move(15*time.Minute - time.Millisecond)
	if sends(main, "f@example.com", client) {
		t.Error("the client, just before the quarter of an hour is over")
	}
	h.clock.Move(time.Millisecond)
	if !sends(main, "g@example.com", client) {
		t.Error("the client, a quarter of an hour later")
	}
	h.clock.Move(45*time.Minute - time.Millisecond)
	if sends(main, "used@example.com", from("192.0.2.3")) {
		t.Error("the address, just before the hour is over")
	}
	h.clock.Move(time.Millisecond)
	if !sends(main, "used@example.com", from("192.0.2.3")) {
		t.Error("the address, an hour later")
	}
}

// TestGuessesAreCountedByClient checks that 300 wrong codes block further codes from that client only, and
// in that shop only.
func TestGuessesAreCountedByClient(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	other := h.open("other", shop.Settings{})
	guess := func(shop shop.Shop, ip string) validate.Kind {
		_, err := h.app.Visitor(shop, from(ip)).EnterCode(context.Background(), jan, "0000-0000")
		return validate.KindOf(err)
	}
	together(300, func(i int) {
		if kind := guess(h.shop, "192.0.2.1"); kind != validate.Invalid {
			t.Errorf("guess %d: kind %d", i, kind)
		}
	})
	for _, test := range []struct {
		name string
		shop shop.Shop
		ip   string
		want validate.Kind
	}{
		{"the client", h.shop, "192.0.2.1", validate.TooMany},
		{"its neighbour", h.shop, "192.0.2.2", validate.Invalid},
		{"another shop", other, "192.0.2.1", validate.Invalid},
	} {
		if kind := guess(test.shop, test.ip); kind != test.want {
			t.Errorf("%s: kind %d, want %d", test.name, kind, test.want)
		}
	}
	h.clock.Move(15*time.Minute - time.Millisecond)
	if kind := guess(h.shop, "192.0.2.1"); kind != validate.TooMany {
		t.Errorf("just before the quarter of an hour is over: kind %d", kind)
	}
}

// TestLastUseIsRecordedEveryFiveMinutes checks that a session's last use is updated only after five minutes,
// and that its start never changes.
func TestLastUseIsRecordedEveryFiveMinutes(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	began := h.clock.Now()
	cookie, _ := h.enterWith(jan, "one")
	seen := func() time.Duration {
		t.Helper()
		list, err := h.shopper(cookie).Sessions(t.Context())
		if err != nil || len(list) != 1 || !list[0].SignedInAt.Equal(began) {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0].SeenAt.Sub(began)
	}
	h.clock.Move(5*time.Minute - time.Millisecond)
	if got := seen(); got != 0 {
		t.Errorf("seen after %s", got)
	}
	h.clock.Move(time.Millisecond)
	if got := seen(); got != 5*time.Minute {
		t.Errorf("seen after %s", got)
	}
	h.clock.Move(-time.Hour) // another process whose clock is slow
	if got := seen(); got != 5*time.Minute {
		t.Errorf("seen after %s, by a clock behind", got)
	}
}

// TestAutoEndsAfterAQuarterOfAnHour checks both sides of two deadlines: 15 minutes for the script that
// submits the link's form, and 10 minutes for the code.
func TestAutoEndsAfterAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, code := h.askLink(jan, "browser")
	h.clock.Move(10*time.Minute - time.Millisecond)
	for _, text := range []string{"0000-0000", "0000-0000", "0000-0000", "0000-0000", "0000-0000", code} {
		if _, err := h.visitor("browser").EnterCode(t.Context(), jan,
			text); validate.KindOf(err) != validate.Invalid {
			t.Errorf("five wrong codes and the right one, just in time: %v", err)
		}
	}
	h.clock.Move(5*time.Minute + time.Millisecond)
	if page, err := h.visitor("browser").Link(t.Context(), token); err != nil || !page.Auto {
		t.Errorf("at a quarter of an hour: %+v, %v", page, err)
	}
	h.clock.Move(time.Millisecond)
	if page, err := h.visitor("browser").Link(t.Context(), token); err != nil || page.Auto {
		t.Errorf("after it: %+v, %v", page, err)
	}
	_, second := h.askLink(jan, "browser")
	h.clock.Move(10*time.Minute - time.Millisecond)
	if _, err := h.visitor("browser").EnterCode(t.Context(), jan,
		code); validate.KindOf(err) != validate.Invalid {
		t.Errorf("the old code: %v", err)
	}
	if _, err := h.visitor("browser").EnterCode(t.Context(), jan, second); err != nil {
		t.Errorf("the code, just in time: %v", err)
	}
}

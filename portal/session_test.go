package portal_test

import (
	"testing"
	"time"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/validate"
)

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tests := map[string]struct {
		use  []time.Duration // pauses between requests
		live bool
	}{
		"idle for less than 14 days":   {[]time.Duration{14*day - time.Second}, true},
		"idle for 14 days":             {[]time.Duration{14 * day}, false},
		"in use for less than 30 days": {[]time.Duration{10 * day, 10 * day, 10*day - time.Second}, true},
		"in use for 30 days":           {[]time.Duration{10 * day, 10 * day, 10 * day}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h := newTestApp(t)
			h.newCustomer(jan)
			token, _ := h.askLink(jan, "browser")
			signed, err := h.visitor("browser").Redeem(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			for _, pause := range test.use {
				h.clock.Move(pause)
				_, err = h.app.Shopper(t.Context(), h.shop, signed.Cookie)
			}
			if live := err == nil; live != test.live || !live && validate.KindOf(err) != validate.SignIn {
				t.Errorf("live %v, want %v: %v", live, test.live, err)
			}
		})
	}
}

func TestForeignCookies(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	token, _ := h.askLink(jan, "browser")
	other := h.open("other", shop.Settings{})
	if _, err := h.app.Shopper(t.Context(), h.shop, token); validate.KindOf(err) != validate.SignIn {
		t.Errorf("a link's token as a cookie: %v", err)
	}
	signed, err := h.visitor("browser").Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Shopper(t.Context(), other, signed.Cookie); validate.KindOf(err) != validate.SignIn {
		t.Errorf("at another shop: %v", err)
	}
	for _, cookie := range []string{"", "x", signed.Cookie[:63], signed.Cookie + "A"} {
		if _, err := h.app.Shopper(t.Context(), h.shop, cookie); validate.KindOf(err) != validate.SignIn {
			t.Errorf("cookie of %d characters: %v", len(cookie), err)
		}
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	var shoppers []portal.Shopper
	var cookies []string
	for _, secret := range []string{"one", "two", "three"} {
		h.clock.Move(time.Hour)
		token, _ := h.askLink(jan, secret)
		signed, err := h.visitor(secret).Redeem(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		cookies = append(cookies, signed.Cookie)
		shoppers = append(shoppers, h.shopper(signed.Cookie))
	}
	list, err := shoppers[0].Sessions(t.Context())
	if err != nil || len(list) != 3 || !list[0].Current || list[1].Current ||
		list[0].Device != "Firefox, Windows" || list[0].Network != "192.0.2.0/24" {
		t.Fatalf("sessions %+v, %v", list, err)
	}
	if err := shoppers[0].EndSession(t.Context(), list[1].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Shopper(t.Context(), h.shop, cookies[2]); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the ended session: %v", err)
	}
	h.shopper(cookies[1])
	if n, err := shoppers[0].EndOtherSessions(t.Context()); n != 1 || err != nil {
		t.Errorf("ended %d others, %v", n, err)
	}
	if err := h.shopper(cookies[0]).SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Shopper(t.Context(), h.shop, cookies[0]); validate.KindOf(err) != validate.SignIn {
		t.Errorf("after signing out: %v", err)
	}
}

func TestSecondClickIsOwnedByTheSignedIn(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.newCustomer("eva@example.com")
	token, _ := h.askLink(jan, "browser")
	signed, err := h.visitor("browser").Redeem(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if own, err := h.shopper(signed.Cookie).OwnsLink(t.Context(), token); !own || err != nil {
		t.Errorf("own link: %v, %v", own, err)
	}
	if own, err := h.signIn("eva@example.com").OwnsLink(t.Context(), token); own || err != nil {
		t.Errorf("another's link: %v, %v", own, err)
	}
	forged := token[:22] + token[21:63]
	if own, err := h.shopper(signed.Cookie).OwnsLink(t.Context(), forged); own || err != nil {
		t.Errorf("a link never sent: %v, %v", own, err)
	}
}

// TestChangedAddressEndsLinksAndSessions checks that nothing sent to an address gives access once the
// account has another address.
func TestChangedAddressEndsLinksAndSessions(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	put := func(email, at string) {
		t.Helper()
		body := `{"email":"` + email + `","updated_at":"` + at + `"}`
		if _, err := feed.PutCustomer(t.Context(), "77", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	put(jan, "2026-01-01T00:00:00Z")
	first, _ := h.askLink(jan, "browser")
	signed, err := h.visitor("browser").Redeem(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	second, _ := h.askLink(jan, "browser")
	put("new@example.com", "2026-01-02T00:00:00Z")
	if _, err := h.app.Shopper(t.Context(), h.shop, signed.Cookie); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the session: %v", err)
	}
	if _, err := h.visitor("browser").Redeem(t.Context(), second); validate.KindOf(err) != validate.Gone {
		t.Errorf("the link: %v", err)
	}
	if _, err := h.visitor("browser").RequestLink(t.Context(), jan, "", "en"); err != nil {
		t.Fatal(err)
	}
	if sent := h.deliver(); len(sent) != 1 || sent[0].To != "new@example.com" { // the old one is reserved
		t.Errorf("the given up address gets mail: %+v", sent)
	}
	if sent, _ := h.askLink("new@example.com", "browser"); sent == "" {
		t.Error("the new address gets no link")
	}
}

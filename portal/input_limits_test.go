package portal_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// keyOf returns the message key of an error.
func keyOf(err error) string {
	var failed *validate.Error
	if errors.As(err, &failed) {
		return failed.Key
	}
	return ""
}

// TestEndedLinksAreExplained checks that redeeming an ended link returns the reason it ended, even when
// cookies are missing.
func TestEndedLinksAreExplained(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	const day = 24 * time.Hour
	first, _ := h.askLink(jan, "browser")
	h.clock.Move(10 * day)
	second, _ := h.askLink(jan, "browser")
	replaced, _ := h.askLink(jan, "browser")
	h.clock.Move(5 * day)
	signed, err := h.visitor("browser").Redeem(t.Context(), second)
	if err != nil || signed.MaxAge != 30*day {
		t.Fatalf("%s, %v", signed.MaxAge, err)
	}
	for name, test := range map[string]struct{ link, browser, want string }{
		"expired before another was used": {first, "x", "link.expired"}, "used": {second, "x", "link.used"},
		"replaced": {replaced, "x", "link.replaced"},
		"damaged":  {"x", "x", "link.damaged"}, "damaged, without cookies": {"x", "", "link.damaged"},
	} {
		if _, err := h.visitor(test.browser).Redeem(t.Context(), test.link); keyOf(err) != test.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCodeKeepsTheDestination checks that a code signs in to the destination of its email's link, that
// expired links stay expired, and that malformed codes do not count as attempts.
func TestCodeKeepsTheDestination(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	old, _ := h.askLink(jan, "browser")
	h.clock.Move(14*24*time.Hour - time.Minute)
	if _, err := h.visitor("browser").RequestLink(t.Context(), jan, "/orders/7", "en"); err != nil {
		t.Fatal(err)
	}
	code := codeIn(h.deliver()[0])
	h.clock.Move(2 * time.Minute)
	for _, text := range []string{"", "1234", "ABCDEFGHJK", "????-????", "ÁÁÁÁ-ÁÁÁÁ"} {
		if _, err := h.visitor("browser").EnterCode(t.Context(), jan,
			text); validate.KindOf(err) != validate.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
	signed, err := h.visitor("browser").EnterCode(t.Context(), jan, code)
	if err != nil || signed.Destination != "/orders/7" || signed.MaxAge != 30*24*time.Hour {
		t.Errorf("%+v, %v", signed, err)
	}
	if page, err := h.visitor("x").Link(t.Context(), old); err != nil ||
		page.State != credential.LinkExpired {
		t.Errorf("the old link: %+v, %v", page, err)
	}
}

// TestNoAccountWithoutAWayIn checks that with open registration only a live link or the right code creates
// an account.
func TestNoAccountWithoutAWayIn(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	open := true
	if _, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID,
		shop.Settings{Registration: &open}); err != nil {
		t.Fatal(err)
	}
	feed := h.feed()
	exists := func(email string) bool {
		_, err := feed.CustomerByEmail(t.Context(), email)
		return validate.KindOf(err) != validate.NotFound
	}
	link, code := h.askLink("new@example.com", "browser")
	wrong := "0000-0000"
	if wrong == code {
		wrong = "1111-1111"
	}
	if _, err := h.visitor("browser").EnterCode(t.Context(), "new@example.com",
		wrong); validate.KindOf(err) != validate.Invalid || exists("new@example.com") {
		t.Errorf("a wrong code makes an account: %v, %v", exists("new@example.com"), err)
	}
	h.clock.Move(14 * 24 * time.Hour)
	if _, err := h.visitor("browser").Redeem(t.Context(), link); keyOf(err) != "link.expired" ||
		exists("new@example.com") {
		t.Errorf("an expired link makes an account: %v, %v", exists("new@example.com"), err)
	}
	_, code = h.askLink("new@example.com", "browser")
	if _, err := h.visitor("browser").EnterCode(t.Context(), "new@example.com", code); err != nil ||
		!exists("new@example.com") {
		t.Errorf("the right code: %v", err)
	}
}

// TestAccountThatIsGone checks that no session, link or code works once the customer's document is gone.
func TestAccountThatIsGone(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie, shopper := h.enterWith(jan, "browser")
	link, code := h.askLink(jan, "browser")
	at := slices.IndexFunc(portal.Collections(),
		func(c storage.Collection) bool { return c.Name == "customers" })
	docs := storage.Open[customer.Customer](h.engine, h.shop.ID, portal.Collections()[at])
	_, read, err := docs.Get(t.Context(), shopper.Customer().ID)
	if err == nil {
		err = docs.Delete(t.Context(), shopper.Customer().ID, read)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.app.Shopper(t.Context(), h.shop, cookie); validate.KindOf(err) != validate.SignIn {
		t.Errorf("the session: %v", err)
	}
	if page, err := h.visitor("browser").Link(t.Context(), link); err != nil ||
		page != (credential.LinkPage{State: credential.LinkDamaged}) {
		t.Errorf("the link's page: %+v, %v", page, err)
	}
	if _, err := h.visitor("browser").Redeem(t.Context(), link); validate.KindOf(err) != validate.Gone {
		t.Errorf("the link: %v", err)
	}
	if got := fieldErrorsOf(func() error {
		_,
			err := h.visitor("browser").EnterCode(t.Context(), jan, code)
		return err
	}()); len(got) != 1 || got[0] != "code code.wrong" {
		t.Errorf("the code: %v", got)
	}
}

// TestSessionsStandAlone checks that an expired session is not listed, that signing out ends only one
// session, and that after "this wasn't me" a known browser counts as new again.
func TestSessionsStandAlone(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.enterWith(jan, "idle")
	h.clock.Move(10 * 24 * time.Hour)
	staying, _ := h.enterWith(jan, "staying")
	_, leaving := h.enterWith(jan, "leaving")
	alarms := h.notices()
	if len(alarms) == 0 {
		t.Fatal("no notice")
	}
	h.clock.Move(4 * 24 * time.Hour)
	if list, err := leaving.Sessions(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("sessions %+v, %v", list, err)
	}
	if err := leaving.SignOut(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list, err := h.shopper(staying).Sessions(t.Context()); err != nil || len(list) != 1 ||
		!list[0].Current {
		t.Errorf("after another signed out: %+v, %v", list, err)
	}
	if err := h.visitor("owner's").RevokeAccess(t.Context(),
		firstGroup(alarmInMail, alarms[len(alarms)-1].Text)); err != nil {
		t.Fatal(err)
	}
	h.clock.Move(time.Hour)
	h.enterWith(jan, "staying")
	if sent := h.notices(); len(sent) != 1 {
		t.Errorf("a browser of before the alarm is told of %d times", len(sent))
	}
}

func TestLanguageOfAShopper(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	cookie, shopper := h.enterWith(jan, "browser")
	offered := shopper.Shop().Languages
	for _, lang := range []string{"", "xx", offered[0] + "x"} {
		if got := fieldErrorsOf(shopper.SetLanguage(t.Context(), lang)); len(got) != 1 ||
			got[0] != "language language.offered" {
			t.Errorf("%q: %v", lang, got)
		}
	}
	for _, lang := range offered {
		if err := shopper.SetLanguage(t.Context(), lang); err != nil ||
			h.shopper(cookie).Customer().Language != lang {
			t.Errorf("%q is kept as %q, %v", lang, h.shopper(cookie).Customer().Language, err)
		}
	}
}

// TestOwnLinks checks that Owns recognises the signed-in customer's links, both live and ended, and no
// others.
func TestOwnLinks(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.newCustomer(jan)
	h.newCustomer("eva@example.com")
	_, shopper := h.enterWith(jan, "browser")
	own, _ := h.askLink(jan, "browser")
	others, _ := h.askLink("eva@example.com", "browser")
	owns := func(link string) bool {
		t.Helper()
		owned, err := shopper.OwnsLink(t.Context(), link)
		if err != nil {
			t.Fatal(err)
		}
		return owned
	}
	if !owns(own) || owns(others) || owns("") || owns(own[:40]+others[40:]) {
		t.Errorf("live: own %v, another's %v, none %v", owns(own), owns(others), owns(""))
	}
	h.enterWith(jan, "another")
	if page, err := h.visitor("x").Link(t.Context(), own); err != nil ||
		page.State != credential.LinkReplaced || !owns(own) {
		t.Errorf("ended: %+v, own %v, %v", page, owns(own), err)
	}
}

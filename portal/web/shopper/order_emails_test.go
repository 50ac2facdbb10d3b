package shopper_test

import (
	"net/http"
	"testing"
	"time"

	"postern/portal/shop"
	"postern/portal/web/webtest"
)

// TestProfileOffersTheOrderEmailsOfTheShop checks that the profile shows a box for each kind that the shop
// sends, none in a new shop, and keeps the choice.
func TestProfileOffersTheOrderEmailsOfTheShop(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	b := signedIn(i)
	b.Get("/profile").Want(http.StatusOK)
	if b.Page.Has("#order-emails") {
		t.Error("a shop without emails about orders offers a choice")
	}
	kinds := []string{"shipped", "delivered"}
	if _, err := i.App.Operator().ChangeShop(t.Context(), "main", shop.Settings{OrderEmails: &kinds}); err != nil {
		t.Fatal(err)
	}
	i.Clock.Move(time.Minute)
	b.Get("/profile").Want(http.StatusOK)
	if len(b.Page.Attrs("#order-emails input[type=checkbox][checked]", "name")) != 2 {
		t.Fatalf("the choice: %s", b.Page.Text("#order-emails"))
	}
	b.Submit("#order-emails form", map[string]string{"email_shipped": ""}).Want(http.StatusOK)
	if !b.Page.Has(".flash") || b.Page.Has("[name=email_shipped][checked]") ||
		!b.Page.Has("[name=email_delivered][checked]") {
		t.Errorf("saved: %s", b.Page.Text("main"))
	}
}

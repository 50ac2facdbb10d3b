package portal_test

import (
	"testing"

	"postern/portal/validate"
)

// TestPlaceholderEmailIsRefused checks that an order or a customer with a placeholder email creates no
// account and causes no email.
func TestPlaceholderEmailIsRefused(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.shop.FirstOrderMail = true
	feed := h.feed()
	for _, email := range []string{
		"null@null.com", "NULL@shop.sk", "none@none.com", "no-email@shop.sk", "noemail@gmail.com",
		"no@email.com", "guest17@noemail.com",
		"undefined@undefined.com", "guest@guest.com", "test@test.com", "user@example.com", "name@domain.com",
		"deleted@site.invalid",
		"jana@shop.invalid", "jana@shop.localhost", "no.reply@shop.sk", "anonymous@psgdpr.com",
		"ＮＵＬＬ＠null.com",
	} {
		_, order := feed.PutOrder(t.Context(), "1", orderBy(`""`, "1", email))
		_, customer := feed.PutCustomer(t.Context(), "7",
			[]byte(`{"email":"`+email+`","updated_at":"2026-01-01T00:00:00Z"}`))
		for what, err := range map[string]error{"order": order, "customer": customer} {
			found := validate.FieldErrors(err)
			if len(found) != 1 || found[0].Field != "/email" || found[0].Key != "email.placeholder" {
				t.Errorf("%s of %s: %v", what, email, err)
			}
		}
		if _, err := feed.CustomerByEmail(t.Context(), email); validate.KindOf(err) != validate.NotFound {
			t.Errorf("%s has an account: %v", email, err)
		}
	}
	if sent := h.deliver(); len(sent) != 0 {
		t.Errorf("%d emails were sent", len(sent))
	}
}

// TestEmailThatOnlyLooksLikeAPlaceholder checks that real emails similar to placeholders are accepted.
func TestEmailThatOnlyLooksLikeAPlaceholder(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	for _, email := range []string{
		"jana@example.com", "jana@shop.test", "nona@none.com", "nonely@gmail.com", "guest@hotel.sk",
		"na@firma.cz", "no@firma.sk",
		"customer@mail.com", "nulla@nulla.it", "test@firma.sk", "a@email.com", "jana@nomailing.sk",
	} {
		if _, err := feed.PutOrder(t.Context(), email, orderBy(`""`, email, email)); err != nil {
			t.Errorf("%s: %v", email, err)
		}
	}
}

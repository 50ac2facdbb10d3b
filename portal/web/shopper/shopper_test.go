package shopper_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"postern/portal/web/webtest"
	"postern/templates/i18n"
)

const jana = "jana@example.com"

// fields are the members of a document or the fields of a form.
type fields = map[string]any

// put sends the portal an order of Jana's with the given members.
func put(t *testing.T, i *webtest.Installation, number string, said fields) {
	t.Helper()
	order := fields{
		"email": jana, "placed_at": "2026-03-01T10:00:00Z", "updated_at": "2026-03-01T10:00:00Z",
		"currency": "EUR",
		"total":    "12.50", "lines": []fields{{"name": "A book", "quantity": "1", "total": "12.50"}},
	}
	for name, value := range said {
		order[name] = value
	}
	document, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	if page := i.Put(i.Key("main"), "/api/v1/orders/"+url.PathEscape(number),
		string(document)); page.Status/100 != 2 {
		t.Fatalf("put %s: %d %s", number, page.Status, page.Body)
	}
	i.Work()
}

// signedIn returns a browser in which Jana is signed in.
func signedIn(i *webtest.Installation) *webtest.Browser {
	b := i.Browser()
	i.SignIn(b, jana)
	return b
}

// TestEveryPageInEveryLanguage renders each page in all languages at the same time, since templates share
// one set. The shop has default settings and so offers every language.
func TestEveryPageInEveryLanguage(t *testing.T) {
	t.Parallel()
	words, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	i := webtest.Portal(t)
	put(t, i, "1001", fields{"payment": "pending", "payment_kind": "transfer",
		"links": fields{"payment": "https://pay.test/1"},
		"shipments": []fields{{"carrier": "DHL", "number": "7", "url": "https://dhl.test/7",
			"expected_to": "2026-03-09T10:00:00Z"}},
		"notes": []fields{{"text": "Soon."}}, "customer_note": "Thanks", "vat_id": "SK2022273990"})
	paths := []string{"/orders", "/orders?period=custom&from=2026-02-31", "/orders?period=2019",
		"/orders?search=1", "/orders?cursor=x",
		"/orders/1001", "/addresses", "/addresses/new", "/addresses/new?country=US", "/company",
		"/security", "/orders/none"}
	visits := []string{"/sign-in", "/sign-in/code", "/sign-in/link/damaged",
		"/sign-in/continue?to=https://www.shop.test/x"}
	var wait sync.WaitGroup
	for _, lang := range words.Languages() {
		wait.Go(func() {
			b := i.Browser()
			b.Header.Set("Accept-Language", lang)
			for _, path := range visits {
				wantLanguage(t, b.Get(path), lang)
			}
			b.Get("/sign-in")
			wantLanguage(t, b.Submit("main form", map[string]string{"email": "nobody"}), lang)
			wantLanguage(t, b.Submit("main form", map[string]string{"email": lang + jana}), lang)
			wantLanguage(t, b.Submit("main form", map[string]string{"code": "1"}), lang)
		})
	}
	wait.Wait()
	b := signedIn(i)
	secret := b.Cookie("__Host-postern.main")
	for _, lang := range words.Languages() {
		b.Post("/profile/language", map[string][]string{"lang": {lang},
			"back": {"/company"}}).Want(http.StatusOK)
		for _, path := range paths {
			wait.Go(func() {
				other := i.Browser()
				other.SetCookie("__Host-postern.main", secret)
				wantLanguage(t, other.Get(path), lang)
			})
		}
		wait.Wait()
	}
}

// wantLanguage checks that the page is complete and shows no message key.
func wantLanguage(t *testing.T, page *webtest.Page, lang string) {
	t.Helper()
	if page.Status >= 500 || page.Attr("html", "lang") != lang || !page.Has("footer") ||
		page.Text("h1") == "" {
		t.Errorf("%s in %s: %d, language %q: %.300s", page.URL, lang, page.Status,
			page.Attr("html", "lang"), page.Body)
	}
	wantWordsApart(t, page)
	if leak := keyShape.FindString(page.Text("main")); leak != "" {
		t.Errorf("%s in %s shows the key %q", page.URL, lang, leak)
	}
}

package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/shop"
	"postern/storage"
)

// correspondent is a customer who causes emails of every kind from pages in one language.
type correspondent struct {
	*testApp
	page string
	sent map[string]string // languages by kind
}

// collect sends the emails due, records the languages of those to customers under kind, and returns their
// text.
func (c *correspondent) collect(kind string) (text string) {
	c.t.Helper()
	c.work()
	for _, m := range c.deliver() {
		if m.To != support {
			c.sent[kind+" to "+m.To], text = m.Lang, m.Text
		}
	}
	if text == "" {
		c.t.Errorf("%s: no email", kind)
	}
	return text
}

func (c *correspondent) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *correspondent) browser(secret string) portal.Visitor {
	browser := firefox(secret)
	browser.Lang = c.page
	return c.app.Visitor(c.shop, browser)
}

// enter signs in with a code, so that the session is fresh.
func (c *correspondent) enter(secret string) portal.Shopper {
	c.t.Helper()
	_, err := c.browser(secret).RequestLink(c.t.Context(), jan, "", c.page)
	c.must(err)
	signed, err := c.browser(secret).EnterCode(c.t.Context(), jan,
		firstGroup(codeInMail, c.collect("sign-in")))
	c.must(err)
	return c.shopper(signed.Cookie).InLanguage(c.page)
}

// writeAll causes every kind of email that a page can trigger.
func (c *correspondent) writeAll() {
	c.t.Helper()
	ctx := c.t.Context()
	s := c.enter("one")
	c.collect("notice")
	c.must(s.RequestCode(ctx))
	c.collect("step-up code")
	company := s.Company()
	company.Name, company.Country, company.VATID = "Knihy", "SK", "SK2022273990"
	_, err := s.SaveCompany(ctx, company)
	c.must(err)
	c.collect("change_notice")
	order, err := s.Order(ctx, "1")
	c.must(err)
	_, err = s.Withdraw(ctx, storage.NewID(),
		portal.WithdrawalChoice{Number: "1", Name: "Jan", LinesVersion: order.LinesVersion(), Lang: c.page})
	c.must(err)
	c.collect("withdrawal receipt")
	c.must(s.RequestReturn(ctx, portal.Request{
		Form: s.NewForm(), Number: "1", Quantities: map[int]string{0: "1"}, Reason: "size",
		Mark: order.LinesVersion(), Lang: c.page,
	}))
	c.collect("receipt of a request")
	_, err = s.RequestEmailChange(ctx, eva)
	c.must(err)
	c.collect("taken address")
	_, err = s.RequestErasure(ctx)
	c.must(err)
	c.collect("erasure")
	c.must(s.CancelErasure(ctx))
	_, err = s.RequestEmailChange(ctx, jana)
	c.must(err)
	code := firstGroup(codeInMail, c.collect("code of a new address"))
	_, err = s.ChangeEmail(ctx, jana, code, firefox("one"))
	c.must(err)
	undo := firstGroup(undoInMail, c.collect("changed address"))
	c.must(c.browser("mailbox").UndoEmailChange(ctx, undo))
	c.collect("undone change")
}

// TestOrdersLanguageIsUsedForEmails checks that emails which no page caused use the order's language if the
// customer has none, and the shop's if it does not have the order's.
func TestOrdersLanguageIsUsedForEmails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ order, put, want, kept, later string }{
		{order: `"de"`, put: `null`, later: "cs", want: "cs", kept: "cs"},
		{`"de-AT"`, "", "de", "de", ""},
		{`"slk"`, "", "sk", "sk", ""},
		{`"hu"`, "", "pl", "", ""}, // not offered
		{`"Klingonisch"`, "", "pl", "", ""},
		{`null`, "", "pl", "", ""},
		{`"de"`, `"cs"`, "cs", "cs", ""},
		{`"de"`, `null`, "de", "", ""}, // a customer introduced without a language
	} {
		t.Run(test.order+" "+test.put+" "+test.later, func(t *testing.T) {
			t.Parallel()
			c := &correspondent{testApp: newTestApp(t), sent: map[string]string{}}
			c.set(shop.Settings{Language: ptr("pl"), FirstOrderMail: ptr(true)})
			feed := c.feed()
			put := func(lang string) {
				_, err := feed.PutCustomer(t.Context(), "77", fmt.Appendf(nil,
					`{"email":%q,"language":%s,"updated_at":"2026-03-01T10:00:00Z"}`, jan, lang))
				c.must(err)
			}
			if test.put != "" {
				put(test.put)
			}
			order := strings.Replace(string(c.placed("1", jan, time.Hour)), "{",
				`{"language":`+test.order+`,`, 1)
			c.put([]byte(order))
			if test.later != "" {
				c.work() // the email is queued, and not composed yet
				_, err := feed.PutCustomer(t.Context(), "77", fmt.Appendf(nil,
					`{"email":%q,"language":%q,"updated_at":"2026-03-02T10:00:00Z"}`, jan, test.later))
				c.must(err)
			}
			c.collect("first order")
			if test.put == "" {
				put("null")
			}
			record, err := feed.Customer(t.Context(), "77")
			c.must(err)
			if got := c.sent["first order to "+jan]; got != test.want || record.Language != test.kept {
				t.Errorf("sent in %q, want %q; the customer has %q, want %q", got, test.want, record.Language,
					test.kept)
			}
			if test.kept == test.want || test.put == "" {
				c.must(feed.MailSignIn(t.Context(), "77", []byte(`{}`), ""))
				c.collect("invitation")
				if got := c.sent["invitation to "+jan]; got != test.want {
					t.Errorf("the invitation is in %q, want %q", got, test.want)
				}
			}
		})
	}
}

// TestLanguageOfEmails checks that every kind of email uses the language of the page that caused it,
// otherwise the customer's, otherwise the shop's.
func TestLanguageOfEmails(t *testing.T) {
	for _, test := range []struct{ name, page, customer, want string }{
		{"the page's", "de", "sk", "de"},
		{"the customer's", "", "sk", "sk"},
		{"the shop's", "", "", "pl"},
		{"the shop's, where it has not the customer's", "", "hu", "pl"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := &correspondent{testApp: newTestApp(t), page: test.page, sent: map[string]string{}}
			c.set(shop.Settings{Language: ptr("pl"), SupportEmail: ptr(support), FirstOrderMail: ptr(true)})
			feed := c.feed()
			_, err := feed.PutCustomer(t.Context(), "77",
				fmt.Appendf(nil, `{"email":%q,"language":%q,"updated_at":"2026-03-01T10:00:00Z"}`,
					jan, test.customer))
			c.must(err)
			c.put(c.placed("1", jan, time.Hour))
			c.collect("first order")
			c.put(c.placed("2", eva, 100*time.Hour))
			c.must(feed.MailSignIn(t.Context(), "77", []byte(`{}`), ""))
			c.collect("invitation")
			for kind, lang := range c.sent {
				if want := map[bool]string{true: test.want,
					false: test.customer}[test.page == ""]; lang != want {
					t.Errorf("%s, which no page caused, is in %s, want %s", kind, lang, want)
				}
			}
			clear(c.sent)
			c.writeAll()
			for kind, lang := range c.sent {
				if lang != test.want {
					t.Errorf("%s is in %s, want %s", kind, lang, test.want)
				}
			}
			if len(c.sent) < 11 {
				t.Errorf("only %d kinds: %v", len(c.sent), c.sent)
			}
		})
	}
}

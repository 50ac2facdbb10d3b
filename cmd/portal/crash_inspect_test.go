package main

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/order"
	"postern/portal/validate"
)

// inspect checks the store as the killed server left it, and again after another process has continued the
// work.
func (b *ledger) inspect(t *testing.T) {
	t.Helper()
	then := b.open(t, b.killedAt)
	for _, p := range b.all {
		then.repeatClicks(p)
	}
	then.close()
	later := b.open(t, b.killedAt.Add(leaseOver))
	defer later.close()
	later.work()
	later.send(b.sink, b.killedAt.Add(leaseOver))
	for _, d := range b.stored {
		later.checkOrder(b.key, d)
	}
	for _, p := range b.buyers {
		later.checkLinks(p, b.sink.mailedTo(p.email))
		later.checkAccount(p)
	}
}

// repeatClicks presses the button again in every browser that had done so before the kill. Exactly one
// browser is signed in; if its click was answered, it still has the same session.
func (f found) repeatClicks(p *buyer) {
	f.Helper()
	if len(p.clicks) == 0 {
		return
	}
	in := slices.Clone(p.sessions)
	for _, before := range p.clicks {
		signed, err := f.visitor(p, before.browser).Redeem(f.Context(), p.token)
		if err != nil && validate.KindOf(err) != validate.Gone {
			f.Errorf("%s: repeat a click: %v", p.email, err)
		}
		lost := before.session != "" && (err != nil || before.session != signed.Cookie)
		if lost || before.status == http.StatusGone && err == nil {
			f.Errorf("%s: a click that was answered with %d, session %v, is answered with %v now", p.email,
				before.status, before.session != "", err)
		}
		if err == nil {
			in = append(in, signed.Cookie)
		}
		if before.status == 0 {
			p.cut++
		}
	}
	slices.Sort(in)
	if p.sessions = slices.Compact(in); len(p.sessions) != 1 {
		f.Errorf("%s: %d clicks, %d are in", p.email, len(p.clicks), len(p.sessions))
	}
	p.clicks = nil
}

// checkOrder sends an acknowledged order again, which must be unchanged.
func (f found) checkOrder(key string, d delivery) {
	f.Helper()
	feed, err := f.app.Feed(f.Context(), f.shop, key)
	if err != nil {
		f.Fatal(err)
	}
	if receipt, err := feed.PutOrder(f.Context(), d.number,
		[]byte(d.document)); receipt.Outcome != order.Unchanged {
		f.Errorf("order %s was lost or altered: %s, %v", d.number, receipt.Outcome, err)
	}
}

// checkLinks checks that each emailed link works, was used, or was replaced by the used one.
func (f found) checkLinks(p *buyer, tokens []string) {
	f.Helper()
	if len(tokens) < p.asked {
		f.Errorf("%s asked %d times and has %d mails", p.email, p.asked, len(tokens))
	}
	for _, token := range tokens {
		page, err := f.visitor(p, "").Link(f.Context(), token)
		fits := page.State == credential.LinkLive
		if len(p.sessions) > 0 {
			fits = token == p.token && page.State == credential.LinkUsed ||
				token != p.token && (page.State == credential.LinkLive ||
					page.State == credential.LinkReplaced)
		}
		if err != nil || !fits {
			f.Errorf("%s: a link is %q, used: %v, signed in: %v, %v", p.email, page.State, token == p.token,
				len(p.sessions) > 0, err)
		}
	}
}

// checkAccount checks the only session, the saved addresses, and the list of orders.
func (f found) checkAccount(p *buyer) {
	f.Helper()
	if len(p.sessions) == 0 {
		return
	}
	shopper, err := f.app.Shopper(f.Context(), f.shop, p.sessions[0])
	if err != nil {
		f.Errorf("%s: the session is lost: %v", p.email, err)
		return
	}
	if list, err := shopper.Sessions(f.Context()); err != nil || len(list) != 1 {
		f.Errorf("%s: %d sessions, %v", p.email, len(list), err)
	}
	saved, err := shopper.Addresses(f.Context())
	for _, line := range p.saved {
		if err != nil || !slices.ContainsFunc(saved,
			func(a customer.SavedAddress) bool { return a.Address.Line1 == line }) {
			f.Errorf("%s: the address %s is lost: %v, %v", p.email, line, saved, err)
		}
	}
	f.checkList(p, shopper)
}

// checkList compares the number of orders in a buyer's list with the total above it.
func (f found) checkList(p *buyer, shopper portal.Shopper) {
	f.Helper()
	listed := int64(0)
	for query := (order.Query{}); ; {
		page, err := shopper.Orders(f.Context(), query)
		if err != nil {
			f.Fatal(err)
		}
		listed += int64(len(page.Rows))
		if query.Cursor = page.Next; query.Cursor == "" {
			if listed != page.Total {
				f.Errorf("%s: %d orders are listed, the total is %d", p.email, listed, page.Total)
			}
			return
		}
	}
}

// inspectAll uses the first link of every buyer who never used one, and checks once more everything that
// was ever acknowledged.
func (b *ledger) inspectAll(t *testing.T) {
	t.Helper()
	f := b.open(t, time.Now().Add(leaseOver))
	defer f.close()
	in, cut := 0, 0
	for _, p := range b.all {
		tokens := b.sink.mailedTo(p.email)
		cut += p.cut
		if len(p.sessions) > 0 {
			in++
		} else if len(tokens) > 0 && p.choose(tokens[0]) {
			p.clicks = []*click{{browser: p.browsers[0], status: http.StatusSeeOther}}
			f.repeatClicks(p)
		}
		f.checkLinks(p, tokens)
		f.checkAccount(p)
	}
	t.Logf("%d buyers, %d signed in under load, %d clicks without an answer", len(b.all), in, cut)
	if in == 0 {
		t.Error("nobody signed in under load")
	}
}

package portal

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"postern/portal/credential"
	"postern/portal/secret"
	"postern/portal/secret/secrettest"
	"postern/portal/shop"
	"postern/storage/storagetest"
)

// noon is the time at which these tests run.
func noon() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// TestClientNetwork checks that a client is identified by its IPv4 address or its IPv6 /64, in any
// notation.
func TestClientNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7": "192.0.2.7/32",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:3::1": "2001:db8:1:3::/64", "": "",
	} {
		ip, _ := netip.ParseAddr(address)
		if got := clientNetwork(ip); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// TestTokensTellShopsAndAddressesApart checks that keys of credentials, session cookies and codes change with
// each of their inputs.
func TestTokensTellShopsAndAddressesApart(t *testing.T) {
	t.Parallel()
	app := New(nil, secrettest.Ring())
	a, b := credential.NewToken(app.credentialsID("a",
		"jan@example.com")), credential.NewToken(app.credentialsID("a", "jan@example.com"))
	session := func(t credential.Token, secret string) string {
		s, _ := t.Session(secret)
		return s.String()
	}
	other := credential.Token{Credentials: app.credentialsID("b", "jan@example.com"), Secret: a.Secret}
	forms := []string{
		app.credentialsID("a", "jan@example.com"), app.credentialsID("b", "jan@example.com"),
		app.credentialsID("a", "eva@example.com"), app.credentialsID("ajan", "@example.com"),
		a.String(), b.String(), other.String(), session(a, "one"), session(a, "two"), session(b, "one"),
		a.Hash(), b.Hash(),
		credential.CodeHash("1", "ABCDEFGH"), credential.CodeHash("2", "ABCDEFGH"),
		credential.CodeHash("1", "ABCDEFGJ"), secret.Hash("ABCDEFGH"),
	}
	slices.Sort(forms)
	if unlike := len(slices.Compact(slices.Clone(forms))); unlike != len(forms) {
		t.Errorf("%d of %d are unlike", unlike, len(forms))
	}
	half := a
	half.Secret[31] ^= 1
	if half.Hash() == a.Hash() || session(half, "one") == session(a, "one") {
		t.Error("the last byte of the secret does not count")
	}
	if again := session(a, "one"); !slices.Contains(forms, again) {
		t.Error("the same browser gets another session")
	}
}

// TestTouch checks that the later of two uses of a session is kept, whatever the order of writing, and that
// neither another session nor one that has ended in between is changed.
func TestTouch(t *testing.T) {
	t.Parallel()
	a := New(storagetest.Open(t, Collections()...), secrettest.Ring())
	ctx, docs, key := t.Context(), a.credentialDocs("main"), a.credentialsID("main", "")
	first, second := credential.Session{Hash: "first", SignedInAt: noon(),
		SeenAt: noon()}, credential.Session{Hash: "second", SignedInAt: noon(), SeenAt: noon()}
	if err := docs.Insert(ctx, key,
		credential.Credentials{Sessions: []credential.Session{first, second}}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		of credential.Session
		at time.Duration
	}{{second, 20 * time.Minute}, {second, 10 * time.Minute},
		{credential.Session{Hash: "ended"}, time.Hour}} {
		s := Shopper{app: a, shop: shop.Shop{ID: "main"}, credentialsKey: key, session: step.of}
		if err := s.touch(ctx, noon().Add(step.at)); err != nil {
			t.Errorf("%s after %s: %v", step.of.Hash, step.at, err)
		}
	}
	doc, _, err := docs.Get(ctx, key)
	if err != nil || !doc.Sessions[0].SeenAt.Equal(noon()) ||
		!doc.Sessions[1].SeenAt.Equal(noon().Add(20*time.Minute)) {
		t.Errorf("%+v, %v", doc.Sessions, err)
	}
}

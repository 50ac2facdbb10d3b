package gate

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// fromPeer returns a request from a peer's address, without a network.
func fromPeer(t *testing.T, peer net.Addr, header ...string) *fiber.Ctx {
	t.Helper()
	var request fasthttp.Request
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	var inner fasthttp.RequestCtx
	inner.Init(&request, peer, nil)
	app := fiber.New(fiber.Config{Immutable: true})
	c := app.AcquireCtx(&inner)
	t.Cleanup(func() { app.ReleaseCtx(c) })
	return c
}

func TestPeer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		peer net.Addr
		want string
	}{
		{"IPv4", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7).To4(), Port: 1}, "192.0.2.7"},
		{"IPv4 at a socket for both", &net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.7"),
			Port: 1}, "192.0.2.7"},
		{"IPv6", &net.TCPAddr{IP: net.ParseIP("2001:db8::5"), Port: 1}, "2001:db8::5"},
		{"a socket of the machine", &net.UnixAddr{Name: "@", Net: "unix"}, "invalid IP"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := peerOf(fromPeer(t, test.peer)); got.String() != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestTrustOfPeers checks that trust depends on the peer's own address, not on its headers.
func TestTrustOfPeers(t *testing.T) {
	t.Parallel()
	g := New(Config{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, test := range []struct{ name, peer, forwarded, address, id string }{
		{"a proxy for a stranger", "10.1.1.1", "192.0.2.7", "192.0.2.7", "chosen-by-peer"},
		{"a proxy at a socket for both", "::ffff:10.1.1.1", "192.0.2.7", "192.0.2.7", "chosen-by-peer"},
		{"a stranger that names a proxy", "192.0.2.7", "10.1.1.1", "192.0.2.7", ""},
		{"a stranger that names nobody", "192.0.2.7", "", "192.0.2.7", ""},
		{"a proxy that names nobody", "10.1.1.1", "", "10.1.1.1", "chosen-by-peer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := fromPeer(t, &net.TCPAddr{IP: net.ParseIP(test.peer)}, "X-Forwarded-For", test.forwarded,
				"X-Request-Id", "chosen-by-peer")
			g.identify(c)
			if got := Address(c).String(); got != test.address {
				t.Errorf("address %s, want %s", got, test.address)
			}
			if got := RequestID(c); (got == "chosen-by-peer") != (test.id != "") || len(got) < 14 {
				t.Errorf("id %q", got)
			}
		})
	}
	nobody := fromPeer(t, &net.UnixAddr{Name: "@", Net: "unix"}, "X-Forwarded-For", "192.0.2.7",
		"X-Request-Id", "chosen-by-peer")
	g.identify(nobody)
	if Address(nobody).IsValid() || RequestID(nobody) == "chosen-by-peer" {
		t.Errorf("a peer without an address is believed: %s, %s", Address(nobody), RequestID(nobody))
	}
}

// TestBrowserOf checks the browser data that the portal gets.
func TestBrowserOf(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("u", 510)
	for _, test := range []struct{ name, agent, want string }{
		{"none", "", ""},
		{"a short one", "Firefox", "Firefox"},
		{"a full one", full + "12", full + "12"},
		{"one too long", full + "123", full + "12"},
		{"a sign cut in two", full + "1ž", full + "1"},
		{"a sign that is none", "a\xffb", "ab"},
	} {
		t.Run(test.name, func(t *testing.T) {
			secret := strings.Repeat("s", 43)
			c := fromPeer(t, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7)}, "User-Agent", test.agent, "Cookie",
				"postern-browser.="+secret)
			New(Config{}).identify(c)
			if got := browserOf(c); got.UserAgent != test.want || got.Secret != secret ||
				got.IP != netip.MustParseAddr("192.0.2.7") {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestSecretIsAllChance checks that each character of a secret varies.
func TestSecretIsAllChance(t *testing.T) {
	t.Parallel()
	const drawn = 200
	var seen [43]map[byte]bool
	for range drawn {
		secret := newSecret()
		if !secretShape.MatchString(secret) {
			t.Fatalf("secret %q", secret)
		}
		for i := range seen {
			if seen[i] == nil {
				seen[i] = map[byte]bool{}
			}
			seen[i][secret[i]] = true
		}
	}
	for i, signs := range seen {
		if len(signs) < 8 { // the last character has only four bits
			t.Errorf("sign %d of %d secrets is one of %d", i, drawn, len(signs))
		}
	}
	ids := map[string]bool{}
	for range drawn {
		ids[newRequestID()] = true
	}
	if len(ids) != drawn {
		t.Errorf("%d ids of %d requests", len(ids), drawn)
	}
}

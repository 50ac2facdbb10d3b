package web_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/portal/web/webtest"
)

// proxy is a reverse proxy from Debian in front of the site, configured as in the operating guide.
type proxy struct {
	program string
	command func(dir string) []string
	config  func(block string, p place) string
}

// place holds the paths and addresses of a proxy in a test.
type place struct{ dir, addr, site, cert, key string }

func nginx() proxy {
	return proxy{
		program: "nginx",
		command: func(dir string) []string {
			return []string{"-p", dir, "-c", filepath.Join(dir, "config"), "-e", "stderr"}
		},
		config: func(block string, p place) string {
			block = strings.NewReplacer("listen 443", "listen "+p.addr, "account.shop.example",
				"account.shop.test",
				"/etc/ssl/account.shop.example.pem", p.cert, "/etc/ssl/account.shop.example.key", p.key,
				"127.0.0.1:8080", p.site).Replace(block)
			return "daemon off;\nmaster_process off;\npid nginx.pid;\nevents {}\nhttp {\nport_in_redirect off;\naccess_log " + p.dir + "/access.log;\n" +
				"client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path f;\nuwsgi_temp_path u;\nscgi_temp_path s;\n" + block + "}\n"
		},
	}
}

func caddy() proxy {
	return proxy{
		program: "caddy",
		command: func(dir string) []string {
			return []string{"run", "--adapter", "caddyfile", "--config", filepath.Join(dir, "config")}
		},
		config: func(block string, p place) string {
			_, port, _ := net.SplitHostPort(p.addr)
			block = strings.NewReplacer("account.shop.example {",
				"account.shop.test:"+port+" {\n\tbind 127.0.0.1\n\ttls "+p.cert+" "+p.key,
				"127.0.0.1:8080", p.site).Replace(block)
			return "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n" + block
		},
	}
}

// operatingGuide contains the configurations that this test runs.
const operatingGuide = "../../cmd/portal/README.md"

// guideBlock returns the operating guide's first code block in a language.
func guideBlock(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(operatingGuide)
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "\n```"+language+"\n")
	block, _, ended := strings.Cut(block, "\n```\n")
	if !found || !ended {
		t.Fatalf("%s has no block in %s", operatingGuide, language)
	}
	return block + "\n"
}

// start runs the proxy with a configuration until the test ends, and returns a transport to it and its
// directory.
func (p proxy) start(t *testing.T, block, site string) (http.RoundTripper, string) {
	t.Helper()
	program, err := exec.LookPath(p.program)
	if err != nil {
		howTo := "this test needs a proxy: apt-get install nginx-light caddy"
		if os.Getenv("PORTAL_TEST_REQUIRE") != "" {
			t.Fatal(howTo)
		}
		t.Skip(howTo)
	}
	at := place{dir: t.TempDir(), addr: webtest.FreeAddress(t), site: site}
	at.cert, at.key = certificate(t, at.dir)
	if err := os.WriteFile(filepath.Join(at.dir, "config"), []byte(p.config(block, at)), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, p.command(at.dir)...)
	command.Env = append(os.Environ(), "HOME="+at.dir, "XDG_DATA_HOME="+at.dir, "XDG_CONFIG_HOME="+at.dir)
	var said strings.Builder
	command.Stderr, command.Stdout = &said, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() {
		<-ended
		if t.Failed() {
			t.Log(said.String())
		}
	})
	if !answers(at.addr, ended) {
		t.Fatalf("%s does not answer: %s", p.program, said.String())
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, at.addr)
	}
	way := &http.Transport{DialContext: dial, ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // its own
	t.Cleanup(way.CloseIdleConnections)
	return way, at.dir
}

// answers waits until the address accepts connections. It returns false if the process ends first, or after
// a minute.
func answers(addr string, ended <-chan struct{}) bool {
	tick, late := time.NewTicker(20*time.Millisecond), time.NewTimer(time.Minute)
	defer tick.Stop()
	for {
		if conn, err := net.Dial("tcp", addr); err == nil {
			conn.Close()
			return true
		}
		select {
		case <-tick.C:
		case <-ended:
			return false
		case <-late.C:
			return false
		}
	}
}

// certificate writes a self-signed certificate for the shop.
func certificate(t *testing.T, dir string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"account.shop.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert},
		"key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
}

// everyPrefix returns nginx locations for all route prefixes, as an operator may write to limit or log
// parts of the site.
func everyPrefix(h testSite) string {
	seen := map[string]bool{"/": true, "/sign-in/": true, "/unsubscribe/": true}
	var more strings.Builder
	for _, route := range h.site.GetRoutes(true) {
		prefix, _, _ := strings.Cut(route.Path, ":")
		prefix = prefix[:strings.LastIndexByte(prefix, '/')+1]
		if !seen[prefix] {
			seen[prefix] = true
			fmt.Fprintf(&more, "\tlocation %s {\n\t\taccess_log off;\n\t\tproxy_pass http://127.0.0.1:8080;\n\t}\n", prefix)
		}
	}
	return more.String()
}

// TestProxies uses the site through the proxies that the operating guide configures and through variants of
// them.
func TestProxies(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	asNginx, asCaddy := guideBlock(t, "nginx"), guideBlock(t, "caddy")
	zip := "gzip on;\n\tgzip_proxied any;\n\tgzip_min_length 0;\n\tgzip_types *;"
	for _, test := range []struct {
		name   string
		proxy  proxy
		config string
	}{
		{"nginx", nginx(), asNginx},
		{"nginx that compresses", nginx(), strings.Replace(asNginx, "gzip off;", zip, 1)},
		{"nginx with a location for each part", nginx(),
			strings.Replace(asNginx, "\tlocation / {", everyPrefix(h)+"\tlocation / {", 1)},
		{"Caddy", caddy(), asCaddy},
		{"Caddy that compresses", caddy(),
			strings.Replace(asCaddy, "\treverse_proxy", "\tencode zstd gzip\n\treverse_proxy", 1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			way, dir := test.proxy.start(t, test.config, h.way.Addr)
			b := webtest.NewBrowser(t, "https://account.shop.test", way)
			walk(t, h, b)
			log, err := os.ReadFile(filepath.Join(dir, "access.log"))
			if err == nil && (strings.Contains(string(log), "/sign-in/link/") ||
				!strings.Contains(string(log), "POST /sign-out")) {
				t.Errorf("the log of %s: %s", test.name, log)
			}
		})
	}
}

// walk signs in with a link, enters a step-up code, opens an order whose number contains a slash, and
// submits one form of each kind.
func walk(t *testing.T, h testSite, b *webtest.Browser) {
	t.Helper()
	const jana = "jana@example.com"
	h.SignIn(b, jana)
	if at := strings.TrimSuffix(b.Page.URL.Path, "/"); at != "/orders" {
		t.Fatalf("a link leads to %s: %s", at, b.Page.Text("main"))
	}
	feed := webtest.Request{Method: http.MethodPut, Path: "/api/v1/orders/a%2Fb", Body: proxyOrder,
		Header: map[string]string{"Authorization": "Bearer " + h.Key("main"),
			"Content-Type": "application/json"}}
	if page := b.Send(feed); page.Status != http.StatusCreated && page.Status != http.StatusOK {
		t.Fatalf("the feed is answered with %d: %s", page.Status, page.Body)
	}
	if got := b.Get("/orders/a%2Fb").Want(http.StatusOK).Text("h1"); !strings.Contains(got, "a/b") {
		t.Errorf("the order's page is %q", got)
	}
	b.Get("/profile")
	b.Submit("main form", map[string]string{"first_name": "Jana", "last_name": "Nová"}).Want(http.StatusOK)
	if !b.Page.Has(".flash") {
		t.Errorf("the profile was not saved: %s", b.Page.Text("main"))
	}
	b.Get("/withdraw")
	b.Submit("main form", map[string]string{"name": "Jana Nová", "number": "a/b",
		"email": jana}).Want(http.StatusOK)
	if !b.Page.Has("main button.link") {
		t.Errorf("no confirmation of the withdrawal: %s", b.Page.Text("main"))
	}
	b.Get("/profile/email")
	b.Submit("form[action='/security/confirm/send']", nil).Want(http.StatusOK)
	h.Deliver()
	b.Submit("form[action='/security/confirm/']",
		map[string]string{"code": webtest.CodeIn(h.Mailbox.Last(jana))}).Want(http.StatusOK)
	if at := strings.TrimSuffix(b.Page.URL.Path, "/"); at != "/profile/email" {
		t.Errorf("the code leads to %s", at)
	}
	b.Submit("main form", map[string]string{"email": "no address"}).Want(http.StatusUnprocessableEntity)
	b.Post("/sign-out", nil)
	if at := strings.TrimSuffix(b.Page.URL.Path, "/"); at != "/sign-in" {
		t.Errorf("signing out leads to %s", at)
	}
}

const proxyOrder = `{"email":"jana@example.com","placed_at":"2026-03-01T10:00:00Z","updated_at":"2026-03-01T10:00:00Z","currency":"EUR",
	"total":"5.00","lines":[{"name":"Book","quantity":"1","total":"5.00"}]}`

package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"postern/portal"
	"postern/storage/sqlite"
)

func TestServeRefusesToStart(t *testing.T) {
	t.Parallel()
	empty := writeFile(t, "password", "")
	smtp := []string{"--smtp", "smtp://mail.example"}
	for _, c := range []struct {
		name string
		env  map[string]string
		args []string
		want []string
	}{
		{"no mail server", nil, nil, []string{"--smtp", "PORTAL_SMTP", "PORTAL_SMTP_PASSWORD", "smtp://"}},
		{"password in the URL", nil, []string{"--smtp", "smtp://u:geheim@mail.example"},
			[]string{"--smtp", "password"}},
		{"user without password", nil, []string{"--smtp", "smtp://u@mail.example"},
			[]string{"--smtp", "no password", smtpPassword, "--smtp-password-file"}},
		{"empty password file", nil, []string{"--smtp", "smtp://u@mail.example", "--smtp-password-file",
			empty}, []string{"no password"}},
		{"no password file", nil, append(smtp, "--smtp-password-file", "/nowhere"),
			[]string{"--smtp-password-file"}},
		{"password twice", map[string]string{smtpPassword: "x"}, append(smtp, "--smtp-password-file", empty),
			[]string{"use only one"}},
		{"certificate alone", nil, append(smtp, "--tls-cert", empty), []string{"--tls-key"}},
		{"key alone", nil, append(smtp, "--tls-key", empty), []string{"--tls-cert"}},
		{"no certificate", nil, append(smtp, "--tls-cert", empty, "--tls-key", empty),
			[]string{"--tls-cert and --tls-key"}},
		{"no certificate file", nil, append(smtp, "--tls-cert", "/nowhere", "--tls-key", empty),
			[]string{"cannot read /nowhere"}},
		{"metrics on the site's address",
			nil, append(smtp, "--addr", "127.0.0.1:1", "--metrics-addr", "127.0.0.1:1"),
			[]string{"--metrics-addr", "must differ"}},
		{"no time", nil, append(smtp, "--shutdown-timeout", "0s"), []string{"--shutdown-timeout"}},
		{"no keys", nil, append(smtp, "--dkim", "/nowhere"), []string{"--dkim", "/nowhere"}},
		{"traces nowhere", map[string]string{otelEndpoint: "collector:4318"}, smtp,
			[]string{otelEndpoint, "http://"}},
		{"traces by another protocol",
			map[string]string{otelEndpoint: "http://127.0.0.1:1", otelProtocol: "grpc"}, smtp,
			[]string{otelProtocol, "grpc"}},
		{"all at once", map[string]string{otelTracesEndpoint: "x", otelExporter: "zipkin"},
			[]string{"--addr", "here", "--log", "xml", "--log-level", "loud", "--trusted-proxies",
				"10.0.0.0/40", "--config", writeFile(t, "c", "adr = 1"),
				"--metrics-addr", "there", "--tls-cert", empty, "--dkim", "/nowhere",
				"--shutdown-timeout", "20"},
			[]string{"12 problems", "--addr", "--log:", "--log-level", "--trusted-proxies", "--smtp", `"adr"`,
				"--metrics-addr", "--tls-key", "--dkim",
				"--shutdown-timeout", otelTracesEndpoint, otelExporter}},
		{"beside other problems", nil, []string{"--smtp-password-file", "/nowhere", "--trusted-proxies",
			"10.0.0.0/40,here", "--store", "mongodb://db.example/a?w=x%"},
			[]string{"6 problems", "--smtp-password-file", "--smtp:", "10.0.0.0/40", `"here"`,
				"--store: the address is malformed", "--secret-key-file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"serve", "--store", t.TempDir() + "/store"}, c.args...)
			got := call(t, c.env, args...).want(t, exitUsage, c.want...)
			if strings.Contains(got.err, "geheim") {
				t.Error("the password is shown")
			}
		})
	}
}

// TestServeWithAnUnreadFile checks that no setting is reported as missing that might be in the unreadable
// file.
func TestServeWithAnUnreadFile(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"/nowhere.conf", writeFile(t, "portal.conf", "addr")} {
		got := call(t, nil, "serve", "--store", t.TempDir()+"/store", "--config", file).want(t,
			exitUsage, file)
		if strings.Contains(got.err, "--smtp") {
			t.Errorf("more than the file is blamed:\n%s", got.err)
		}
	}
}

func TestServeRefusesPlainHTTP(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	call(t, nil, "shop", "set", "--store", dir, "--base-url", "http://shop.example",
		"--insecure-http").want(t, exitOK)
	args := []string{"serve", "--store", dir, "--addr", "127.0.0.1:0", "--smtp", "smtp://mail.example"}
	call(t, nil, args...).want(t, exitUsage, "http://shop.example", "--insecure-http")
	start(t, nil, append(args, "--insecure-http")...).wait("listens on")
}

// TestTwoServers checks that a store has only one server and that a port in use is reported as such.
func TestTwoServers(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	args := []string{"serve", "--store", dir, "--smtp", "smtp://mail.example", "--addr"}
	first := start(t, nil, append(args, "127.0.0.1:0")...)
	address := strings.TrimPrefix(first.wait("listens on "), "http://")
	call(t, nil, append(args, "127.0.0.1:0")...).want(t, exitFailure, "already serves the store", dir)
	call(t, nil, "serve", "--store", shopStore(t), "--smtp", "smtp://mail.example", "--addr", address).want(t,
		exitFailure, "Cannot listen", "--addr")
	call(t, nil, "shop", "list", "--store", dir).want(t, exitOK, "Bookshop")
	if status := first.end(); status != exitOK {
		t.Errorf("stopped with %d:\n%s", status, first.said())
	}
	second := start(t, nil, append(args, "127.0.0.1:0")...)
	second.wait("listens on ")
}

func TestServeRefusesAMistypedStore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "stoer")
	call(t, nil, "serve", "--store", dir, "--smtp", "smtp://mail.example", "--addr", "127.0.0.1:0").want(t,
		exitFailure, dir, "--init")
	if _, err := os.Stat(dir); err == nil {
		t.Error("a store was made")
	}
}

func TestServeWithoutAShop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir() + "/store"
	server := start(t, nil, "serve", "--init", "--store", dir, "--smtp", "smtp://mail.example",
		"--addr", "127.0.0.1:0")
	server.wait("There is no shop yet")
	server.wait("portal shop create main --store " + dir)
}

// postOffice is a mail server in this process.
type postOffice struct{ taken chan string }

func (p postOffice) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return session(p), nil }

type session struct{ taken chan string }

func (session) Mail(string, *gosmtp.MailOptions) error { return nil }
func (session) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (session) Reset()                                 {}
func (session) Logout() error                          { return nil }
func (s session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	s.taken <- string(text)
	return err
}

func openPostOffice(t *testing.T) (address string, taken chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken = make(chan string, 1)
	office := gosmtp.NewServer(postOffice{taken})
	go office.Serve(listener)
	t.Cleanup(func() { office.Close() })
	return listener.Addr().String(), taken
}

// TestServeSendsMail covers the whole path: a requested email is sent over SMTP to a customer whom another
// process has imported.
func TestServeSendsMail(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	office, taken := openPostOffice(t)
	server := start(t, map[string]string{"PORTAL_STORE": dir, "PORTAL_ADDR": "127.0.0.1:0"},
		"serve", "--smtp", "smtp://"+office+"?starttls=off", "--log", "json")
	base := server.wait("listens on ")
	call(t, nil, "import", "orders", writeFile(t, "o.ndjson", orderLine(1001)), "--store",
		dir).want(t, exitOK)
	response, err := http.Post(base+"/sign-in", "application/x-www-form-urlencoded",
		strings.NewReader("email=jana%40example.com"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if text := <-taken; !strings.Contains(text, "To: <jana@example.com>") || !strings.Contains(text,
		"/sign-in/link/") {
		t.Errorf("the mail:\n%s", text)
	}
	if status := server.end(); status != exitOK {
		t.Errorf("status %d", status)
	}
	for _, line := range []string{`"msg":"stopping"`, `"msg":"stopped","all_done":true`} {
		server.wait(line)
	}
	if log := server.said(); strings.Contains(log, "jana@") || !strings.Contains(log, `"route":"/sign-in"`) {
		t.Errorf("the log:\n%s", log)
	}
	call(t, nil, "outbox", "list", "--store", dir, "--state", "sent").want(t, exitOK, "jana@example.com")
}

// TestServeFinishesRequests stops the server when a request is half sent: it is still answered.
func TestServeFinishesRequests(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	key := strings.TrimSpace(call(t, nil, "apikey", "create", "--store", dir, "--name", "x").out)
	files := newPair(t, "first")
	for name, c := range map[string]struct {
		args []string
		dial func(address string) (net.Conn, error)
	}{
		"http": {nil, func(address string) (net.Conn, error) { return net.Dial("tcp", address) }},
		"https": {files.flags(), func(address string) (net.Conn,
			error) {
			return tls.Dial("tcp", address, files.trust(t))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"serve", "--store", dir, "--smtp", "smtp://mail.example", "--addr",
				"127.0.0.1:0"}, c.args...)
			server := start(t, nil, args...)
			address := strings.TrimPrefix(server.wait("listens on "), name+"://")
			conn, err := c.dial(address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			finishesRequest(t, server, conn, key)
		})
	}
	store, err := sqlite.Open(t.Context(), dir, portal.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
}

// finishesRequest sends half a request, stops the server, and sends the rest.
func finishesRequest(t *testing.T, server *running, conn net.Conn, key string) {
	t.Helper()
	body := orderLine(1001)
	fmt.Fprintf(conn, "PUT /api/v1/orders/1001 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", key, len(body))
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil { // the empty line after it
		t.Fatal(err)
	}
	server.stop()
	deadline := time.Now().Add(patience)
	for refused := false; !refused; { // until the server starts to stop
		probe, err := net.Dial("tcp", conn.RemoteAddr().String())
		if refused = err != nil; !refused {
			probe.Close()
		}
		if time.Now().After(deadline) {
			t.Fatal("the server goes on taking connections")
		}
	}
	io.WriteString(conn, body)
	response, err := http.ReadResponse(answers, nil)
	if err != nil || response.StatusCode != http.StatusCreated && response.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", response, err)
	}
	if status := server.end(); status != exitOK {
		t.Errorf("status %d:\n%s", status, server.said())
	}
}

// TestShutdownTimeout stops the server during a request or an email that never finishes.
func TestShutdownTimeout(t *testing.T) {
	t.Parallel()
	const request, letter = "requests were still running", "emails or jobs were still running"
	for name, c := range map[string]struct {
		hold       func(t *testing.T, address string, began <-chan struct{})
		said, none string
	}{
		"request": {halfRequest, request, letter},
		"mail":    {letterInHand, letter, request},
	} {
		t.Run(name, func(t *testing.T) {
			dir := shopStore(t)
			call(t, nil, "import", "orders", writeFile(t, "o.ndjson", orderLine(1001)), "--store",
				dir).want(t, exitOK)
			office, began := openStallingOffice(t)
			server := start(t, nil, "serve", "--store", dir, "--addr", "127.0.0.1:0", "--smtp",
				"smtp://"+office+"?starttls=off", "--shutdown-timeout", "500ms")
			c.hold(t, server.wait("listens on http://"), began)
			stopping := time.Now()
			if status := server.end(); status != exitFailure || time.Since(stopping) > 20*time.Second {
				t.Errorf("status %d after %s", status, time.Since(stopping))
			}
			if said := server.said(); !strings.Contains(said, c.said) || strings.Contains(said, c.none) {
				t.Errorf("nothing of %q, or something of %q, in:\n%s", c.said, c.none, said)
			}
			if name == "mail" {
				call(t, nil, "outbox", "list", "--store", dir, "--state", "waiting").want(t, exitOK,
					"jana@example.com")
			}
		})
	}
}

func halfRequest(t *testing.T, address string, _ <-chan struct{}) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprint(conn, "POST /sign-in HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
	if _, err := bufio.NewReader(conn).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
}

func letterInHand(t *testing.T, address string, began <-chan struct{}) {
	response, err := http.Post("http://"+address+"/sign-in", "application/x-www-form-urlencoded",
		strings.NewReader("email=jana%40example.com"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	<-began
}

// stallingOffice is a mail server that never answers whether it accepted a message.
type stallingOffice struct{ began, end chan struct{} }

func (o stallingOffice) NewSession(*gosmtp.Conn) (gosmtp.Session, error) {
	return stallingSession{office: o}, nil
}

type stallingSession struct {
	session
	office stallingOffice
}

func (s stallingSession) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	s.office.began <- struct{}{}
	<-s.office.end
	return err
}

func openStallingOffice(t *testing.T) (address string, began <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := stallingOffice{began: make(chan struct{}, 10), end: make(chan struct{})}
	office := gosmtp.NewServer(o)
	go office.Serve(listener)
	t.Cleanup(func() { close(o.end); office.Close() })
	return listener.Addr().String(), o.began
}

package main

import (
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// guardedOffice is a postOffice that requires the password "right".
type guardedOffice struct{ postOffice }

func (o guardedOffice) NewSession(*gosmtp.Conn) (gosmtp.Session, error) {
	return guardedSession{session(o.postOffice)}, nil
}

type guardedSession struct{ session }

func (guardedSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (guardedSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if password != "right" {
			return gosmtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// openGuarded opens a mail server that requires a password, with TLS if files is not nil.
func openGuarded(t *testing.T, files *pair) (address string, taken chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken = make(chan string, 1)
	office := gosmtp.NewServer(guardedOffice{postOffice{taken}})
	office.AllowInsecureAuth = true
	if files != nil {
		certificate, err := tls.LoadX509KeyPair(files.cert, files.key)
		if err != nil {
			t.Fatal(err)
		}
		office.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate},
			MinVersion: tls.VersionTLS12}
	}
	go office.Serve(listener)
	t.Cleanup(func() { office.Close() })
	return listener.Addr().String(), taken
}

// TestMailTest sends a test email successfully and with a failure at each step.
func TestMailTest(t *testing.T) {
	t.Parallel()
	store, files := shopStore(t), newPair(t, "mx.example")
	keys, _ := keyFolder(t)
	plain, taken := openGuarded(t, nil)
	secure, _ := openGuarded(t, &files)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	env := func(password string) map[string]string {
		return map[string]string{"PORTAL_STORE": store, "PORTAL_SMTP_PASSWORD": password}
	}
	for _, test := range []struct {
		name, server, password string
		args                   []string
		status                 int
		want                   []string
	}{
		{"without TLS", "smtp://shop@" + plain + "?starttls=off", "right", []string{"--dkim", keys}, exitOK,
			[]string{"connect", plain, "not encrypted", "as shop", "d=shop.example by s=2026a", "250",
				"message-id", "@shop.example"}},
		{"without a key", "smtp://shop@" + plain + "?starttls=off", "right", nil, exitOK,
			[]string{"there is no key for shop.example"}},
		{"with TLS", "smtp://shop@" + secure + "?ca=" + files.cert, "right", nil, exitOK,
			[]string{"TLS 1.3, certificate of shop.example until"}},
		{"a wrong password", "smtp://shop@" + plain + "?starttls=off", "wrong", nil, exitFailure,
			[]string{"sign-in", "failed", "sign_in_refused", "(535)",
				"check the user in --smtp and its password"}},
		{"an untrusted certificate", "smtp://shop@" + secure, "right", nil, exitFailure,
			[]string{"tls", "failed", "certificate_untrusted", "add its root with ca=FILE"}},
		{"no TLS there", "smtp://shop@" + plain, "right", nil, exitFailure,
			[]string{"tls_unavailable", "check scheme, port and starttls="}},
		{"nobody there", "smtp://shop@" + closed.Addr().String(), "right", nil, exitFailure,
			[]string{"connect", "failed", "check that it runs"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"mail", "test", "you@example.com", "--smtp", test.server}, test.args...)
			said := call(t, env(test.password), args...).want(t, test.status, test.want...)
			if strings.Contains(said.out+said.err, test.password+"\n") {
				t.Errorf("the password is shown: %s", said.out)
			}
			if test.status != exitOK {
				return
			}
			if text := <-channelOf(test.server, plain, taken); text != "" && !strings.Contains(text,
				"To: <you@example.com>") {
				t.Errorf("the email:\n%s", text)
			}
		})
	}
	var steps []struct{ Step, Result, Detail string }
	out := call(t, env("wrong"), "mail", "test", "you@example.com", "--smtp",
		"smtp://shop@"+plain+"?starttls=off", "--json").want(t, exitFailure).out
	if err := json.Unmarshal([]byte(out), &steps); err != nil || len(steps) != 3 ||
		steps[2].Step != "sign-in" || steps[2].Result != "failed" {
		t.Errorf("%v: %s", err, out)
	}
	call(t, env("right"), "mail", "test", "nobody", "--smtp", "smtp://shop@"+plain).want(t, exitUsage,
		`"nobody" is not a valid email`)
	call(t, env(""), "mail", "test", "you@example.com").want(t, exitUsage, "--smtp: there is no mail server")
}

// channelOf returns the channel for a server's emails, or a closed channel if the test does not read them.
func channelOf(server, plain string, taken chan string) <-chan string {
	if strings.Contains(server, plain) {
		return taken
	}
	none := make(chan string)
	close(none)
	return none
}

// TestServeNamesMailFaults starts with a mail server that refuses the connection. The portal still runs,
// its log says what to do, and it is not ready until the fault is fixed.
func TestServeNamesMailFaults(t *testing.T) {
	t.Parallel()
	files := newPair(t, "mx.example")
	plain, _ := openGuarded(t, nil)
	secure, _ := openGuarded(t, &files)
	for _, test := range []struct{ name, server, line, state string }{
		{"a wrong password", "smtp://shop@" + plain + "?starttls=off",
			"mail server refused the sign-in (535); 0 emails are waiting; check the user in --smtp and its password", "sign_in_refused"},
		{"an untrusted certificate", "smtp://shop@" + secure,
			"mail server's certificate is not trusted; 0 emails are waiting; check the host in --smtp, or add its root with ca=FILE",
			"certificate_untrusted"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := start(t, map[string]string{"PORTAL_SMTP_PASSWORD": "wrong"}, "serve", "--store",
				shopStore(t), "--addr", "127.0.0.1:0",
				"--metrics-addr", "127.0.0.1:0", "--smtp", test.server)
			metrics := server.wait("Metrics are at ")
			address := server.wait("listens on http://")
			server.wait(`level=ERROR msg="` + test.line + `"`)
			call(t, nil, "health", "--addr", address).want(t, exitOK)
			call(t, nil, "health", "--addr", address, "--ready").want(t, exitFailure, test.state)
			for _, line := range []string{
				`portal_mail_server_state{state="` + test.state + `"} 1`,
				`portal_mail_server_state{state="ok"} 0`,
				`portal_mail_connections_failed_total{cause="` + test.state + `"} `,
			} {
				if text := fetch(t, http.DefaultClient, metrics, nil); !strings.Contains(text, line) {
					t.Errorf("no %s in the metrics", line)
				}
			}
		})
	}
}

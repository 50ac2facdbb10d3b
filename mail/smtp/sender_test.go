package smtp_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
	"unicode"

	gocmp "github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/mail/smtp"
)

const link = "https://shop.example/sign-in/link/a1B2c3D4-e5F6g7H8_i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F?a=1&b==20"

func message() mail.Message {
	return mail.Message{
		FromName: "Kapradí, s.r.o.", From: "shop@shop.example", To: "jana@kunde.example",
		ReplyTo: "help@shop.example",
		Subject: "Váš odkaz k objednávkám – platí čtrnáct dní, použít jej lze jednou",
		Text:    "Dobrý den,\n\n" + link + "\n\n.\nKonec\n",
		HTML:    `<p>Dobrý den</p><a href="` + strings.ReplaceAll(link, "&", "&amp;") + `">x</a>`,
		ID:      "01990000-0000-7000-8000-000000000000@shop.example", Lang: "cs",
	}
}

func sender(t testing.TB, url string, secrets smtp.Secrets) *smtp.Sender {
	t.Helper()
	s, err := smtp.Parse(url, secrets)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func hand(t *testing.T, s *smtp.Sender, m mail.Message) error {
	t.Helper()
	c, err := s.Connect(t.Context())
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Send(t.Context(), m)
}

// TestWays tries every way to connect to a server, including those that must fail.
func TestWays(t *testing.T) {
	t.Parallel()
	const user, password = "shop", "correct horse"
	for _, test := range []struct {
		name    string
		kind    kind
		url     string // %s is the address, then the root's file
		secrets smtp.Secrets
		want    string // part of the error
		cause   string
		early   bool // ends before the server sees a session
	}{
		{name: "starttls", url: "smtp://%s?ca=%s"},
		{name: "smtps", kind: kind{implicit: true}, url: "smtps://%s?ca=%s"},
		{name: "off", kind: kind{plain: true}, url: "smtp://%s?starttls=off&ca=%s"},
		{name: "opportunistic without", kind: kind{plain: true},
			url: "smtp://%s?starttls=opportunistic&ca=%s"},
		{name: "opportunistic with", url: "smtp://%s?starttls=opportunistic&ca=%s"},
		{name: "auth", kind: kind{user: user, password: password}, url: "smtp://shop@%s?ca=%s",
			secrets: smtp.Secrets{Password: password}},
		{name: "auth over smtps", kind: kind{implicit: true, user: user, password: password},
			url:     "smtps://%s?ca=%s",
			secrets: smtp.Secrets{User: user, Password: password}},
		{name: "wrong password", kind: kind{user: user, password: password}, url: "smtp://%s?ca=%s",
			secrets: smtp.Secrets{User: user, Password: "wrong"}, want: "refused the sign-in (535)",
			cause: mail.SignInRefused},
		{name: "no sign-in there", url: "smtp://%s?ca=%s",
			secrets: smtp.Secrets{User: user, Password: password},
			want:    "takes no user and password", cause: mail.SignInRefused},
		{name: "smtps to a port without TLS", kind: kind{plain: true}, url: "smtps://%s?ca=%s",
			want: "smtps:// is for", cause: mail.TLSUnavailable, early: true},
		{name: "starttls to a port with TLS", kind: kind{implicit: true},
			url: "smtp://%s?ca=%s&timeout=300ms", want: "timeout",
			cause: mail.ServerUnreachable, early: true},
		{name: "no starttls there", kind: kind{plain: true}, url: "smtp://%s?ca=%s",
			want: "?starttls=off sends unencrypted", cause: mail.TLSUnavailable},
		{name: "unknown root", url: "smtp://%s?helo=shop.example&timeout=40s#%s",
			want: "certificate is not trusted", cause: mail.CertificateUntrusted},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, test.kind)
			url := fmt.Sprintf(test.url, server.addr, server.ca)
			url, _, _ = strings.Cut(url, "#")
			err := hand(t, sender(t, url, test.secrets), message())
			select {
			case <-server.ended:
			case <-time.After(10 * time.Second):
				t.Error("the connection is left open")
			case <-closedIf(test.early):
			}
			letters, _ := server.got()
			if test.want == "" {
				if err != nil || len(letters) != 1 {
					t.Fatalf("%d letters, error %v", len(letters), err)
				}
				return
			}
			var f *mail.Failure
			if !errors.As(err, &f) || !f.Temporary || !f.Down || f.Unsure || !strings.Contains(f.Reason,
				test.want) || f.Cause != test.cause {
				t.Errorf("failure %#v, want a temporary one by %s with %q", err, test.cause, test.want)
			}
			if len(letters) != 0 || err != nil && test.secrets.Password != "" && strings.Contains(err.Error(),
				test.secrets.Password) {
				t.Errorf("%d letters, error %v", len(letters), err)
			}
		})
	}
}

// closedIf returns a channel that is closed if yes is true.
func closedIf(yes bool) <-chan struct{} {
	c := make(chan struct{})
	if yes {
		close(c)
	}
	return c
}

// TestAnswers checks how each answer is interpreted.
func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		on   trouble
		want mail.Failure
	}{
		{"4xx at MAIL", trouble{mail: answer(451, "later")}, mail.Failure{Temporary: true}},
		{"5xx at MAIL", trouble{mail: answer(553, "not you")},
			mail.Failure{Temporary: true, Cause: mail.SenderRefused, Code: 553}},
		{"too large at MAIL", trouble{mail: answer(552, "too large")}, mail.Failure{}},
		{"unknown parameter at MAIL", trouble{mail: answer(555, "no SIZE here")}, mail.Failure{}},
		{"4xx at RCPT", trouble{rcpt: answer(450, "greylisted")}, mail.Failure{Temporary: true}},
		{"5xx at RCPT", trouble{rcpt: answer(550, "no such user")}, mail.Failure{}},
		{"4xx at DATA", trouble{data: answer(452, "full")}, mail.Failure{Temporary: true}},
		{"5xx at DATA", trouble{data: answer(554, "spam")}, mail.Failure{}},
		{"421", trouble{mail: answer(421, "going down")}, mail.Failure{Temporary: true, Down: true}},
		{"dropped after DATA", trouble{dropped: true},
			mail.Failure{Temporary: true, Unsure: true, Down: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, kind{})
			server.set(test.on)
			err := hand(t, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca),
				smtp.Secrets{}), message())
			var f *mail.Failure
			if !errors.As(err, &f) {
				t.Fatalf("error %v, want a failure", err)
			}
			if strings.Contains(f.Reason, "affected") {
				t.Errorf("the reason names addresses: %s", f.Reason)
			}
			got := *f
			got.Reason = ""
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("failure %q (-want +got):\n%s", f.Reason, diff)
			}
		})
	}
}

// TestStall uses a server that stops answering. The connection is given up at the timeout; after the end of
// DATA the delivery is in doubt.
func TestStall(t *testing.T) {
	t.Parallel()
	stall := make(chan struct{})
	t.Cleanup(func() { close(stall) })
	for _, test := range []struct {
		name   string
		on     trouble
		unsure bool
	}{
		{"at MAIL", trouble{stall: stall}, false},
		{"behind DATA", trouble{slow: stall}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, kind{})
			server.set(test.on)
			begun := time.Now()
			err := hand(t, sender(t, fmt.Sprintf("smtp://%s?timeout=300ms&ca=%s", server.addr, server.ca),
				smtp.Secrets{}), message())
			var f *mail.Failure
			if !errors.As(err, &f) || !f.Temporary || !f.Down || f.Unsure != test.unsure {
				t.Errorf("failure %#v, want temporary, down, unsure %t", err, test.unsure)
			}
			if took := time.Since(begun); took > 4*time.Second { // saying goodbye would take five more seconds
				t.Errorf("left after %s", took)
			}
		})
	}
}

// TestCancelled cancels a stalled message through its context, long before the connection's timeout.
func TestCancelled(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{})
	stall := make(chan struct{})
	t.Cleanup(func() { close(stall) })
	server.set(trouble{stall: stall})
	c, err := sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca),
		smtp.Secrets{}).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	var f *mail.Failure
	if err := c.Send(ctx, message()); !errors.As(err, &f) || !f.Temporary ||
		time.Since(begun) > 20*time.Second {
		t.Errorf("%v after %s", err, time.Since(begun))
	}
}

// TestHalf lets the timeout pass in the middle of a message. Closing the connection must not end the
// message with a dot, which would deliver half of it.
func TestHalf(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{plain: true})
	on := trouble{slow: make(chan struct{}), read: make(chan error, 1)}
	server.set(on)
	c, err := sender(t, fmt.Sprintf("smtp://%s?timeout=500ms&starttls=off", server.addr),
		smtp.Secrets{}).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := message()
	m.HTML = strings.Repeat("more than the buffers of a connection hold\n", 1<<19)
	var f *mail.Failure
	if err := c.Send(t.Context(), m); !errors.As(err, &f) || !f.Temporary || f.Unsure {
		t.Errorf("failure %#v, want a temporary one, surely not delivered", err)
	}
	close(on.slow)
	_ = c.Close()
	if err := <-on.read; err == nil {
		t.Error("the server took half a message for a whole one")
	}
}

func TestOneConnection(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{implicit: true})
	c, err := sender(t, fmt.Sprintf("smtps://%s?ca=%s", server.addr, server.ca),
		smtp.Secrets{}).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := c.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	letters, connections := server.got()
	if len(letters) != 5 || connections != 1 {
		t.Errorf("%d letters over %d connections, want 5 over 1", len(letters), connections)
	}
}

// TestForm parses a message as another program does.
func TestForm(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{})
	s := sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca), smtp.Secrets{})
	s.Now = func() time.Time { return time.Date(2026, 11, 3, 14, 5, 0, 0, time.UTC) }
	m := message()
	if err := hand(t, s, m); err != nil {
		t.Fatal(err)
	}
	letters, _ := server.got()
	if letters[0].from != m.From || letters[0].to != m.To {
		t.Errorf("envelope %s to %s", letters[0].from, letters[0].to)
	}
	got, err := netmail.ReadMessage(strings.NewReader(string(letters[0].raw)))
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{}
	for _, name := range []string{"From", "To", "Reply-To", "Subject", "Message-Id", "Date", "Auto-Submitted",
		"X-Auto-Response-Suppress", "Content-Language", "X-Mailer", "User-Agent", "List-Unsubscribe"} {
		headers[name] = decoded(t, got.Header.Get(name))
	}
	want := map[string]string{
		"From": "Kapradí, s.r.o. <shop@shop.example>", // encoded words need no quotes
		"To":   "<jana@kunde.example>", "Reply-To": "<help@shop.example>",
		"Subject": m.Subject, "Message-Id": "<" + m.ID + ">", "Date": "Tue, 03 Nov 2026 14:05:00 +0000",
		"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", "Content-Language": "cs",
		"X-Mailer": "", "User-Agent": "", "List-Unsubscribe": "",
	}
	if diff := gocmp.Diff(want, headers); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	text, html := parts(t, got)
	if text != strings.ReplaceAll(m.Text, "\n", "\r\n") || html != m.HTML {
		t.Errorf("parts\n%q\n%q", text, html)
	}
	if !strings.Contains(text, "\r\n"+link+"\r\n") {
		t.Errorf("the link is not alone on its line: %q", text)
	}
}

// TestPersonal checks that a customer's own message is not marked as automatic, since helpdesks ignore such
// emails.
func TestPersonal(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{})
	m := message()
	m.Personal = true
	if err := hand(t, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca), smtp.Secrets{}),
		m); err != nil {
		t.Fatal(err)
	}
	letters, _ := server.got()
	for _, field := range []string{"Auto-Submitted", "X-Auto-Response-Suppress", "Precedence"} {
		if strings.Contains(strings.ToLower(string(letters[0].raw)), strings.ToLower(field)+":") {
			t.Errorf("it has %s:\n%s", field, letters[0].raw)
		}
	}
}

func decoded(t *testing.T, value string) string {
	t.Helper()
	text, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func parts(t *testing.T, m *netmail.Message) (text, html string) {
	t.Helper()
	form, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || form != "multipart/alternative" {
		t.Fatalf("content type %s: %v", form, err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	got := [2]string{}
	for i, want := range []string{"text/plain", "text/html"} {
		p, err := r.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if form, params, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); form != want ||
			!strings.EqualFold(params["charset"], "utf-8") {
			t.Errorf("part %d is %s %v", i, form, params)
		}
		if p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("part %d is not quoted-printable", i)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		got[i] = string(body)
	}
	if _, err := r.NextRawPart(); err != io.EOF {
		t.Errorf("a third part: %v", err)
	}
	return got[0], got[1]
}

// TestWideAddresses sends to non-ASCII addresses, using SMTPUTF8 where it is needed and offered.
func TestWideAddresses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, from, to, reply string
		offered               bool
		wantTo, wantReply     string
		utf8                  bool
		fails                 string
	}{
		{name: "plain, offered", to: "jana@kunde.example", offered: true, wantTo: "jana@kunde.example"},
		{name: "domain, offered", to: "jana@kündé.example", offered: true,
			wantTo: "jana@xn--knd-dma6g.example"},
		{name: "domain, not offered", to: "jana@kündé.example", wantTo: "jana@xn--knd-dma6g.example"},
		{name: "sender's domain", from: "shop@kapradí.example", to: "jana@kunde.example",
			wantTo: "jana@kunde.example"},
		{name: "local part, offered", to: "δοκιμή@παράδειγμα.example", offered: true,
			wantTo: "δοκιμή@xn--hxajbheg2az3al.example", utf8: true},
		{name: "local part, not offered", to: "žofie@kunde.example", fails: "needs SMTPUTF8 (RFC 6531)"},
		{name: "sender, not offered", from: "kapradí@shop.example", to: "jana@kunde.example",
			fails: "the sender is an address"},
		{name: "answers, offered", to: "help@shop.example", reply: "žofie@kunde.example", offered: true,
			wantTo: "help@shop.example", wantReply: "<žofie@kunde.example>", utf8: true},
		{name: "answers, not offered", to: "help@shop.example", reply: "žofie@kunde.example",
			wantTo: "help@shop.example"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, kind{utf8: test.offered})
			m := message()
			m.From, m.To, m.ReplyTo = cmp.Or(test.from, m.From), test.to, test.reply
			m.ID = "1@" + m.From[strings.IndexByte(m.From, '@')+1:]
			err := hand(t, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca),
				smtp.Secrets{}), m)
			letters, _ := server.got()
			if test.fails != "" {
				var f *mail.Failure
				if !errors.As(err, &f) || f.Temporary || f.Down || !strings.Contains(f.Reason, test.fails) ||
					len(letters) != 0 {
					t.Errorf("%d letters, error %v, want a permanent failure of this message alone",
						len(letters), err)
				}
				return
			}
			if err != nil || len(letters) != 1 {
				t.Fatalf("%d letters, error %v", len(letters), err)
			}
			got, err := netmail.ReadMessage(bytes.NewReader(letters[0].raw))
			if err != nil {
				t.Fatal(err)
			}
			if letters[0].to != test.wantTo || letters[0].utf8 != test.utf8 ||
				got.Header.Get("To") != "<"+test.wantTo+">" ||
				got.Header.Get("Reply-To") != test.wantReply {
				t.Errorf("to %s with SMTPUTF8 %t:\n%s", letters[0].to, letters[0].utf8, letters[0].raw)
			}
			if id := got.Header.Get("Message-Id"); strings.ContainsFunc(id,
				func(r rune) bool { return r > unicode.MaxASCII }) {
				t.Errorf("message ID %s", id)
			}
		})
	}
}

// TestDotsAreQuoted sends to addresses that need a quoted string, as issued by Japanese carriers.
func TestDotsAreQuoted(t *testing.T) {
	t.Parallel()
	for _, local := range []string{"taro..y", "taro.", ".taro"} {
		server := serve(t, kind{})
		m := message()
		m.To, m.ReplyTo = local+"@docomo.ne.jp", local+"@docomo.ne.jp"
		if err := hand(t, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca), smtp.Secrets{}),
			m); err != nil {
			t.Fatalf("%s: %v", m.To, err)
		}
		letters, _ := server.got()
		got, err := netmail.ReadMessage(bytes.NewReader(letters[0].raw))
		if err != nil {
			t.Fatal(err)
		}
		want := `<"` + local + `"@docomo.ne.jp>`
		if got.Header.Get("To") != want || got.Header.Get("Reply-To") != want || letters[0].to != m.To {
			t.Errorf("to %s:\n%s", letters[0].to, letters[0].raw)
		}
	}
}

func TestAddressesRefused(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{})
	s := sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca), smtp.Secrets{})
	for _, to := range []string{
		"", "jana", "Jana <jana@kunde.example>", "<jana@kunde.example>",
		"jana@kunde.example, eve@evil.example",
		`"a b"@kunde.example`, "a..b c@kunde.example", "a..<b@kunde.example", "..@kunde.example",
		"jana@kunde.example\r\nRCPT TO:<eve@evil.example>", "jana@kunde_ü.example",
		"ｊana@kunde.example", " jana@kunde.example", "ja\u200dna@kunde.example", "ja\u00a0na@kunde.example",
	} {
		m := message()
		m.To = to
		var f *mail.Failure
		if err := hand(t, s, m); !errors.As(err, &f) || f.Temporary ||
			!strings.Contains(f.Reason, "not plain") {
			t.Errorf("%q: %v, want a permanent failure before it is sent", to, err)
		}
	}
	if letters, _ := server.got(); len(letters) != 0 {
		t.Errorf("%d letters went out", len(letters))
	}
}

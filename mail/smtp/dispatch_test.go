package smtp_test

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/mail/smtp"
	"postern/storage"
	"postern/storage/storagetest"
)

var start = time.Date(2026, 11, 3, 14, 5, 0, 0, time.UTC)

func dispatcher(engine storage.Engine, s mail.Sender, now *time.Time) *mail.Dispatcher {
	return &mail.Dispatcher{
		Engine: engine, Sender: s,
		Shops: func(context.Context) ([]string, error) { return []string{"fern"}, nil },
		Compose: func(_ context.Context, _, _ string, e mail.Entry) (mail.Message, error) {
			m := message()
			m.To = e.To
			return m, nil
		},
		Now: func() time.Time { return *now },
	}
}

func add(t *testing.T, engine storage.Engine, to string) string {
	t.Helper()
	id, err := mail.NewOutbox(engine, "fern").Add(t.Context(), mail.Entry{
		Kind: mail.SignIn, To: to, CreatedAt: start, Payload: map[string]string{"path": "/orders"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestFates is what becomes of an entry for each thing a server does.
func TestFates(t *testing.T) {
	stall := make(chan struct{})
	t.Cleanup(func() { close(stall) })
	type fate struct {
		State    string
		Attempts int
		Unsure   bool
		Again    bool // has a time for another attempt, within 30 s
		Reason   bool
	}
	again := fate{State: mail.Waiting, Attempts: 1, Again: true, Reason: true}
	refused := fate{State: mail.Failed, Attempts: 1, Reason: true}
	unreached := fate{State: mail.Waiting, Again: true, Reason: true}
	for _, test := range []struct {
		name     string
		on       trouble
		kind     kind
		down     bool
		password string
		want     fate
	}{
		{name: "taken", want: fate{State: mail.Sent, Attempts: 1}},
		{name: "4xx at MAIL", on: trouble{mail: answer(451, "later")}, want: again},
		{name: "4xx at RCPT", on: trouble{rcpt: answer(450, "greylisted jana@kunde.example")}, want: again},
		{name: "4xx at DATA", on: trouble{data: answer(452, "full")}, want: again},
		{name: "5xx at MAIL", on: trouble{mail: answer(553, "not you")}, want: refused},
		{name: "5xx at RCPT", on: trouble{rcpt: answer(550, "<jana@kunde.example> unknown")}, want: refused},
		{name: "5xx at DATA", on: trouble{data: answer(554, "bad URL "+link)}, want: refused},
		{name: "421", on: trouble{mail: answer(421, "going down")}, want: again},
		{name: "dropped after DATA", on: trouble{dropped: true},
			want: fate{State: mail.Waiting, Attempts: 1, Unsure: true, Again: true, Reason: true}},
		{name: "stalled", on: trouble{stall: stall}, want: again},
		{name: "refused connection", down: true, want: unreached},
		{name: "wrong password", kind: kind{user: "shop", password: "right"}, password: "wrong", want: unreached},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, test.kind)
			server.set(test.on)
			url := fmt.Sprintf("smtp://%s?timeout=500ms&ca=%s", server.addr, server.ca)
			if test.down {
				url = "smtp://" + closedPort(t)
			}
			secrets := smtp.Secrets{User: test.kind.user, Password: test.password}
			engine := storagetest.Open(t, mail.Collections()...)
			id := add(t, engine, "jana@kunde.example")
			now := start
			_, fault := dispatcher(engine, sender(t, url, secrets), &now).Once(t.Context())
			if reached := test.want != unreached; reached != (fault == nil) {
				t.Errorf("the round's error is %v", fault)
			}
			e, err := mail.NewOutbox(engine, "fern").Get(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			wait := e.NextAt.Sub(now)
			got := fate{e.State, e.Attempts, e.Unsure, e.State == mail.Waiting && wait > 0 && wait <= 30*time.Second, e.LastError != ""}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("fate, %s (-want +got):\n%s", e.LastError, diff)
			}
			for _, secret := range []string{"jana", "kunde", "a1B2c3D4"} {
				if strings.Contains(e.LastError, secret) {
					t.Errorf("the reason holds %q: %s", secret, e.LastError)
				}
			}
		})
	}
}

// TestRecovery shows that a mail the server would not take goes out once it does, under the same Message-ID.
func TestRecovery(t *testing.T) {
	server := serve(t, kind{})
	engine := storagetest.Open(t, mail.Collections()...)
	id := add(t, engine, "jana@kunde.example")
	now := start
	d := dispatcher(engine, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca), smtp.Secrets{}), &now)
	for _, on := range []trouble{{mail: answer(451, "later")}, {dropped: true}, {}} {
		server.set(on)
		if _, err := d.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(2 * time.Minute)
	}
	letters, _ := server.got()
	if len(letters) != 2 {
		t.Fatalf("%d letters, want the one in doubt and its repetition", len(letters))
	}
	for _, l := range letters {
		m, err := netmail.ReadMessage(strings.NewReader(string(l.raw)))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.Header.Get("Message-Id"), "<"+id+"@shop.example>"; got != want {
			t.Errorf("Message-ID %s, want %s", got, want)
		}
	}
}

// TestShared lets two dispatchers empty one outbox: each mail goes out once.
func TestShared(t *testing.T) {
	const mails = 60
	server := serve(t, kind{})
	engine := storagetest.Open(t, mail.Collections()...)
	for i := range mails {
		add(t, engine, fmt.Sprintf("c%d@kunde.example", i))
	}
	now := start
	done := make(chan error, 2)
	for range 2 {
		d := dispatcher(engine, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca), smtp.Secrets{}), &now)
		d.Batch = mails
		go func() {
			_, err := d.Once(t.Context())
			done <- err
		}()
	}
	if err := errors.Join(<-done, <-done); err != nil {
		t.Fatal(err)
	}
	letters, _ := server.got()
	times := map[string]int{}
	for _, l := range letters {
		times[l.to]++
	}
	if len(times) != mails || len(letters) != mails {
		t.Errorf("%d letters to %d people, want %d to as many", len(letters), len(times), mails)
	}
}

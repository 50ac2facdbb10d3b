package smtp_test

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

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

// TestRecovery checks that an email that the server refused is sent later, with the same Message-ID.
func TestRecovery(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{})
	engine := storagetest.Open(t, mail.Collection())
	id := add(t, engine, "jana@kunde.example")
	now := start
	d := dispatcher(engine, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca),
		smtp.Secrets{}), &now)
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

// TestShared has two dispatchers empty one outbox: each email is sent once.
func TestShared(t *testing.T) {
	t.Parallel()
	const mails = 60
	server := serve(t, kind{})
	engine := storagetest.Open(t, mail.Collection())
	for i := range mails {
		add(t, engine, fmt.Sprintf("c%d@kunde.example", i))
	}
	now := start
	done := make(chan error, 2)
	for range 2 {
		d := dispatcher(engine, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca),
			smtp.Secrets{}), &now)
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

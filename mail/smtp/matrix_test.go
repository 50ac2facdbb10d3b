package smtp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/mail"
	"postern/mail/smtp"
	"postern/storage"
	"postern/storage/storagetest"
)

// fate is the state of an entry after an attempt.
type fate struct {
	State    string
	Attempts int
	Unsure   bool
	Soon     bool // due again within 30 s
	Reason   bool
}

var (
	taken     = fate{State: mail.Sent, Attempts: 1}
	again     = fate{State: mail.Waiting, Attempts: 1, Soon: true, Reason: true}
	unsure    = fate{State: mail.Waiting, Attempts: 1, Unsure: true, Soon: true, Reason: true}
	refused   = fate{State: mail.Failed, Attempts: 1, Reason: true}
	unreached = fate{State: mail.Waiting, Soon: true, Reason: true}
)

// misfortune is a row of the matrix: what the server does at first, the resulting state of the entry, and
// the number of messages that arrive once the server works again.
type misfortune struct {
	name    string
	fault   fault
	url     string // replaces the server's; "%s" is its address
	wrong   bool   // wrong password
	first   fate
	letters int
}

// matrix returns rows for every stage with every kind of fault.
func matrix(t *testing.T, stall chan struct{}) []misfortune {
	rows := []misfortune{
		{name: "none", first: taken, letters: 1},
		{name: "connection refused", url: "smtps://" + closedPort(t), first: unreached, letters: 1},
		{name: "wrong certificate", url: "smtps://shop@%s", first: unreached, letters: 1},
		{name: "wrong password", wrong: true, first: unreached, letters: 1},
		{name: "half of the message, then dropped", fault: fault{at: atMessage}, first: unsure, letters: 1},
	}
	for _, at := range []string{atTLS, atGreet, atEHLO, atAuth, atMail, atRcpt, atData, atEnd} {
		silent, temporary, final := again, again, refused
		letters := 1
		switch at {
		case atTLS, atGreet, atEHLO, atAuth:
			silent, temporary, final = unreached, unreached, unreached
		case atEnd:
			silent, letters = unsure, 2 // it has the message, but nobody can know
		}
		rows = append(rows,
			misfortune{name: at + ": dropped", fault: fault{at: at}, first: silent, letters: letters},
			misfortune{name: at + ": stalled", fault: fault{at: at, stall: stall}, first: silent,
				letters: letters})
		if at == atTLS {
			continue
		}
		refusals := 1
		if final == refused {
			refusals = 0
		}
		if at == atMail { // other messages from this sender would fail, too
			final, refusals = unreached, 1
		}
		rows = append(rows,
			misfortune{name: at + ": 421", fault: fault{at: at, answer: "421 4.3.2 closing"},
				first: temporary, letters: 1},
			misfortune{name: at + ": 451",
				fault: fault{at: at, answer: "451 4.7.1 <jana@kunde.example> greylisted"},
				first: temporary, letters: 1},
			misfortune{name: at + ": 554", fault: fault{at: at, answer: "554 5.7.1 bad URL " + link},
				first: final, letters: refusals})
	}
	return rows
}

// TestMatrix checks everything that can happen to an email, over TLS and with a sign-in. Nothing is lost
// silently, nothing arrives more than twice, and only an email whose delivery was in doubt arrives twice.
func TestMatrix(t *testing.T) {
	stall := make(chan struct{})
	t.Cleanup(func() { close(stall) })
	for _, row := range matrix(t, stall) {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, kind{implicit: true, user: "shop", password: "right"})
			now := start
			good := sender(t, fmt.Sprintf("smtps://shop@%s?ca=%s&timeout=5s", server.addr, server.ca),
				smtp.Secrets{Password: "right"})
			away := &detour{Sender: row.sender(t, server)}
			engine := storagetest.Open(t, mail.Collection())
			d := dispatcher(engine, away, &now)
			id := add(t, engine, "jana@kunde.example")
			server.misbehave(row.fault)
			if _, err := d.Once(t.Context()); (err != nil) != (row.first == unreached) {
				t.Errorf("the round's error is %v", err)
			}
			if diff := cmp.Diff(row.first, fateOf(t, engine, id, now)); diff != "" {
				t.Errorf("the first time (-want +got):\n%s", diff)
			}
			server.misbehave(fault{})
			away.Sender = good
			for range 3 {
				now = now.Add(time.Minute)
				if _, err := d.Once(t.Context()); err != nil {
					t.Error(err)
				}
			}
			end := fateOf(t, engine, id, now).State
			if letters, _ := server.got(); len(letters) != row.letters ||
				(end == mail.Sent) != (row.letters > 0) {
				t.Errorf("%d letters, want %d; the entry is %s", len(letters), row.letters, end)
			}
			if row.letters == 0 && !listed(t, engine, mail.Failed, id) {
				t.Error("what was refused is not among the failed")
			}
		})
	}
}

// sender returns a sender configured for the row's first attempt.
func (m misfortune) sender(t *testing.T, server *server) *smtp.Sender {
	t.Helper()
	timeout := "5s"
	if m.fault.stall != nil {
		timeout = "500ms"
	}
	secrets := smtp.Secrets{User: "shop", Password: "right"}
	if m.wrong {
		secrets.Password = "wrong"
	}
	url := fmt.Sprintf("smtps://%s?ca=%s&timeout=%s", server.addr, server.ca, timeout)
	if m.url != "" {
		url = strings.ReplaceAll(m.url, "%s", server.addr)
	}
	return sender(t, url, secrets)
}

// detour is a Sender that the test can replace.
type detour struct{ mail.Sender }

// fateOf reads the entry's state and checks that its reason contains no personal data or secret.
func fateOf(t *testing.T, engine storage.Engine, id string, now time.Time) fate {
	t.Helper()
	e, err := mail.NewOutbox(engine, "fern").Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"jana", "kunde", "a1B2c3D4"} {
		if strings.Contains(e.LastError, secret) {
			t.Errorf("the reason holds %q: %s", secret, e.LastError)
		}
	}
	wait := e.NextAt.Sub(now)
	soon := e.State == mail.Waiting && wait > 0 && wait <= 30*time.Second
	return fate{e.State, e.Attempts, e.Unsure, soon, e.LastError != ""}
}

func listed(t *testing.T, engine storage.Engine, state, id string) bool {
	t.Helper()
	page, err := mail.NewOutbox(engine, "fern").List(t.Context(), state, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, hit := range page.Hits {
		if hit.Key == id && hit.Head.LastError != "" {
			return true
		}
	}
	return false
}

// TestDownForADay refuses connections for 23 hours. The dispatcher keeps trying and sends each email once
// when the server is back. A sign-in email older than a day by then has failed, which staff can see.
func TestDownForADay(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{implicit: true})
	engine := storagetest.Open(t, mail.Collection())
	now := start
	away := &detour{Sender: sender(t, "smtp://"+closedPort(t), smtp.Secrets{})}
	d := dispatcher(engine, away, &now)
	box := mail.NewOutbox(engine, "fern")
	stale, err := box.Add(t.Context(),
		mail.Entry{Kind: mail.SignIn, To: "old@kunde.example", CreatedAt: start.Add(-2 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	waiting := map[string]bool{}
	for i := range 6 {
		waiting[add(t, engine, fmt.Sprintf("c%d@kunde.example", i))] = true
	}
	for ; now.Before(start.Add(23 * time.Hour)); now = now.Add(10 * time.Minute) {
		if _, err := d.Once(t.Context()); err == nil && now.Before(start.Add(22*time.Hour)) {
			t.Fatalf("a round at %s met no fault", now)
		}
	}
	away.Sender = sender(t, fmt.Sprintf("smtps://%s?ca=%s", server.addr, server.ca), smtp.Secrets{})
	if sent, err := d.Once(t.Context()); sent != len(waiting) || err != nil {
		t.Errorf("%d sent when the server is back, error %v", sent, err)
	}
	for id := range waiting {
		if got := fateOf(t, engine, id, now); got != taken {
			t.Errorf("%+v", got)
		}
	}
	if letters, _ := server.got(); len(letters) != len(waiting) {
		t.Errorf("%d letters", len(letters))
	}
	if !listed(t, engine, mail.Failed, stale) {
		t.Error("the stale one is not among the failed")
	}
}

// TestGreylisting uses a server that refuses unknown senders at first, and checks that the second attempt,
// within half a minute, succeeds.
func TestGreylisting(t *testing.T) {
	t.Parallel()
	server := serve(t, kind{})
	server.set(trouble{greylist: map[string]bool{}})
	engine := storagetest.Open(t, mail.Collection())
	now := start
	d := dispatcher(engine, sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca),
		smtp.Secrets{}), &now)
	for i := range 5 {
		add(t, engine, fmt.Sprintf("c%d@kunde.example", i))
	}
	for _, want := range []int{0, 5, 0} {
		if sent, err := d.Once(t.Context()); sent != want || err != nil {
			t.Errorf("%d sent at %s, want %d; error %v", sent, now, want, err)
		}
		now = now.Add(30 * time.Second)
	}
	if letters, _ := server.got(); len(letters) != 5 {
		t.Errorf("%d letters", len(letters))
	}
}

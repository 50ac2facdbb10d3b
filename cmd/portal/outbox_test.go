package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"postern/cmd/portal/demo"
	"postern/mail"
	"postern/portal"
	"postern/storage/sqlite"
	"postern/templates/i18n"
)

// fillOutbox adds a waiting email and a throttled one, which is dropped, to a store's outbox.
func fillOutbox(t *testing.T, dir string) (waiting, dropped string) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), dir, portal.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	box := mail.NewOutbox(store, "main")
	if dropped, err = box.Add(t.Context(),
		mail.Entry{Kind: mail.SignIn, To: "eva@example.com", Throttled: true}); err != nil {
		t.Fatal(err)
	}
	texts, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	server, err := newServer(parts{engine: store, texts: texts, sender: demo.NewMailbox(),
		log: newLog("text", t.Output(), 0)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.dispatcher.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	if waiting, err = box.Add(t.Context(),
		mail.Entry{Kind: mail.SignIn, To: "jana@example.com"}); err != nil {
		t.Fatal(err)
	}
	return waiting, dropped
}

func TestOutbox(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	waiting, dropped := fillOutbox(t, dir)
	call(t, nil, "outbox", "list", "--store", dir).want(t, exitOK, "jana@example.com", "eva@example.com",
		waiting, dropped)
	var listed []map[string]string
	text := call(t, nil, "outbox", "list", "--store", dir, "--state", "waiting", "--json").want(t, exitOK).out
	if err := json.Unmarshal([]byte(text), &listed); err != nil || len(listed) != 1 ||
		listed[0]["id"] != waiting || listed[0]["state"] != "waiting" {
		t.Errorf("%v: %s", err, text)
	}
	call(t, nil, "outbox", "show", waiting, "--store", dir).want(t, exitOK, "jana@example.com", "sign_in",
		"may-have-arrived  no")
	var shown map[string]string
	text = call(t, nil, "outbox", "show", dropped, "--store", dir, "--json").want(t, exitOK).out
	if err := json.Unmarshal([]byte(text), &shown); err != nil || shown["state"] != "dropped" ||
		shown["next"] != "" {
		t.Errorf("%v: a dropped mail is tried no more: %s", err, text)
	}
	call(t, nil, "outbox", "resend", waiting, "--store", dir).want(t, exitOK, "is due now",
		"once the mail server can be reached")
	call(t, nil, "outbox", "resend", dropped, "--store", dir).want(t, exitFailure, "was dropped")
	call(t, nil, "outbox", "resend", "nothing", "--store", dir).want(t, exitFailure, `no email "nothing"`)
	call(t, nil, "outbox", "show", "nothing", "--store", dir).want(t, exitFailure, `no email "nothing"`)
}

// locked is a mail server that refuses the sign-in.
type locked struct{}

func (locked) Connect(context.Context) (mail.Conn, error) {
	return nil, &mail.Failure{Temporary: true, Down: true, Cause: mail.SignInRefused, Code: 535,
		Reason: "refused the sign-in (535)"}
}

// TestOutboxSaysWhyEmailsWait checks that while the server refuses the sign-in every waiting email shows
// that reason, although only the first ones were tried, and that deferred emails are listed, too.
func TestOutboxSaysWhyEmailsWait(t *testing.T) {
	t.Parallel()
	const emails = 40
	dir := shopStore(t)
	store, err := sqlite.Open(t.Context(), dir, portal.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	box := mail.NewOutbox(store, "main")
	for n := range emails {
		e := mail.Entry{Kind: mail.SignIn, To: "jana@example.com"}
		if n == emails-1 {
			e.State = mail.Deferred
		}
		if _, err := box.Add(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	server, err := newServer(parts{engine: store, sender: locked{}, log: newLog("text", t.Output(), 0)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.dispatcher.Once(t.Context()); err == nil {
		t.Fatal("the server was reached")
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	out := call(t, nil, "outbox", "list", "--store", dir).want(t, exitOK, "not tried: sign_in_refused").out
	if n := strings.Count(out, "sign_in_refused"); n != emails {
		t.Errorf("%d of %d emails have a reason:\n%s", n, emails, out)
	}
	var listed []map[string]string
	if err := json.Unmarshal([]byte(call(t, nil, "outbox", "list", "--store", dir, "--json").want(t,
		exitOK).out), &listed); err != nil {
		t.Fatal(err)
	}
	for _, email := range listed {
		call(t, nil, "outbox", "show", email["id"], "--store", dir).want(t, exitOK, "sign_in_refused")
	}
	out = call(t, nil, "outbox", "list", "--store", dir, "--state", "deferred").want(t, exitOK, "deferred",
		"jana@example.com").out
	if strings.Contains(out, "waiting") {
		t.Errorf("others are listed: %s", out)
	}
}

package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/portal"
)

// work runs the background jobs of a store until none is due.
func work(t *testing.T, dir string) {
	t.Helper()
	store := storeFlag{Store: dir, waits: io.Discard}
	if err := store.use(t.Context(), func(operator portal.Operator) error {
		for {
			done, err := operator.Jobs().Once(t.Context())
			if err != nil || done == 0 {
				return err
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// loggedStore is a store whose log has five entries: three on Jana, a deleted order, and one on Petr.
func loggedStore(t *testing.T) (dir string) {
	t.Helper()
	dir = shopStore(t)
	call(t, nil, "import", "orders", writeFile(t, "o.ndjson", orderLine(1001)+"\n"+
		strings.ReplaceAll(orderLine(1002), "jana@", "petr@")), "--store", dir).want(t, exitOK)
	for _, args := range [][]string{
		{"customer", "sign-out", "jana@example.com", "--reason", "=lost her phone"},
		{"customer", "erase", "jana@example.com"}, {"customer", "erase", "jana@example.com", "--keep"},
		{"customer", "sign-out", "petr@example.com"}, {"order", "delete", "1001", "--yes"},
	} {
		call(t, nil, append(args, "--store", dir)...).want(t, exitOK)
	}
	work(t, dir)
	return dir
}

func TestLogCommands(t *testing.T) {
	t.Parallel()
	dir := loggedStore(t)
	command := func(args ...string) said { return call(t, nil, append(args, "--store", dir)...) }
	var list []loggedAct
	read := func(args ...string) []loggedAct {
		list = nil
		out := command(append(args, "--json")...).want(t, exitOK).out
		if err := json.Unmarshal([]byte(out), &list); err != nil {
			t.Fatal(err)
		}
		return list
	}
	for filter, want := range map[string]int{
		"": 5, "--customer jana@example.com": 4, "--act customer.signed_out": 2, "--actor operator": 5,
		"--actor feed": 0, "--since 2026-01-01": 5, "--until 2026-01-01": 0, "--until 2099-12-31T00:00:00Z": 5,
		"--customer petr@example.com --act order.deleted": 0, "--limit 2": 2,
	} {
		if got := read(append([]string{"log", "list"}, strings.Fields(filter)...)...); len(got) != want {
			t.Errorf("%q: %d entries, want %d", filter, len(got), want)
		}
	}
	first := read("log", "list", "--act", "customer.signed_out", "--customer", "jana@example.com")[0]
	if first.Number != 1 || first.Reason != "=lost her phone" || first.Actor.ID == "" || first.Customer == "" {
		t.Errorf("%+v", first)
	}
	page := command("log", "list", "--limit", "3").want(t, exitOK, "order.deleted", "order: 1001 → -")
	_, cursor, found := strings.Cut(strings.TrimSpace(page.err), "--cursor ")
	if !found {
		t.Fatalf("no cursor: %s", page.err)
	}
	command("log", "list", "--limit", "3", "--cursor", cursor).want(t, exitOK, "customer.signed_out", "=lost her phone")
	command("log", "list", "--actor", "feed", "--cursor", cursor).want(t, exitUsage, "--cursor")
	command("log", "list", "--act", "x").want(t, exitUsage, "--act", "customer.signed_out")
	command("log", "list", "--actor", "x").want(t, exitUsage, "--actor", "operator")
	command("log", "list", "--since", "yesterday").want(t, exitUsage, "--since")
	command("log", "list", "--customer", "nobody@example.com").want(t, exitFailure, "nobody@example.com")

	rows, err := csv.NewReader(strings.NewReader(command("log", "export").want(t, exitOK).out)).ReadAll()
	if err != nil || len(rows) != 1+4+3 || rows[7][10] != "'=lost her phone" {
		t.Errorf("%d rows, %v: %q", len(rows), err, rows)
	}
	head := strings.TrimSpace(command("log", "head").want(t, exitOK).out)
	command("log", "verify", "--head", head).want(t, exitOK, "intact", "Entries: 5")
	command("log", "verify", "--head", "5:ab").want(t, exitUsage, "--head")
	command("log", "verify", "--head", "9"+head).want(t, exitFailure, "The end of the log is missing", "tampered")
}

// TestLogSurvivesBackupAndCopy backs up, restores and copies a store, and verifies each log with the same
// head.
func TestLogSurvivesBackupAndCopy(t *testing.T) {
	t.Parallel()
	dir, work := loggedStore(t), t.TempDir()
	head := strings.TrimSpace(call(t, nil, "log", "head", "--store", dir).want(t, exitOK).out)
	file, restored, copied := filepath.Join(work, "saved.db"), filepath.Join(work, "restored"), filepath.Join(work, "copy")
	call(t, nil, "backup", "--store", dir, file).want(t, exitOK)
	call(t, nil, "restore", file, "--store", restored).want(t, exitOK)
	call(t, nil, "copy", dir, copied).want(t, exitOK)
	for _, store := range []string{restored, copied} {
		copySecret(t, dir, store)
		call(t, nil, "log", "verify", "--head", head, "--store", store).want(t, exitOK, "intact", "Entries: 5")
		call(t, nil, "log", "list", "--store", store, "--customer", "jana@example.com").want(t, exitOK, "order.deleted")
	}
}

// TestSystemUser checks whom the log names: the caller of sudo, else the user of the process.
func TestSystemUser(t *testing.T) {
	t.Parallel()
	plain := &environment{env: map[string]string{}}
	if plain.systemUser() == "" {
		t.Error("no user")
	}
	if got := (&environment{env: map[string]string{"SUDO_USER": "anna"}}).systemUser(); os.Geteuid() == 0 && got != "anna" {
		t.Errorf("with sudo: %q", got)
	}
}

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"postern/portal/secret"
)

// ringOf returns the secrets of a store created by a command.
func ringOf(t *testing.T, dir string) *secret.Ring {
	t.Helper()
	ring, err := readSecrets(storeFlag{Store: dir}.secretFiles(&problems{}))
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// copySecret gives a store another store's secret, as an operator does after copying or restoring one.
func copySecret(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(from, secret.FileName))
	if err == nil {
		err = os.WriteFile(filepath.Join(to, secret.FileName), content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writeSecret writes a file that repeats one letter length times: a secret if the length is right.
func writeSecret(t *testing.T, letter string, length int, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), letter+".key")
	if err := os.WriteFile(file, bytes.Repeat([]byte(letter), length), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil { // independent of the umask
		t.Fatal(err)
	}
	return file
}

func TestSecretIsMadeWithANewStore(t *testing.T) {
	t.Parallel()
	file := filepath.Join(shopStore(t), secret.FileName)
	if info, err := os.Stat(file); err != nil || info.Size() != 32 || info.Mode().Perm() != 0o600 {
		t.Errorf("%+v, %v", info, err)
	}
	elsewhere := filepath.Join(t.TempDir(), "keys", "portal.key")
	dir := filepath.Join(t.TempDir(), "store")
	call(t, nil, "shop", "create", "main", "--name", "B", "--base-url", "http://localhost:1",
		"--sender-email", "a@shop.example",
		"--store", dir, "--secret-key-file", elsewhere).want(t, exitOK)
	if _, err := os.Stat(filepath.Join(dir, secret.FileName)); err == nil {
		t.Error("a second one lies in the store's directory")
	}
	call(t, nil, "shop", "list", "--store", dir).want(t, exitFailure, "is missing", "--secret-key-file")
	call(t, nil, "shop", "list", "--store", dir, "--secret-key-file", elsewhere).want(t, exitOK)
}

func TestWrongSecretIsRefused(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	own := filepath.Join(dir, secret.FileName)
	other := writeSecret(t, "o", 32, 0o600)
	for _, c := range []struct {
		name, file string
		status     int
		want       []string
	}{
		{"missing", "/nowhere/secret.key", exitFailure,
			[]string{"/nowhere/secret.key is missing", "do not contain it"}},
		{"too short", writeSecret(t, "s", 31, 0o600), exitFailure, []string{"31 bytes", "exactly 32"}},
		{"with a line break", writeSecret(t, "l", 33, 0o600), exitFailure, []string{"33 bytes"}},
		{"read by the group", writeSecret(t, "g", 32, 0o640), exitFailure, []string{"chmod 600"}},
		{"read by others", writeSecret(t, "w", 32, 0o604), exitFailure, []string{"chmod 600"}},
		{"a directory", t.TempDir(), exitFailure, []string{"is a directory"}},
		{"of another installation", other, exitFailure,
			[]string{"another installation secret", "--secret-key-file NEW,OLD"}},
		{"the older one first", own + "," + other, exitOK, nil}, // no change: the store knows the first
		{"two that are not the store's", other + "," + writeSecret(t, "x", 32, 0o600), exitFailure,
			[]string{"another installation secret"}},
		{"three", own + "," + other + "," + other, exitUsage, []string{"--secret-key-file", "two"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			call(t, nil, "shop", "list", "--store", dir, "--secret-key-file", c.file).want(t,
				c.status, c.want...)
			if c.status == exitFailure {
				call(t, nil, "serve", "--store", dir, "--secret-key-file", c.file, "--smtp",
					"smtp://mail.example", "--addr", "127.0.0.1:0").
					want(t, exitFailure, c.want...)
			}
		})
	}
	if err := os.Remove(own); err != nil {
		t.Fatal(err)
	}
	call(t, nil, "shop", "list", "--store", dir).want(t, exitFailure, own+" is missing")
	if _, err := os.Stat(own); err == nil {
		t.Error("a new secret was made for a store with data")
	}
}

// TestSecretIsReplaced checks that a command that gets the new secret followed by the old one switches to
// the new one. After that the old one is refused and the new one is enough.
func TestSecretIsReplaced(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	old, fresh := filepath.Join(dir, secret.FileName), writeSecret(t, "n", 32, 0o600)
	list := []string{"shop", "list", "--store", dir, "--secret-key-file"}
	call(t, nil, append(list, fresh)...).want(t, exitFailure, "another installation secret")
	call(t, nil, append(list, fresh+","+old)...).want(t, exitOK, "Bookshop")
	call(t, nil, append(list, old)...).want(t, exitFailure, "another installation secret")
	call(t, nil, append(list, fresh)...).want(t, exitOK, "Bookshop")
}

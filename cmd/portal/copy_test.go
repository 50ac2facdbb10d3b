package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCopy(t *testing.T) {
	t.Parallel()
	from, to := shopStore(t), filepath.Join(t.TempDir(), "copy")
	server := start(t, nil, "serve", "--store", from, "--smtp", "smtp://mail.example",
		"--addr", "127.0.0.1:0")
	server.wait("listens on ")
	call(t, nil, "copy", from, to).want(t, exitOK, "unchanged  0", "secret was not copied")
	call(t, nil, "shop", "list", "--store", to).want(t, exitFailure, "secret.key is missing")
	copySecret(t, from, to)
	call(t, nil, "shop", "list", "--store", to).want(t, exitOK, "Bookshop")
	call(t, nil, "shop", "set", "--store", from, "--name", "Reading room").want(t, exitOK)
	call(t, nil, "copy", from, to).want(t, exitOK, "changed    1")
	call(t, nil, "copy", from, to).want(t, exitOK, "new        0", "changed    0")
	call(t, nil, "shop", "list", "--store", to).want(t, exitOK, "Reading room")
}

func TestCopyRefused(t *testing.T) {
	t.Parallel()
	from, filled := shopStore(t), shopStore(t)
	written := filepath.Join(t.TempDir(), "copy")
	call(t, nil, "copy", from, written).want(t, exitOK)
	copySecret(t, from, written)
	call(t, nil, "shop", "set", "--store", written, "--name", "Elsewhere").want(t, exitOK)
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	other := filepath.Dir(writeFile(t, "letter.txt", "no store"))
	for _, c := range []struct {
		name     string
		from, to string
		want     []string
	}{
		{"a store of its own", from, filled, []string{"is not empty", "Nothing was written", "empty target"}},
		{"written by others since", from, written,
			[]string{"written by others since", "Nothing was written"}},
		{"itself", from, from, []string{"the same store"}},
		{"of nothing", nowhere, filled, []string{"There is no store in " + nowhere}},
		{"of a directory of other things", other, filled, []string{"There is no store in " + other}},
	} {
		t.Run(c.name, func(t *testing.T) {
			call(t, nil, "copy", c.from, c.to).want(t,
				exitFailure, c.want...)
		})
	}
	call(t, nil, "shop", "list", "--store", other).want(t, exitFailure, "There is no store in "+other)
	for _, made := range []string{nowhere, filepath.Join(other, "postern.db")} {
		if _, err := os.Stat(made); err == nil {
			t.Errorf("looking made %s", made)
		}
	}
	call(t, nil, "shop", "list", "--store", written).want(t, exitOK, "Elsewhere")
	server := start(t, nil, "serve", "--store", filled, "--smtp", "smtp://mail.example",
		"--addr", "127.0.0.1:0")
	server.wait("listens on ")
	call(t, nil, "copy", from, filled).want(t, exitFailure, "already serves")
}

// TestBackup backs up a store while it is being served, and restores it to another directory.
func TestBackup(t *testing.T) {
	t.Parallel()
	dir, file := shopStore(t), filepath.Join(t.TempDir(), "saved.db")
	server := start(t, nil, "serve", "--store", dir, "--smtp", "smtp://mail.example", "--addr", "127.0.0.1:0")
	server.wait("listens on ")
	call(t, nil, "backup", "--store", dir, file).want(t, exitOK, file, "bytes", "secret.key")
	call(t, nil, "backup", "--store", dir, file).want(t, exitFailure, "exists already")
	restored := filepath.Join(t.TempDir(), "restored")
	call(t, nil, "restore", file, "--store", restored).want(t, exitOK, restored, "secret",
		"backups do not contain it")
	copySecret(t, dir, restored)
	call(t, nil, "shop", "list", "--store", restored).want(t, exitOK, "Bookshop")
	call(t, nil, "restore", file, "--store", restored).want(t, exitFailure, "There is a store in "+restored)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: %v", info.Mode(), err)
	}
}

func TestBackupRefused(t *testing.T) {
	t.Parallel()
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	damaged := writeFile(t, "damaged.db", "no backup")
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"of nothing", []string{"backup", "--store", nowhere, "x"}, exitFailure,
			"There is no store in " + nowhere},
		{"of a server", []string{"backup", "--store", "mongodb://db.example", "x"}, exitUsage, "portal copy"},
		{"to nowhere", []string{"backup", "--store", shopStore(t), nowhere + "/x"}, exitFailure, nowhere},
		{"no backup", []string{"restore", "--store", nowhere, damaged}, exitFailure, damaged},
		{"no file", []string{"restore", "--store", nowhere, "/nowhere"}, exitFailure, "/nowhere"},
		{"into a server", []string{"restore", "--store", "mongodb://db.example", damaged}, exitUsage,
			"mongorestore"},
	} {
		t.Run(c.name, func(t *testing.T) { call(t, nil, c.args...).want(t, c.status, c.want) })
	}
}

package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	made := call(t, nil, "apikey", "create", "--store", dir, "--name", "shop system").want(t, exitOK,
		"cannot be shown again")
	if !strings.HasPrefix(made.out, "postern_") || strings.Count(made.out, "\n") != 1 {
		t.Errorf("standard output holds more than the key: %q", made.out)
	}
	var keys []map[string]string
	listed := call(t, nil, "apikey", "list", "--store", dir, "--json").want(t, exitOK).out
	if err := json.Unmarshal([]byte(listed), &keys); err != nil || len(keys) != 1 ||
		keys[0]["name"] != "shop system" {
		t.Fatalf("%v: %s", err, listed)
	}
	if strings.Contains(listed, strings.TrimSpace(made.out)) {
		t.Error("the list shows the key")
	}
	call(t, nil, "apikey", "revoke", keys[0]["id"], "--store", dir).want(t, exitOK, "Revoked")
	call(t, nil, "apikey", "revoke", keys[0]["id"], "--store", dir).want(t, exitFailure, "no key")
	if left := call(t, nil, "apikey", "list", "--store", dir, "--json").out; strings.TrimSpace(left) != "[]" {
		t.Errorf("left: %s", left)
	}
}

// TestKeyWithLimits checks the flags that limit a key, and that the list shows them.
func TestKeyWithLimits(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	call(t, nil, "apikey", "create", "--store", dir, "--name", "all").want(t, exitOK, "may do everything")
	call(t, nil, "apikey", "create", "--store", dir, "--name", "checkout", "--scope", "orders",
		"--scope", "customers:read", "--expires", "2199-06-30").want(t, exitOK)
	listed := call(t, nil, "apikey", "list", "--store", dir, "--json").want(t, exitOK).out
	var keys []map[string]string
	if err := json.Unmarshal([]byte(listed), &keys); err != nil || len(keys) != 2 {
		t.Fatalf("%v: %s", err, listed)
	}
	for i, want := range []map[string]string{
		{"name": "all", "scopes": "all", "expires": "never", "last_use": "never"},
		{"name": "checkout", "scopes": "customers:read,orders", "expires": "2199-07-01T00:00:00Z",
			"last_use": "never"},
	} {
		for name, value := range want {
			if keys[i][name] != value {
				t.Errorf("%s of key %d is %q, want %q", name, i, keys[i][name], value)
			}
		}
	}
	for _, wrong := range [][]string{{"--scope", "everything"}, {"--expires", "soon"}, {"--expires", "2027-02-30"}} {
		call(t, nil, append([]string{"apikey", "create", "--store", dir, "--name", "x"}, wrong...)...).
			want(t, exitUsage, wrong[0], wrong[1])
	}
	call(t, nil, "apikey", "create", "--store", dir, "--name", "x", "--expires", "2001-01-01").
		want(t, exitFailure, "--expires: A key cannot expire in the past.")
}

func TestKeyWithoutName(t *testing.T) {
	t.Parallel()
	call(t, nil, "apikey", "create", "--store", shopStore(t)).want(t, exitFailure, "--name: Required.")
}

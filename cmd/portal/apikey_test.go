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

func TestKeyWithoutName(t *testing.T) {
	t.Parallel()
	call(t, nil, "apikey", "create", "--store", shopStore(t)).want(t, exitFailure, "--name: Required.")
}

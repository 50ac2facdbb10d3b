package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestStaffCommands invites people, lists them, changes a role, resets a factor and removes one.
func TestStaffCommands(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	made := call(t, nil, "staff", "invite", "boss@shop.example", "--role", "owner", "--store", dir).want(t, exitOK,
		"cannot be shown again", "/admin/sign-in")
	if code := strings.TrimSpace(made.out); len(code) != len("ABCD-EFGH") || strings.Contains(made.out, " ") {
		t.Errorf("standard output holds more than the code: %q", made.out)
	}
	call(t, nil, "staff", "invite", "jana@shop.example", "--store", dir).want(t, exitOK)
	call(t, nil, "staff", "invite", "x", "--role", "king", "--store", dir).want(t, exitFailure, "owner, manager")
	call(t, nil, "staff", "role", "jana@shop.example", "support", "--store", dir).want(t, exitOK, "support")
	call(t, nil, "staff", "role", "nobody@shop.example", "support", "--store", dir).want(t, exitFailure, "Nobody")
	call(t, nil, "staff", "role", "boss@shop.example", "viewer", "--store", dir).want(t, exitFailure, "only owner")
	again := call(t, nil, "staff", "reset-factor", "boss@shop.example", "--store", dir).want(t, exitOK).out
	if again == made.out {
		t.Error("the new code is the old one")
	}
	var people []map[string]string
	listed := call(t, nil, "staff", "list", "--store", dir, "--json").want(t, exitOK).out
	if err := json.Unmarshal([]byte(listed), &people); err != nil || len(people) != 2 ||
		people[1]["role"] != "support" || people[1]["state"] != "invited" {
		t.Errorf("%v: %s", err, listed)
	}
	call(t, nil, "staff", "remove", "boss@shop.example", "--store", dir).want(t, exitFailure, "only owner")
	call(t, nil, "staff", "remove", "jana@shop.example", "--store", dir).want(t, exitOK, "Removed")
	if left := call(t, nil, "staff", "list", "--store", dir).out; strings.Contains(left, "jana") {
		t.Errorf("left: %s", left)
	}
}

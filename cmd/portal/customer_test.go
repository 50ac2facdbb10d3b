package main

import (
	"encoding/json"
	"testing"
)

func TestCustomerCommands(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	call(t, nil, "import", "orders", writeFile(t, "o.ndjson", orderLine(1001)), "--store",
		dir).want(t, exitOK)
	command := func(args ...string) said { return call(t, nil, append(args, "--store", dir)...) }

	var found map[string]string
	out := command("customer", "find", "JANA@example.com", "--json").want(t, exitOK).out
	if err := json.Unmarshal([]byte(out), &found); err != nil || found["email"] != "jana@example.com" {
		t.Fatalf("%v: %s", err, out)
	}
	id := found["id"]
	command("customer", "show", id).want(t, exitOK, "jana@example.com", "registered-by", "the shop")
	command("customer", "find", "petr@example.com").want(t, exitFailure, `"petr@example.com"`)
	command("customer", "find").want(t, exitUsage, "incomplete")
	command("customer", "sign-out", id).want(t, exitOK, "Sessions ended: 0")
	command("customer", "erase", id, "--now").want(t, exitUsage, "--yes", "jana@example.com")
	command("customer", "erase", id, "--now", "--keep").want(t, exitUsage, "not both")
	command("customer", "erase", id, "--keep").want(t, exitOK, "No deletion")
	command("customer", "erase", id).want(t, exitOK, "will be deleted on")
	command("customer", "show", id, "--json").want(t, exitOK, `"erasure": "20`)
	command("customer", "erase", id, "--keep").want(t, exitOK, "Cancelled the deletion")
	command("customer", "erase", id, "--now", "--yes").want(t, exitOK, "being deleted")
}

func TestOrderCommands(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	call(t, nil, "import", "orders", writeFile(t, "o.ndjson", orderLine(1001)), "--store",
		dir).want(t, exitOK)
	command := func(args ...string) said { return call(t, nil, append(args, "--store", dir)...) }
	command("order", "show", "1001").want(t, exitOK, "jana@example.com", "12.50 EUR")
	command("order", "show", "1002").want(t, exitFailure, `no order "1002"`)
	command("order", "delete", "1001").want(t, exitUsage, "--yes", "jana@example.com")
	command("order", "delete", "1001", "--yes").want(t, exitOK, "Deleted order 1001")
	command("order", "delete", "1001", "--yes").want(t, exitFailure, `no order "1001"`)
}

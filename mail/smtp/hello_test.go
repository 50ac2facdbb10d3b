package smtp

import (
	"context"
	"os"
	"testing"
)

// TestHello checks that EHLO sends a public name if there is one, whatever the machine calls itself.
func TestHello(t *testing.T) {
	t.Parallel()
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	domain := func(name string) func(context.Context) string { return func(context.Context) string { return name } }
	for _, test := range []struct {
		name   string
		sender Sender
		want   string
	}{
		{"the URL's", Sender{helo: "mail.shop.example", Domain: domain("other.example")},
			"mail.shop.example"},
		{"the domain", Sender{Domain: domain("account.shop.example")}, "account.shop.example"},
		{"none", Sender{}, machine},
		{"a domain that is none", Sender{Domain: domain("localhost")}, machine},
	} {
		if isPublicName(machine) && test.sender.helo == "" {
			test.want = machine
		}
		if got := test.sender.hello(t.Context()); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	for name, want := range map[string]bool{
		"mail.shop.example": true, "Mail.Shop.Example": true, "shop": false, "": false, "shop.local": false,
		"pod-7.cluster.local": false,
		"localhost":           false, "vm.localdomain": false, "192.0.2.7": false, "a b.example": false,
	} {
		if isPublicName(name) != want {
			t.Errorf("isPublicName(%q) is %t", name, !want)
		}
	}
}

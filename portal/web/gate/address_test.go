package gate_test

import (
	"testing"

	"github.com/gofiber/fiber/v2"

	"postern/portal/web/gate"
)

// TestAddress sends requests from 0.0.0.0, which is a trusted proxy, like 10.0.0.0/8 and fd00::/8.
func TestAddress(t *testing.T) {
	t.Parallel()
	h := newTestGate(t, func(c *fiber.Ctx) error { return c.SendString(gate.Address(c).String()) },
		"https://a.test")
	tests := []struct {
		name   string
		header []string // values of X-Forwarded-For
		want   string
	}{
		{"nothing forwarded", nil, "0.0.0.0"},
		{"one hop", []string{"192.0.2.7"}, "192.0.2.7"},
		{"the client's own claim stands left", []string{"203.0.113.9, 192.0.2.7"}, "192.0.2.7"},
		{"a trusted hop between", []string{"192.0.2.7, 10.1.2.3"}, "192.0.2.7"},
		{"a claimed trusted hop", []string{"192.0.2.7, 198.51.100.1, 10.1.2.3"}, "198.51.100.1"},
		{"all trusted", []string{"10.9.9.9, 10.1.2.3"}, "10.9.9.9"},
		{"two headers", []string{"203.0.113.9", "192.0.2.7, 10.0.0.1"}, "192.0.2.7"},
		{"IPv6", []string{"2001:db8::5, fd00::1"}, "2001:db8::5"},
		{"IPv6 in brackets with a port", []string{"[2001:db8::5]:4711"}, "2001:db8::5"},
		{"IPv4 with a port", []string{"192.0.2.7:4711"}, "192.0.2.7"},
		{"IPv4 in IPv6", []string{"::ffff:192.0.2.7"}, "192.0.2.7"},
		{"a zone", []string{"fe80::1%eth0"}, "fe80::1"},
		{"IPv4 in IPv6 with a port", []string{"[::ffff:192.0.2.7]:4711"}, "192.0.2.7"},
		{"IPv6 in brackets", []string{"[2001:db8::5]"}, "2001:db8::5"},
		{"a zone with a port", []string{"[fe80::1%eth0]:4711"}, "fe80::1"},
		{"spaces around a port", []string{" 192.0.2.7:4711 , 10.1.2.3 "}, "192.0.2.7"},
		{"a hop of another header", []string{}, "0.0.0.0"},
		{"words end the walk", []string{"192.0.2.7, unknown, 10.1.2.3"}, "10.1.2.3"},
		{"an empty hop ends the walk", []string{"192.0.2.7,,10.1.2.3"}, "10.1.2.3"},
		{"nothing but words", []string{"unknown"}, "0.0.0.0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var header []string
			for _, line := range test.header {
				header = append(header, "X-Forwarded-For", line)
			}
			if _, got, _ := h.ask(t, "GET", "/", header...); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

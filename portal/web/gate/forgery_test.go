package gate_test

import (
	"testing"

	"github.com/gofiber/fiber/v2"
)

func TestRefuseForgery(t *testing.T) {
	h := newHouse(t, func(c *fiber.Ctx) error { return c.SendString("in") }, "https://account.a.test")
	const site, origin = "Sec-Fetch-Site", "Origin"
	const own = "https://account.a.test"
	denied, media := 500, fiber.StatusUnsupportedMediaType
	tests := []struct {
		name   string
		method string
		path   string
		header []string
		status int
	}{
		{"same origin", "POST", "/x", []string{site, "same-origin"}, 200},
		{"typed by hand", "POST", "/x", []string{site, "none"}, 200},
		{"cross-site", "POST", "/x", []string{site, "cross-site"}, denied},
		{"a sibling of the same site", "POST", "/x", []string{site, "same-site"}, denied},
		{"an unknown word", "POST", "/x", []string{site, "evil"}, denied},
		{"cross-site with our own origin", "POST", "/x", []string{site, "cross-site", origin, own}, denied},
		{"own origin alone", "POST", "/x", []string{origin, own}, 200},
		{"foreign origin", "POST", "/x", []string{origin, "https://evil.test"}, denied},
		{"sibling origin", "POST", "/x", []string{origin, "https://a.test"}, denied},
		{"own host on http", "POST", "/x", []string{origin, "http://account.a.test"}, denied},
		{"own host on another port", "POST", "/x", []string{origin, "https://account.a.test:444"}, denied},
		{"own host as a beginning", "POST", "/x", []string{origin, "https://account.a.test.evil.test"}, denied},
		{"null origin", "POST", "/x", []string{origin, "null"}, denied},
		{"neither", "POST", "/x", nil, 200},
		{"other unsafe methods", "DELETE", "/x", []string{site, "cross-site"}, denied},
		{"reading is free", "GET", "/x", []string{site, "cross-site"}, 200},
		{"heads too", "HEAD", "/x", []string{site, "cross-site", origin, "https://evil.test"}, 200},
		{"the API has no cookies", "PUT", "/api/v1/orders/1", []string{site, "cross-site", "Content-Type", "application/json"}, 200},
		{"a path that only begins like it", "POST", "/apix", []string{site, "cross-site"}, denied},
		{"a form", "POST", "/x", []string{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}, 200},
		{"a form with files", "POST", "/x", []string{"Content-Type", "multipart/form-data; boundary=b"}, 200},
		{"plain text, which any site may send", "POST", "/x", []string{"Content-Type", "text/plain"}, media},
		{"JSON", "POST", "/x", []string{"Content-Type", "application/json"}, media},
		{"a compressed form", "POST", "/x", []string{"Content-Type", "application/x-www-form-urlencoded", "Content-Encoding", "gzip"}, media},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, body, _ := h.ask(t, test.method, "http://account.a.test"+test.path, test.header...)
			if status != test.status {
				t.Errorf("status %d, want %d: %s", status, test.status, body)
			}
		})
	}
}

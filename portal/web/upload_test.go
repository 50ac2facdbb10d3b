package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"postern/portal/web"
)

// uploadOf returns the header of a form with photos, of 100,000 bytes, by a signed-in customer.
func (h testSite) uploadOf(t *testing.T, email string) string {
	t.Helper()
	b := h.Browser()
	h.SignIn(b, email)
	return "POST /orders/1/return HTTP/1.1\r\n" + shopHost + "Cookie: __Host-postern.main=" +
		b.Cookie("__Host-postern.main") + "\r\nSec-Fetch-Site: same-origin\r\n" +
		"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n"
}

const wait = "Expect: 100-continue\r\n"

// try announces an upload and returns the status.
func (h testSite) try(t *testing.T, header string) int {
	t.Helper()
	c := h.talk(t)
	defer c.Close()
	c.say("%s%s\r\n", header, wait)
	response, err := http.ReadResponse(c.read, nil)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// TestACustomerHasOneUploadAtATime checks that further uploads of a customer are refused meanwhile and not
// counted, and that another customer's are accepted.
func TestACustomerHasOneUploadAtATime(t *testing.T) {
	t.Parallel()
	h := newTestSite(t)
	jana, eva := h.uploadOf(t, "jana@shop.test"), h.uploadOf(t, "eva@shop.test")
	first := h.talk(t)
	first.say("%s\r\n--x", jana)
	retry(t, "a second upload is accepted", func() bool { return h.try(t, jana) == http.StatusServiceUnavailable })
	for range 25 {
		if status := h.try(t, jana); status != http.StatusServiceUnavailable {
			t.Fatalf("while one is received, another is answered with %d", status)
		}
	}
	if status := h.try(t, eva); status != http.StatusContinue {
		t.Errorf("another customer's upload is answered with %d", status)
	}
	first.Close()
	retry(t, "the slot is not given back", func() bool { return h.try(t, jana) == http.StatusContinue })
	whole := h.talk(t)
	whole.say("%s\r\n%s", jana, strings.Repeat("x", 100_000))
	whole.want(http.StatusBadRequest)
	for range 18 { // with the two above twenty
		c := h.talk(t)
		c.say("%s\r\n%s", jana, strings.Repeat("x", 100_000))
		c.want(http.StatusBadRequest)
	}
	last := h.talk(t)
	last.say("%s\r\n%s", jana, strings.Repeat("x", 100_000))
	last.want(http.StatusTooManyRequests)
}

// TestAStalledUploadGivesItsSlotBack checks that a form with photos whose bytes do not come ends long before
// the two minutes that a whole form may take.
func TestAStalledUploadGivesItsSlotBack(t *testing.T) {
	t.Parallel()
	h := newTestSite(t).with(t, web.Config{Reading: 300 * time.Millisecond})
	header := h.uploadOf(t, "jana@shop.test")
	c := h.talk(t)
	defer c.Close()
	c.say("%s\r\n--x", header)
	c.want(http.StatusRequestTimeout)
	retry(t, "the slot is not given back", func() bool { return h.try(t, header) == http.StatusContinue })
}

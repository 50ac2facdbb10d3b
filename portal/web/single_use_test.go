package web_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"sync"
	"testing"
	"time"

	"postern/portal/web/webtest"
)

const clicksOnOne = 1000

// lines is the number of connections that the clicks use. A MongoDB-compatible test server may handle one
// request at a time, and those waiting must get their turn before their timeout.
func lines() int {
	if os.Getenv("PORTAL_TEST_STORE") == "mongodb" {
		return 100
	}
	return 500
}

// TestThousandClicksOnOneLink has a thousand browsers submit one link at two servers over one store. 500
// connections send their requests except for the last byte, then all last bytes together. One browser gets
// a session; all others are told that the link was used. A full run repeats this with 200 links.
func TestThousandClicksOnOneLink(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	ways := []*webtest.Way{process(t, i, 0), process(t, i, 0)}
	clickers := make([]*clicker, lines())
	for n := range clickers {
		clickers[n] = newClicker(t, ways[n%len(ways)].Addr)
	}
	links := 1 // even one link gets a thousand clicks
	if full := counted(200); full == 200 {
		links = full
	}
	for round := range links {
		_, mailed := askAll(t, i, []string{fmt.Sprintf("wanted%d@example.com", round)})
		token := path.Base(linkPath(t, mailed[0]))
		statuses, cookies := map[int]int{}, []string{}
		for wave := range clicksOnOne / len(clickers) {
			for _, a := range clickTogether(t, clickers, token, wave) {
				statuses[a.status]++
				if a.session != "" {
					cookies = append(cookies, a.session)
				}
			}
		}
		if len(cookies) != 1 || statuses[http.StatusSeeOther] != 1 ||
			statuses[http.StatusGone] != clicksOnOne-1 {
			t.Fatalf("link %d: %d sessions, statuses %v", round, len(cookies), statuses)
		}
		b := i.Browser()
		b.SetCookie("__Host-postern.main", cookies[0])
		b.Get("/security").Want(http.StatusOK)
		if n := len(b.Page.Texts(".rows > li")); n != 1 {
			t.Fatalf("link %d: the customer has %d sessions", round, n)
		}
	}
}

// clicker is a connection to a server.
type clicker struct {
	conn net.Conn
	read *bufio.Reader
}

func newClicker(t *testing.T, address string) *clicker {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &clicker{conn, bufio.NewReader(conn)}
}

// answer is the result of one click.
type answer struct {
	status  int
	session string // the cookie's value; "" for none
}

// clickTogether submits the link over every connection at the same time, each for a different browser.
func clickTogether(t *testing.T, clickers []*clicker, token string, wave int) []answer {
	t.Helper()
	form := url.Values{"token": {token}}.Encode()
	held := form[len(form)-1:]
	for n, c := range clickers {
		secret := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%032d", wave*len(clickers)+n))
		c.conn.SetDeadline(time.Now().Add(2 * time.Minute))
		if _, err := fmt.Fprintf(c.conn,
			"POST /sign-in/link HTTP/1.1\r\nHost: account.shop.test\r\nSec-Fetch-Site: same-origin\r\n"+
				"Cookie: __Host-postern-browser.main=%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
			secret, len(form), form[:len(form)-1]); err != nil {
			t.Fatal(err)
		}
	}
	answers, errs := make([]answer, len(clickers)), make([]error, len(clickers))
	var done sync.WaitGroup
	start := make(chan struct{})
	for n, c := range clickers {
		done.Go(func() {
			<-start
			answers[n], errs[n] = c.finish(held)
		})
	}
	close(start)
	done.Wait()
	for n, err := range errs {
		if err != nil {
			t.Fatalf("click %d: %v", n, err)
		}
	}
	return answers
}

// finish sends the last byte of a request and reads its answer.
func (c *clicker) finish(last string) (answer, error) {
	if _, err := io.WriteString(c.conn, last); err != nil {
		return answer{}, err
	}
	response, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	a := answer{status: response.StatusCode}
	for _, cookie := range response.Cookies() {
		if cookie.Name == "__Host-postern.main" {
			a.session = cookie.Value
		}
	}
	_, err = io.Copy(io.Discard, response.Body)
	return a, err
}

package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// importCustomers imports n customers, c0@example.com and so on, each with one order.
func (s *floodServer) importCustomers(t *testing.T, n int) {
	t.Helper()
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, `{"number":"c%d","email":"c%d@example.com","placed_at":"2026-03-05T10:00:00Z","updated_at":"2026-03-05T10:00:00Z",`+
			`"currency":"EUR","total":"12.50","lines":[{"id":"1","name":"Book","quantity":"1","unit_price":"12.5","total":"12.50"}]}`+"\n", i, i)
	}
	command := exec.Command(s.binary, "import", "orders", writeFile(t, "orders.ndjson", lines.String()),
		"--store", s.dir)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("import: %v: %s", err, out)
	}
}

// visitor is a browser with its own address behind the proxy and its own cookies; many visitors share
// connections.
type visitor struct {
	server *floodServer
	client *http.Client
	from   string
}

func (s *floodServer) visitor(t *testing.T, lines *http.Transport, from string) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return visitor{server: s, from: from,
		client: &http.Client{Jar: jar, Transport: lines, Timeout: time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// post sends a form and returns the status of the answer, or 0 for none.
func (v visitor) post(path string, form url.Values) int {
	request, err := http.NewRequest(http.MethodPost, "http://"+v.server.address+path,
		strings.NewReader(form.Encode()))
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.Header.Set("X-Forwarded-For", v.from)
	response, err := v.client.Do(request)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// mailTimes requests an email for each customer in the range, one every 50 ms and each from a different
// address. It returns the sorted times from request to arrival.
func (s *floodServer) mailTimes(t *testing.T, from, before int) []time.Duration {
	t.Helper()
	lines := &http.Transport{MaxIdleConnsPerHost: 8}
	defer lines.CloseIdleConnections()
	beat := time.NewTicker(50 * time.Millisecond)
	defer beat.Stop()
	took := make([]time.Duration, before-from)
	var wait sync.WaitGroup
	for n := range took {
		<-beat.C
		email, v := fmt.Sprintf("c%d@example.com", from+n),
			s.visitor(t, lines, fmt.Sprintf("10.9.%d.%d", (from+n)/250, (from+n)%250+1))
		wait.Go(func() {
			began := time.Now()
			if status := v.post("/sign-in", url.Values{"email": {email}}); status != http.StatusSeeOther {
				t.Errorf("%s: status %d", email, status)
				return
			}
			s.awaitMail(t, email)
			took[n] = time.Since(began)
		})
	}
	wait.Wait()
	slices.Sort(took)
	return took
}

func (s *floodServer) awaitMail(t *testing.T, email string) {
	look, late := time.NewTicker(5*time.Millisecond), time.After(2*time.Minute)
	defer look.Stop()
	for {
		s.office.mu.Lock()
		arrived := len(s.office.links[email]) > 0
		s.office.mu.Unlock()
		if arrived {
			return
		}
		select {
		case <-look.C:
		case <-late:
			t.Errorf("no mail to %s", email)
			return
		}
	}
}

// flood requests emails without a pause until stop is called. ask returns the client and the address of
// each request.
func (s *floodServer) flood(t *testing.T, hands int,
	ask func(n int) (client, email string)) (stop func() map[int]int) {
	t.Helper()
	var ended atomic.Bool
	var asked atomic.Int64
	var wait sync.WaitGroup
	var mu sync.Mutex
	statuses := map[int]int{}
	lines := &http.Transport{MaxIdleConnsPerHost: hands}
	for range hands {
		wait.Go(func() {
			for !ended.Load() {
				client, email := ask(int(asked.Add(1)))
				v := visitor{server: s, from: client,
					client: &http.Client{Transport: lines, Timeout: time.Minute,
						CheckRedirect: func(*http.Request,
							[]*http.Request) error {
							return http.ErrUseLastResponse
						}}}
				status := v.post("/sign-in", url.Values{"email": {email}})
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			}
		})
	}
	return func() map[int]int {
		ended.Store(true)
		wait.Wait()
		lines.CloseIdleConnections()
		return statuses
	}
}

// stored returns the size of the store's files in bytes.
func (s *floodServer) stored(t *testing.T) (size int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			size += info.Size()
		}
	}
	return size
}

// TestFloodDelaysNobodysMail floods the server, once from one client and once for one address far above its
// limit. In the meantime 99 of 100 customers get their email about as fast as without the flood, and the
// store grows little.
func TestFloodDelaysNobodysMail(t *testing.T) {
	needFlood(t)
	for _, c := range []struct {
		name string
		ask  func(n int) (client, email string)
		most func(requests int) int64 // bytes by which the store may grow
	}{
		{"one client, many addresses",
			func(n int) (string, string) { return "203.0.113.9", fmt.Sprintf("nobody-%d@example.com", n) },
			func(int) int64 { return 32 << 20 }},
		{"many clients, one address", func(n int) (string, string) {
			return fmt.Sprintf("10.%d.%d.%d", 20+n%2, n/2%250, n/500%250+1), "c0@example.com"
		}, func(requests int) int64 { return int64(requests) * 2 << 10 }}, // a marked entry and counters each
	} {
		t.Run(c.name, func(t *testing.T) {
			s := startFloodServer(t, "--trusted-proxies", "127.0.0.1")
			s.importCustomers(t, 401)
			quiet := s.mailTimes(t, 1, 101)
			size := s.stored(t)
			began := time.Now()
			stop := s.flood(t, 16, c.ask)
			busy := s.mailTimes(t, 101, 401)
			statuses, lasted := stop(), time.Since(began)
			at := func(times []time.Duration) time.Duration { return times[len(times)*99/100-1].Round(time.Millisecond) }
			grown := s.stored(t) - size
			t.Logf("%v in %s; p99 %s, without the flood %s; the store grew by %d KiB", statuses,
				lasted.Round(time.Second), at(busy), at(quiet), grown>>10)
			if most := max(2*time.Second, 5*at(quiet)); at(busy) > most {
				t.Errorf("p99 is %s, want at most %s", at(busy), most)
			}
			requests := 0
			for _, n := range statuses {
				requests += n
			}
			if most := c.most(requests); grown > most {
				t.Errorf("the store grew by %d KiB in %d requests, want at most %d KiB", grown>>10,
					requests, most>>10)
			}
		})
	}
}

// TestFloodOfCodesTellsNobodyApart enters wrong codes for 200 addresses that have an account and were sent
// a code, and for 200 that have none, and compares the times. They must not show which of two addresses is
// known.
func TestFloodOfCodesTellsNobodyApart(t *testing.T) {
	needFlood(t)
	const addresses, rounds, hands = 200, 20, 16
	s := startFloodServer(t, "--trusted-proxies", "127.0.0.1")
	s.importCustomers(t, addresses)
	lines := &http.Transport{MaxIdleConnsPerHost: hands}
	defer lines.CloseIdleConnections()
	var people [2][]visitor
	for n := range addresses {
		for kind, name := range []string{"c", "u"} {
			v := s.visitor(t, lines, fmt.Sprintf("10.%d.0.%d", 30+kind, n+1))
			if status := v.post("/sign-in",
				url.Values{"email": {fmt.Sprintf("%s%d@example.com", name,
					n)}}); status != http.StatusSeeOther {
				t.Fatalf("asking: status %d", status)
			}
			people[kind] = append(people[kind], v)
		}
	}
	for n := range addresses {
		s.awaitMail(t, fmt.Sprintf("c%d@example.com", n))
	}
	var took [2][]time.Duration
	var mu sync.Mutex
	var wait sync.WaitGroup
	for hand := range hands { // refusals wait for a full step, so one after another would take minutes
		wait.Go(func() {
			for round := range rounds + 1 { // the first round is a warm-up
				for n := hand; n < addresses; n += hands {
					for _, kind := range rand.Perm(2) {
						lasted := people[kind][n].wrongCode(t)
						if mu.Lock(); round > 0 {
							took[kind] = append(took[kind], lasted)
						}
						mu.Unlock()
					}
				}
			}
		})
	}
	wait.Wait()
	later := laterShare(took[0], took[1])
	t.Logf("a known address is answered later than an unknown one with a chance of %.3f", later)
	if later < 0.48 || later > 0.52 {
		t.Errorf("the chance is %.3f, want 0.48 to 0.52", later)
	}
}

// wrongCode enters a wrong code and returns how long the answer took.
func (v visitor) wrongCode(t *testing.T) time.Duration {
	began := time.Now()
	if status := v.post("/sign-in/code",
		url.Values{"code": {"0000-0000"}}); status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code: status %d", status)
	}
	return time.Since(began)
}

// laterShare returns the share of all pairs in which the first time is longer (the area under the curve);
// equal times count half.
func laterShare(times, others []time.Duration) float64 {
	slices.Sort(others)
	var later float64
	for _, one := range times {
		below, _ := slices.BinarySearch(others, one)
		upTo, _ := slices.BinarySearch(others, one+1)
		later += float64(below) + float64(upTo-below)/2
	}
	return later / float64(len(times)) / float64(len(others))
}

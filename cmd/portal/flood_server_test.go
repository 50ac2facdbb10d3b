package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// needFlood skips a test that floods a server unless it was requested: it measures, so nothing else may run
// at the same time.
func needFlood(t *testing.T) {
	t.Helper()
	if os.Getenv("PORTAL_TEST_FLOOD") == "" {
		t.Skip("floods a server: PORTAL_TEST_FLOOD=1 go test -count=1 -run Flood ./cmd/portal, with nothing beside it")
	}
}

// floodServer is the real program in a separate process.
type floodServer struct {
	process *exec.Cmd
	address string
	binary  string
	dir     string // the store's directory
	office  *sink
}

// floodBinary builds the program. PORTAL_TEST_BINARY names another one instead, such as an older version
// for comparison.
func floodBinary(t *testing.T) string {
	t.Helper()
	if given := os.Getenv("PORTAL_TEST_BINARY"); given != "" {
		return given
	}
	binary := filepath.Join(t.TempDir(), "portal")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v: %s", err, out)
	}
	return binary
}

// startFloodServer serves a shop's new store until the test ends. A mail server of the test receives its
// email.
func startFloodServer(t *testing.T, more ...string) *floodServer {
	t.Helper()
	binary, dir, office := floodBinary(t), t.TempDir(), openSink(t)
	create := exec.Command(binary, "shop", "create", "main", "--store", dir, "--name", "Bookshop",
		"--base-url", "http://127.0.0.1:8080", "--sender-email", "shop@example.com")
	if out, err := create.CombinedOutput(); err != nil {
		t.Fatalf("shop create: %v: %s", err, out)
	}
	arguments := append([]string{"serve", "--store", dir, "--addr", "127.0.0.1:0", "--smtp",
		"smtp://" + office.address + "?starttls=off", "--log-level", "error"}, more...)
	s := &floodServer{process: exec.Command(binary, arguments...), binary: binary, dir: dir, office: office}
	s.process.Stderr = os.Stderr
	out, err := s.process.StdoutPipe()
	if err == nil {
		err = s.process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, base, found := strings.Cut(lines.Text(), "listens on "); found {
			s.address = strings.TrimPrefix(base, "http://")
			return s
		}
	}
	t.Fatal("the server does not start")
	return nil
}

// peak returns the server's peak memory in bytes.
func (s *floodServer) peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

// dialFrom opens a connection from an address of this machine.
func (s *floodServer) dialFrom(ctx context.Context, from string) (net.Conn, error) {
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 20 * time.Second}
	return dialer.DialContext(ctx, "tcp", s.address)
}

// signIn requests a link from a client's address over a new connection and returns how long the answer
// took. With a proxy, that address is the forwarded one.
func (s *floodServer) signIn(t *testing.T, proxy, client string) time.Duration {
	t.Helper()
	began := time.Now()
	web := &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return s.dialFrom(ctx, cmp.Or(proxy, client))
		},
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	form := strings.NewReader(url.Values{"email": {"jana." + client + "@example.com"}}.Encode())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+s.address+"/sign-in", form)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	if proxy != "" {
		request.Header.Set("X-Forwarded-For", client)
	}
	response, err := web.Do(request)
	if err != nil {
		t.Errorf("sign-in: %v", err)
		return time.Since(began)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusSeeOther {
		t.Errorf("sign-in: status %d", response.StatusCode)
	}
	return time.Since(began)
}

// slowestSignIn returns the longest of several sign-in requests, each from a different client.
func (s *floodServer) slowestSignIn(t *testing.T, proxy, network string) (slowest time.Duration) {
	t.Helper()
	for n := range 20 {
		slowest = max(slowest, s.signIn(t, proxy, fmt.Sprintf("%s.%d", network, n+1)))
	}
	return slowest
}

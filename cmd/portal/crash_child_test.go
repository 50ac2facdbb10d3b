package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// crashChild is the environment variable that makes the test binary run as a portal with these arguments,
// one a line.
const crashChild = "POSTERN_CRASH_CHILD"

func TestMain(m *testing.M) {
	if arguments := os.Getenv(crashChild); arguments != "" {
		os.Exit(serveAsChild(strings.Split(arguments, "\n")))
	}
	os.Exit(m.Run())
}

// serveAsChild runs the command as main does. It exits when its standard input closes, so that no child
// outlives the tests.
func serveAsChild(arguments []string) int {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(exitFailure)
	}()
	return run(context.Background(),
		arguments, environment{stdin: strings.NewReader(""), stdout: os.Stdout, stderr: os.Stderr})
}

// child is a server in a separate process.
type child struct {
	process *exec.Cmd
	base    string
	client  *http.Client
}

func startChild(t *testing.T, dir, office string) *child {
	t.Helper()
	arguments := []string{"serve", "--store", dir, "--addr", "127.0.0.1:0", "--smtp",
		"smtp://" + office + "?starttls=off",
		"--trusted-proxies", "127.0.0.1"}
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), crashChild+"="+strings.Join(arguments, "\n"))
	var problems bytes.Buffer
	process.Stderr = &problems
	if _, err := process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{process: process, client: &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 16},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	t.Cleanup(c.kill)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, base, found := strings.Cut(lines.Text(), "listens on "); found {
			c.base = base
			return c
		}
	}
	c.kill()
	t.Fatalf("the server does not start: %s", problems.String())
	return nil
}

// kill ends the server without letting it finish anything, and waits until it is gone. It may be called
// twice.
func (c *child) kill() {
	c.process.Process.Kill()
	c.process.Wait()
	c.client.CloseIdleConnections()
}

// visit identifies the sender of a request.
type visit struct{ browser, session, client string }

// reply is a server's answer; the status is 0 if the server was killed first.
type reply struct {
	status  int
	session string // the cookie's value; "" for none
}

// post sends a form as a page of the portal does.
func (c *child) post(ctx context.Context, path string, v visit, pairs ...string) reply {
	fields := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path,
		strings.NewReader(fields.Encode()))
	if err != nil {
		return reply{}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.Header.Set("X-Forwarded-For", v.client)
	request.AddCookie(&http.Cookie{Name: "postern-browser.main", Value: v.browser})
	if v.session != "" {
		request.AddCookie(&http.Cookie{Name: "postern.main", Value: v.session})
	}
	return c.send(request)
}

func (c *child) put(ctx context.Context, key string, d delivery) int {
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, c.base+"/api/v1/orders/"+d.number,
		strings.NewReader(d.document))
	if err != nil {
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	return c.send(request).status
}

func (c *child) send(request *http.Request) reply {
	response, err := c.client.Do(request)
	if err != nil {
		return reply{}
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	got := reply{status: response.StatusCode}
	for _, cookie := range response.Cookies() {
		if cookie.Name == "postern.main" {
			got.session = cookie.Value
		}
	}
	return got
}

package main

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"postern/storage"
)

var linkToken = regexp.MustCompile(`/sign-in/link/([A-Za-z0-9_-]{64})`)

// TestTwoServersShareOneMongoDB runs two servers on one store: limits, sessions and the outbox of one apply
// to the other.
func TestTwoServersShareOneMongoDB(t *testing.T) {
	t.Parallel()
	address := os.Getenv("PORTAL_TEST_MONGODB_URI")
	switch {
	case address == "" && os.Getenv("PORTAL_TEST_REQUIRE") != "":
		t.Fatal("PORTAL_TEST_MONGODB_URI names no server")
	case address == "":
		t.Skip("set PORTAL_TEST_MONGODB_URI to a MongoDB-compatible server to run this")
	}
	store := ownDatabase(t, address)
	env := map[string]string{"PORTAL_SECRET_KEY_FILE": filepath.Join(t.TempDir(), "secret.key")}
	call(t, env, "shop", "create", "main", "--store", store, "--name", "Bookshop", "--base-url",
		"http://127.0.0.1:8080",
		"--sender-email", "account@shop.example").want(t, exitOK)
	call(t, env, "import", "orders", writeFile(t, "o.ndjson", orderLine(1001)), "--store",
		store).want(t, exitOK)
	office, taken := openPostOffice(t)
	bases := make([]string, 2)
	for n := range bases {
		server := start(t, env, "serve", "--store", store, "--addr", "127.0.0.1:0", "--smtp",
			"smtp://"+office+"?starttls=off")
		bases[n] = server.wait("listens on ")
	}

	// Eight requests alternate between the servers. The limit is six an hour for both together.
	for n := range 8 {
		fetch(t, &http.Client{Timeout: patience}, bases[n%2]+"/sign-in",
			url.Values{"email": {"jana@example.com"}})
	}
	token := ""
	for range 6 {
		if found := linkToken.FindStringSubmatch(strings.ReplaceAll(<-taken, "=\r\n", "")); found != nil {
			token = found[1]
		}
	}
	waitForOutbox(t, env, store, "sent", 6)

	// The link is used at one server, and its session works at the other.
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar, Timeout: patience}
	for _, step := range []struct {
		base, path string
		form       url.Values
		want       string
	}{
		{bases[0], "/sign-in/link/" + token, nil, "<form"},
		{bases[0], "/sign-in/link", url.Values{"token": {token}}, "1001"},
		{bases[1], "/orders", nil, "1001"},
		{bases[1], "/sign-out", url.Values{}, "/sign-in"},
		{bases[0], "/orders", nil, `name="email"`},
	} {
		if text := fetch(t, client, step.base+step.path, step.form); !strings.Contains(text, step.want) {
			t.Errorf("%s: nothing of %q in:\n%s", step.path, step.want, text)
		}
	}
	select {
	case extra := <-taken:
		if linkToken.MatchString(extra) {
			t.Errorf("a seventh mail:\n%s", extra)
		}
	default:
	}
}

// ownDatabase returns the address of a database that only this test uses.
func ownDatabase(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/shared_" + strings.ReplaceAll(storage.NewID(), "-", "")
	return u.String()
}

// fetch gets a page, or posts a form, and returns the resulting page.
func fetch(t *testing.T, client *http.Client, address string, form url.Values) string {
	t.Helper()
	get := func() (*http.Response, error) { return client.Get(address) }
	if form != nil {
		get = func() (*http.Response, error) { return client.PostForm(address, form) }
	}
	response, err := get()
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// waitForOutbox waits until that many emails are in a state.
func waitForOutbox(t *testing.T, env map[string]string, store, state string, want int) {
	t.Helper()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	deadline := time.After(patience)
	for {
		list := call(t, env, "outbox", "list", "--store", store, "--state", state).want(t, exitOK)
		if strings.Count(list.out, "jana@example.com") == want {
			return
		}
		select {
		case <-look.C:
		case <-deadline:
			t.Fatalf("want %d %s mails:\n%s", want, state, list.out)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// said is the result of a command.
type said struct {
	status   int
	out, err string
}

// call runs a command to completion.
func call(t *testing.T, env map[string]string, args ...string) said {
	t.Helper()
	return callWith(t, t.Context(), environment{env: env, stdin: strings.NewReader("")}, args...)
}

func callWith(t *testing.T, ctx context.Context, w environment, args ...string) said {
	t.Helper()
	var out, errs bytes.Buffer
	w.stdout, w.stderr = &out, &errs
	status := run(ctx, args, w)
	return said{status: status, out: out.String(), err: errs.String()}
}

// want fails unless the status is right and the output contains all texts.
func (s said) want(t *testing.T, status int, texts ...string) said {
	t.Helper()
	if s.status != status {
		t.Errorf("status %d, want %d:\n%s%s", s.status, status, s.out, s.err)
	}
	for _, text := range texts {
		if !strings.Contains(s.out+s.err, text) {
			t.Errorf("nothing of %q in:\n%s%s", text, s.out, s.err)
		}
	}
	if strings.Contains(s.err, "goroutine ") || strings.Contains(s.err, "kind 1") {
		t.Errorf("internal text is shown:\n%s", s.err)
	}
	return s
}

// shopStore returns the directory of a new store with one shop.
func shopStore(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	createShop(t, dir, "main", "http://127.0.0.1:8080").want(t, exitOK)
	return dir
}

func createShop(t *testing.T, dir, id, base string) said {
	t.Helper()
	return call(t, nil, "shop", "create", id, "--store", dir, "--name", "Bookshop", "--base-url", base,
		"--sender-email", "account@shop.example")
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// patience is how long a test waits for things that should happen immediately.
const patience = 5 * time.Minute

// running is a command that runs until it is stopped.
type running struct {
	t      *testing.T
	stop   context.CancelFunc
	status chan int

	mu    sync.Mutex
	text  string
	grown chan struct{}
}

// start runs a command in the background and stops it at the end of the test at the latest.
func start(t *testing.T, env map[string]string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, stop: cancel, status: make(chan int, 1), grown: make(chan struct{}, 1)}
	go func() {
		r.status <- run(ctx, args, environment{env: env, stdin: strings.NewReader(""), stdout: r, stderr: r})
	}()
	t.Cleanup(func() { r.end() })
	return r
}

// Write records what the command prints.
func (r *running) Write(text []byte) (int, error) {
	r.mu.Lock()
	r.text += string(text)
	r.mu.Unlock()
	select {
	case r.grown <- struct{}{}:
	default:
	}
	return len(text), nil
}

func (r *running) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text
}

// wait waits until a text is printed, and returns the rest of its line.
func (r *running) wait(text string) string {
	r.t.Helper()
	deadline := time.After(patience)
	for {
		if _, rest, found := strings.Cut(r.said(), text); found && strings.Contains(rest, "\n") {
			line, _, _ := strings.Cut(rest, "\n")
			return strings.TrimSpace(line)
		}
		select {
		case <-r.grown:
		case status := <-r.status:
			r.status <- status
			if !strings.Contains(r.said(), text) {
				r.t.Fatalf("ended with %d before %q:\n%s", status, text, r.said())
			}
		case <-deadline:
			r.t.Fatalf("no %q within %s:\n%s", text, patience, r.said())
		}
	}
}

// end stops the command and returns its status.
func (r *running) end() int {
	r.t.Helper()
	r.stop()
	select {
	case status := <-r.status:
		r.status <- status // for another call of end
		return status
	case <-time.After(patience):
		r.t.Errorf("does not stop:\n%s", r.said())
		return -1
	}
}

var _ io.Writer = (*running)(nil)

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"nothing said", nil, []string{"portal demo", "Commands:"}},
		{"flag", []string{"--help"}, []string{"serve", "copy", "backup", "restore", "dkim record", "health",
			"apikey create", "import orders", "outbox resend", "$PORTAL_CONFIG"}},
		{"command", []string{"help"}, []string{"Commands:"}},
		{"of a command", []string{"help", "serve"},
			[]string{"PORTAL_SMTP_PASSWORD", "$PORTAL_ADDR", "--tls-cert", "$PORTAL_METRICS_ADDR"}},
		{"of a sub-command", []string{"help", "shop", "create"},
			[]string{"--link-life", "$PORTAL_SHOP_LINK_LIFE", "portal shop create main"}},
		{"asked with a flag", []string{"import", "orders", "--help"}, []string{"gunzip", "refused"}},
		{"version", []string{"version"}, []string{"portal ", "go1."}},
	} {
		t.Run(c.name, func(t *testing.T) { call(t, nil, c.args...).want(t, exitOK, c.want...) })
	}
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"unknown command", []string{"sevre"}, []string{"sevre", `See "portal help"`}},
		{"no sub-command", []string{"shop"}, []string{"incomplete", `"create"`, "portal help shop"}},
		{"unknown flag", []string{"serve", "--adr", "x"}, []string{"--adr", "--addr", "portal help serve"}},
		{"no file", []string{"import", "orders"}, []string{"incomplete", "<file>"}},
		{"unknown state", []string{"outbox", "list", "--store", dir, "--state", "lost"},
			[]string{"--state", "waiting, deferred, failed, sent or dropped"}},
		{"limit of words", []string{"outbox", "list", "--store", dir, "--limit", "many"},
			[]string{"--limit"}},
		{"limit below zero", []string{"outbox", "list", "--store", dir, "--limit", "-1"},
			[]string{`--limit: must be a number from 1 to 1000, not "-1"`}},
		{"limit too large", []string{"outbox", "list", "--store", dir, "--limit", "1000000"},
			[]string{"--limit"}},
		{"help for nothing", []string{"help", "nothing"}, []string{"nothing"}},
		{"store of another sort", []string{"shop", "list", "--store", "postgres://x"},
			[]string{"--store", "mongodb://"}},
	} {
		t.Run(c.name, func(t *testing.T) { call(t, nil, c.args...).want(t, exitUsage, c.want...) })
	}
}

func TestStoreThatIsNotThere(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "nowhere")
	call(t, nil, "shop", "list", "--store", dir).want(t, exitFailure, dir, "portal shop create")
	if _, err := os.Stat(dir); err == nil {
		t.Error("looking made a store")
	}
	file := writeFile(t, "plain.txt", "no store")
	call(t, nil, "shop", "list", "--store", file).want(t, exitFailure, "Cannot open", file)
	server := []string{"shop", "list", "--store", "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200"}
	call(t, nil, server...).want(t, exitUsage, "--secret-key-file")
	call(t, nil, append(server, "--secret-key-file", "secret.key")...).want(t, exitFailure, "MongoDB")
}

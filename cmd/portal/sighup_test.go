package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serverProcess is a server in a separate process and its output.
type serverProcess struct {
	t       *testing.T
	process *exec.Cmd
	lines   chan string
}

func startServerProcess(t *testing.T, flags ...string) serverProcess {
	t.Helper()
	arguments := append([]string{"serve", "--store", shopStore(t), "--addr", "127.0.0.1:0", "--smtp",
		"smtp://mail.example"}, flags...)
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), crashChild+"="+strings.Join(arguments, "\n"))
	if _, err := process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	read, write := io.Pipe()
	process.Stdout, process.Stderr = write, write
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	h := serverProcess{t: t, process: process, lines: make(chan string, 1000)}
	go func() {
		defer close(h.lines)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			h.lines <- lines.Text()
		}
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		process.Wait()
		write.Close()
	}()
	t.Cleanup(func() {
		process.Process.Kill()
		<-ended
	})
	return h
}

// wait waits for a line that contains the text, and returns the rest of it.
func (h serverProcess) wait(text string) string {
	h.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line, open := <-h.lines:
			if _, rest, found := strings.Cut(line, text); found {
				return rest
			}
			if !open {
				h.t.Fatalf("ended before %q", text)
			}
		case <-deadline:
			h.t.Fatalf("no %q within %s", text, patience)
		}
	}
}

func (h serverProcess) sighup() {
	h.t.Helper()
	if err := h.process.Process.Signal(syscall.SIGHUP); err != nil {
		h.t.Fatal(err)
	}
}

// TestSIGHUPReloadsCertificate replaces the certificate in a way that its watcher cannot notice: with the
// same size and time.
func TestSIGHUPReloadsCertificate(t *testing.T) {
	t.Parallel()
	files, other := newPair(t, "first"), newPair(t, "other")
	h := startServerProcess(t, files.flags()...)
	address := h.wait("listens on https://")
	if got := shown(t, address); got != "first" {
		t.Fatalf("shows the certificate %q", got)
	}
	for from, to := range map[string]string{other.cert: files.cert, other.key: files.key} {
		hide(t, from, to)
	}
	h.sighup()
	h.wait("TLS certificate reloaded")
	if got := shown(t, address); got != "other" {
		t.Errorf("shows the certificate %q", got)
	}
	h.sighup()
	h.wait("TLS certificate reloaded")
	if err := os.WriteFile(files.cert, []byte("-----BEGIN"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.sighup()
	h.wait("cannot load the new TLS certificate")
	if got := shown(t, address); got != "other" {
		t.Errorf("shows the certificate %q", got)
	}
}

// hide writes the content of one file into another without changing its size and time.
func hide(t *testing.T, from, to string) {
	t.Helper()
	before, err := os.Stat(to)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	size := int(before.Size())
	if len(text) < size { // bytes after the PEM block are ignored
		text = append(text, bytes.Repeat([]byte("\n"), size-len(text))...)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(to, before.ModTime(), before.ModTime()); err != nil {
		t.Fatal(err)
	}
}

func TestSIGHUPWithoutCertificate(t *testing.T) {
	t.Parallel()
	h := startServerProcess(t)
	base := h.wait("listens on ")
	for range 2 {
		h.sighup()
		h.wait("SIGHUP ignored")
	}
	response, err := http.Get(base + "/healthz")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("after the signal: %v, error %v", response, err)
	}
	response.Body.Close()
}

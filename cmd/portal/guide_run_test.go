package main

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"postern/portal/web/webtest"
)

// TestGuideCommands extracts the committed source and runs each sh block of README.md and the guides, in
// order, against this machine. A server that a block starts gets SIGTERM when the next one starts, or at
// the end.
func TestGuideCommands(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, guide := range guides() {
		s.state = filepath.Join(s.work, strings.ReplaceAll(guide, "/", "-")+".sh") // each guide has its own shell
		for _, b := range readBlocks(t, s.source, guide) {
			if b.language == "sh" && !s.run(b) {
				t.Fatalf("%s: failed:\n%s", guide, b.text)
			}
		}
	}
	s.stopServer()
	if left, _ := filepath.Glob(filepath.Join(s.work, "portal-demo-*")); len(left) > 0 {
		t.Errorf("the demo left %v", left)
	}
}

// shell runs blocks as a reader would type them.
type shell struct {
	t            *testing.T
	work, source string
	state        string // file with the variables that earlier blocks set
	env          []string
	placeholders *strings.Replacer
	server       *running
}

func newShell(t *testing.T) *shell {
	t.Helper()
	s := &shell{t: t, work: t.TempDir()}
	s.source = filepath.Join(s.work, "source")
	s.extract()
	mail, taken := openGuarded(t, nil)
	go func() { // otherwise the office blocks until each email is taken
		for range taken {
		}
	}()
	at := webtest.FreeAddress(t)
	s.placeholders = strings.NewReplacer(
		"go test ", "go vet ", // the tests run elsewhere, and this is one of them
		"go run ./cmd/bench -", "go run ./cmd/bench -h -",
		"go run ./cmd/bench\n", "go run ./cmd/bench -h\n",
		"systemctl stop postern", "true",
		"mongodb://portal@db.internal/postern", filepath.Join(s.work, "copy"), // storage tests copies to MongoDB
		"https://account.shop.example", "http://"+at,
		"smtp://account@mail.shop.example:587", "smtp://account@"+mail+"?starttls=off",
		"PORTAL_SMTP_PASSWORD=...", "PORTAL_SMTP_PASSWORD=right",
		"/srv/", s.work+"/srv/", "/backup/", s.work+"/backup/",
	)
	for name, text := range map[string][]byte{
		"srv/.keep": nil, "backup/.keep": nil, "source/logo.png": picture(t),
		".curlrc": []byte("fail-with-body\nsilent\nshow-error\nnoproxy = \"*\"\n"),
	} {
		file := filepath.Join(s.work, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, envPrefix) && !strings.HasPrefix(pair, "OTEL_") {
			s.env = append(s.env, pair)
		}
	}
	s.env = append(s.env, "PATH="+filepath.Join(s.source, "bin")+":"+os.Getenv("PATH"),
		"TMPDIR="+s.work, "CURL_HOME="+s.work, "PORTAL_ADDR="+at, "PORTAL_VIES=none",
		"GOPROXY=off", "GOFLAGS=-trimpath") // lets the build cache serve every directory
	return s
}

// extract unpacks the committed source, or skips the test if that is impossible.
func (s *shell) extract() {
	s.t.Helper()
	missing := s.t.Skipf
	switch {
	case os.Getenv("PORTAL_TEST_REQUIRE") != "":
		missing = s.t.Fatalf
	case os.Getenv("PORTAL_TEST_GUIDES") == "":
		s.t.Skip("PORTAL_TEST_GUIDES=1 runs the commands of README.md and the guides; " +
			"they need git, curl and the modules of go.mod")
	}
	script := `set -eo pipefail
mkdir "$1"; git -C ../.. archive HEAD | tar -x -C "$1"
curl --version >/dev/null
cd "$1"; GOPROXY=off go list -deps -test ./... >/dev/null`
	out, err := exec.CommandContext(s.t.Context(), "bash", "-c", script, "extract", s.source).CombinedOutput()
	if err != nil {
		missing("git, a work tree, curl or a module of go.mod is missing: %v: %s", err, out)
	}
}

func picture(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := png.Encode(&file, image.NewRGBA(image.Rect(0, 0, 240, 80))); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// serverCommand matches a server that a block starts as its last command.
var serverCommand = regexp.MustCompile(`(?m)portal (serve|demo)\b[^\n]*(\\\n[^\n]*)*\n?\z`)

// run runs a block and reports whether it succeeded; for a server it waits only until that is ready.
func (s *shell) run(b block) bool {
	s.t.Helper()
	script := "set -euo pipefail\n[ ! -e \"$STATE\" ] || . \"$STATE\"\nset -a\n" +
		s.placeholders.Replace(b.text) + "set +a\nexport -p >\"$STATE\"\n"
	command := exec.CommandContext(s.t.Context(), "bash", "-c", script)
	command.Dir, command.Env = s.source, append(s.env, "STATE="+s.state)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // "go run" does not pass signals on
	if server := serverCommand.FindStringSubmatch(b.text); server != nil {
		ready := map[string]string{"serve": "The portal listens on", "demo": "The demo portal is at"}
		s.serve(command, ready[server[1]])
		return true
	}
	out, err := command.CombinedOutput()
	if err != nil {
		s.t.Errorf("%v: %s", err, out)
	}
	return err == nil
}

// serve replaces the previous server and waits until the new one prints ready.
func (s *shell) serve(command *exec.Cmd, ready string) {
	s.t.Helper()
	s.stopServer()
	r := &running{t: s.t, status: make(chan int, 1), grown: make(chan struct{}, 1)}
	command.Stdout, command.Stderr = r, r
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	r.stop = func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	go func() {
		_ = command.Wait() // the signal ends bash, so its status means nothing
		r.status <- command.ProcessState.ExitCode()
	}()
	s.t.Cleanup(func() { r.end() })
	s.server = r
	r.wait(ready)
}

// stopServer ends the server, which must finish everything it had started.
func (s *shell) stopServer() {
	s.t.Helper()
	if s.server == nil {
		return
	}
	s.server.end()
	if said := s.server.said(); strings.Contains(said, "stopping") && !strings.Contains(said,
		"all_done=true") {
		s.t.Errorf("the server did not end well:\n%s", said)
	}
	s.server = nil
}

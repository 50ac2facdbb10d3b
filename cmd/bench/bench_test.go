package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary also run as the child processes that the benchmark starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == bareCommand || os.Args[1] == siteCommand) {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestWholeRun does everything a run does, with very small numbers. A failed request fails the run.
func TestWholeRun(t *testing.T) {
	t.Parallel()
	var out, progress bytes.Buffer
	profile := t.TempDir() + "/cpu.out"
	err := run(t.Context(), []string{
		"--store", t.TempDir(), "--orders", "50,100", "--duration", "100ms", "--connections", "2",
		"--customers", "2", "--links", "3",
		"--sample", "25", "--batch", "20", "--pairs", "3", "--late", "200ms", "--paced", "200ms", "--markdown",
		"--profile", profile, "--people", "500,600",
	}, &out, &progress)
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	for _, name := range []string{
		"bare Fiber, ", "orders page, 50 orders", "orders page, 100 orders", "an order's page",
		"asking for a link", "redeeming a link", "PUT of an order",
		"a search by three words", "the page of an order of 120 lines", "POST of 20 orders in one request",
		"20 orders in one request", "CPU of each of 20 orders in one request",
		"import", "the same documents into the store alone", "import, against the store alone",
		"mails, from the outbox to a mail server",
		"links redeemed", "from asked for to handed over, 100 a second for 200ms",
		"known against unknown address: median difference, mail server away",
		"known against unknown address: median difference, mail server 200ms late",
		"chance that the known one is answered later, mail server away",
		"such differences by chance (Wilcoxon), mail server away", "from start to the first 200",
		"memory idle at 50 orders", "memory under load at 100 orders",
		"CPU of the orders page, 100 orders against 50",
		"customers by name, 500", "customers with two filters by name, 600", "customers with a rare filter, 600",
		"search by two names, 500", "a customer with 10 orders, 600", "a customer with 10,000 orders, 600",
		"an act and its entry in the log, 500", "bulk change, 500 of 500 customers",
		"memory during it, 600 of 600 customers",
		"CPU of customers by name, 600 customers against 500",
	} {
		if n := strings.Count(out.String(), "\n| "+name); n == 0 {
			t.Errorf("there is no row %q", name)
		}
	}
	for line := range strings.Lines(out.String()) {
		if cells := strings.Split(line, "|"); len(cells) == 9 && strings.TrimSpace(cells[2]) == "0" {
			t.Errorf("no request was measured: %s", line)
		}
	}
	if info, err := os.Stat(profile); err != nil || info.Size() == 0 {
		t.Errorf("there is no profile: %v", err)
	}
	t.Log("\n" + out.String())
}

func TestFlagsThatMeanNothing(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--orders", "ten"}, {"--orders", "10"}, {"--people", "499"},
		{"--connections", "0"},
		{"--duration", "0s"}, {"--rate", "0"}, {"--batch", "1001"}, {"--only", "nothing"}, {"--paced", "0s"}, {"--late", "0s"}, {"more"}} {
		if o, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v is taken as %+v", args, o)
		}
	}
}

// TestOnePart measures the feed alone, which needs a store with orders.
func TestOnePart(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	err := run(t.Context(), []string{"--store", t.TempDir(), "--orders", "25", "--duration", "50ms",
		"--connections", "1", "--batch", "5", "--only", "feed", "--markdown"}, &out, io.Discard)
	if err != nil || !strings.Contains(out.String(), "| PUT of an order") || strings.Contains(out.String(), "import") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var r result
	for i := range 100 {
		r.times = append(r.times, time.Duration(i+1))
	}
	for part, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := r.quantile(part); got != want {
			t.Errorf("quantile %v is %d, not %d", part, got, want)
		}
	}
}

// TestLinkInMail checks that a link that the email's encoding has broken over two lines is found.
func TestLinkInMail(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("aB3-_x09", 8)
	p := &post{tokens: map[string]string{}, arrived: map[string]time.Time{}, came: make(chan struct{}, 1)}
	p.take("a@kunde.example", []byte("href=3D\"https://x.example/sign-in/link/"+token[:20]+"=\r\n"+
		token[20:]+"\""))
	got, err := p.wait(t.Context(), []string{"a@kunde.example"})
	if err != nil || got[0] != token {
		t.Errorf("%v %v", got, err)
	}
}

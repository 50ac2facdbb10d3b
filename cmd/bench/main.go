// Command bench measures the portal in operation. It builds the real server, starts it as a child process
// with an empty store, and loads it over HTTP and SMTP as shoppers and feeds do. In the same run a bare
// Fiber handler, also a child process, returns a page of the same size from memory, so that results from
// different machines can be compared.
//
//	go run ./cmd/bench
//	go run ./cmd/bench --orders 10000,100000,1000000 --markdown
//
// The reliable measurement is the server's CPU time per request, which depends little on other load. The
// benchmark must not reach into the measured server: it knows it only by HTTP, email and /proc. It fills
// stores with the product's own use cases, and for a profile it serves the real site in a child process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"postern/portal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process immediately
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run runs the benchmark or, in a child process, one of the servers it measures. What was measured before a
// failure is reported, too.
func run(ctx context.Context, args []string, out, errors io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case bareCommand:
			return serveBare(ctx, args[1:], out)
		case siteCommand:
			return serveSite(ctx, args[1:], out)
		}
	}
	o, err := parse(args, errors)
	if err != nil {
		return err
	}
	b := &bench{options: o, progress: errors}
	failed := b.run(ctx)
	if err := b.report().write(out, o.markdown); failed == nil {
		return err
	}
	return failed
}

// options are the flags.
type options struct {
	sizes       []int // numbers of stored orders, ascending
	crowds      []int // numbers of customers at which the pages of staff are measured, ascending
	store       string
	binary      string
	connections int
	duration    time.Duration
	customers   int // to sign in
	links       int // to redeem
	rate        int // link requests per second while the delivery to the mail server is timed
	paced       time.Duration
	pairs       int           // of one known and one unknown address
	late        time.Duration // delay of the mail server's responses during the pairs
	sample      int           // orders in the compared import
	batch       int           // orders in one request
	only        string        // part to measure, "" for all
	profile     string
	markdown    bool
}

func hasPart(name string) bool {
	return slices.ContainsFunc((&bench{}).parts(), func(p part) bool { return p.name == name })
}

func parse(args []string, errors io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(errors)
	sizes := set.String("orders", "10000,50000",
		"stored `orders` at which the orders page is measured; 1000000 and more take their time to load")
	crowds := set.String("people", "10000",
		"`customers` at which the pages of staff are measured; 10000,1000000 compares a small shop with a large one")
	set.StringVar(&o.store, "store",
		"", "where temporary stores are made: a `directory`, or a mongodb:// address whose databases begin with its name; unless set, the system's")
	set.StringVar(&o.binary, "portal",
		"", "a built portal to measure; unless set, it is built from the source in the present `directory`")
	set.IntVar(&o.connections, "connections", 16, "connections that send requests")
	set.DurationVar(&o.duration, "duration", 3*time.Second, "how long each page is requested")
	set.IntVar(&o.customers, "customers", 300, "customers who are signed in")
	set.IntVar(&o.links, "links", 2000, "sign-in links that are asked for, mailed and redeemed")
	set.IntVar(&o.rate, "rate", 100,
		"links asked for in a `second`, while the time until a mail is handed over is measured")
	set.DurationVar(&o.paced, "paced", 10*time.Second,
		"how long links are asked for at that rate; 1m for a sure answer")
	set.IntVar(&o.pairs, "pairs", 1000,
		"pairs of a known and an unknown address whose times are compared; 10000 for a sure answer")
	set.DurationVar(&o.late, "late", 10*time.Second,
		"how late the mail server answers while the pairs are compared for the second time")
	set.IntVar(&o.sample, "sample", 10000, "orders whose import is compared with the store alone")
	set.IntVar(&o.batch, "batch", portal.MaxOrders, "orders in a request that sends several")
	set.StringVar(&o.only, "only", "", "measure only this `part`: import, pages, links, feed, times or staff")
	set.StringVar(&o.profile, "profile",
		"", "write a CPU profile of the orders page, by the site alone in a process of its own, to this `file`")
	set.BoolVar(&o.markdown, "markdown", false, "print Markdown")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.sizes, err = numbers("orders", *sizes, ordersEach); err != nil {
		return o, err
	}
	if o.crowds, err = numbers("people", *crowds, leastCrowd); err != nil {
		return o, err
	}
	if set.NArg() > 0 || min(o.connections, o.customers, o.links, o.rate, o.pairs, o.sample, o.batch) < 1 ||
		o.batch > portal.MaxOrders || o.only != "" && !hasPart(o.only) ||
		min(o.duration, o.paced, o.late) <= 0 {
		return o, fmt.Errorf("the flags take numbers above zero, and nothing follows them")
	}
	return o, nil
}

// numbers reads a flag's list of numbers, and returns them ascending.
func numbers(flag, list string, least int) ([]int, error) {
	var all []int
	for word := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < least {
			return nil, fmt.Errorf("--%s: %q is no number of at least %d", flag, word, least)
		}
		all = append(all, n)
	}
	slices.Sort(all)
	return all, nil
}

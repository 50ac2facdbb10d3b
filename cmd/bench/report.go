package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one kind of request with its measurements.
type row struct {
	name   string
	result result
	most   time.Duration // CPU time limit; 0 for none
	orders int           // number of orders in the store, for the orders page
}

// figure is a single measurement.
type figure struct{ name, value, wanted string }

func (b *bench) row(name string, r result, most time.Duration) {
	b.rows = append(b.rows, row{name: name, result: r, most: most})
}

func (b *bench) figure(name, value, wanted string) {
	b.figures = append(b.figures, figure{name, value, wanted})
}

// usualStart reports the median start time of the server.
func (b *bench) usualStart() {
	if len(b.starts) == 0 {
		return
	}
	slices.Sort(b.starts)
	took := b.starts[len(b.starts)/2]
	b.figure("from start to the first 200", millis(took)+" ms", atMost(took.Seconds()*1000, 60, "ms"))
}

// bareRow begins the name of the first row.
const bareRow = "bare Fiber, "

const pageCost = 450 * time.Microsecond

// pageRow records the orders page at one size of the store, and the server's memory when idle and under
// load.
func (b *bench) pageRow(size int, r result, idle memory) {
	b.rows = append(b.rows, row{name: "orders page, " + grouped(size) + " orders", result: r,
		most: pageCost, orders: size})
	at := " at " + grouped(size) + " orders"
	b.figure("memory idle"+at, idle.String(), atMost(mb(idle.own), 40, "MB"))
	b.figure("memory under load"+at, r.peak.String(), atMost(mb(r.peak.own), 120, "MB"))
}

// flatness compares the orders page of the largest store with that of the smallest.
func (b *bench) flatness() {
	var pages []row
	for _, r := range b.rows {
		if r.orders > 0 {
			pages = append(pages, r)
		}
	}
	small, large := pages[0], pages[len(pages)-1]
	ratio := float64(large.result.cost()) / float64(max(1, small.result.cost()))
	b.figure(fmt.Sprintf("CPU of the orders page, %s orders against %s", grouped(large.orders),
		grouped(small.orders)),
		fmt.Sprintf("%.2f", ratio), atMost(ratio, 1.15, ""))
}

func (m memory) String() string {
	return fmt.Sprintf("%.0f MB, and %.0f MB of files", mb(m.own), mb(m.files))
}

func mb(bytes int64) float64 { return float64(bytes) / 1e6 }

// atMost and atLeast return the target and whether it was missed.
func atMost(got, most float64, unit string) string {
	return strings.TrimSpace(fmt.Sprintf("<= %v %s", most, unit)) + missed(got > most)
}

func atLeast(got, least float64) string { return fmt.Sprintf(">= %v", least) + missed(got < least) }

func missed(is bool) string {
	if is {
		return ", missed"
	}
	return ""
}

// report is the printed result: two tables, and a description of the environment.
type report struct {
	about    string
	requests [][]string
	figures  [][]string
}

func (b *bench) report() report {
	r := report{
		about: fmt.Sprintf("%s; load average %s; %d connections, %s a page; store: %s", machine(),
			loadAverage(), b.connections, b.duration, b.kind()),
		requests: [][]string{{"", "requests/s", "CPU ms/request", "p50 ms", "p99 ms", "CPU/bare",
			"wanted CPU ms"}},
		figures: [][]string{{"", "measured", "wanted"}},
	}
	bare := time.Duration(0) // not measured without the pages
	if len(b.rows) > 0 && strings.HasPrefix(b.rows[0].name, bareRow) {
		bare = b.rows[0].result.cost()
	}
	for _, row := range b.rows {
		r.requests = append(r.requests, row.cells(bare))
	}
	for _, f := range b.figures {
		r.figures = append(r.figures, []string{f.name, f.value, f.wanted})
	}
	return r
}

func (b *bench) kind() string {
	if isServer(b.options.store) {
		return "MongoDB"
	}
	return "embedded"
}

func (r row) cells(bare time.Duration) []string {
	cost, against, wanted := r.result.cost(), "", ""
	if bare > 0 {
		against = fmt.Sprintf("%.1f", float64(cost)/float64(bare))
	}
	if r.most > 0 {
		wanted = atMost(cost.Seconds()*1000, r.most.Seconds()*1000, "")
	}
	return []string{
		r.name, grouped(int(r.result.perSecond())), fmt.Sprintf("%.3f", cost.Seconds()*1000),
		millis(r.result.quantile(0.5)), millis(r.result.quantile(0.99)),
		against, wanted,
	}
}

func millis(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()*1000) }

// grouped formats a number with commas: 10,000.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// write prints the report.
func (r report) write(out io.Writer, markdown bool) error {
	table := writePlain
	if markdown {
		table = writeMarkdown
	}
	for _, rows := range [][][]string{r.requests, r.figures} {
		if err := table(out, rows); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	_, err := fmt.Fprintln(out, r.about)
	return err
}

func writePlain(out io.Writer, rows [][]string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, cells := range rows {
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}

func writeMarkdown(out io.Writer, rows [][]string) error {
	for i, cells := range rows {
		if i == 1 {
			fmt.Fprintln(out, "|"+strings.Repeat("---|", len(cells)))
		}
		if _, err := fmt.Fprintln(out, "| "+strings.Join(cells, " | ")+" |"); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
)

func orderLine(n int) string {
	return fmt.Sprintf(`{"number":"%d","email":"jana@example.com","placed_at":"2026-03-05T14:05:00Z","updated_at":"2026-03-05T14:05:00Z","currency":"EUR","total":"12.50"}`, n)
}

func orderLines(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(orderLine(1001+i) + "\n")
	}
	return b.String()
}

func counts(created, unchanged, stale, refused int) []string {
	return []string{
		fmt.Sprintf("created    %d\n", created), fmt.Sprintf("unchanged  %d\n", unchanged),
		fmt.Sprintf("stale      %d ", stale), fmt.Sprintf("refused    %d\n", refused),
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	file := writeFile(t, "orders.ndjson", orderLines(50))
	call(t, nil, "import", "orders", file, "--store", dir).want(t, exitOK, counts(50, 0, 0, 0)...)
	call(t, nil, "import", "orders", file, "--store", dir).want(t, exitOK, counts(0, 50, 0, 0)...)
	older := writeFile(t, "older.ndjson",
		strings.ReplaceAll(orderLine(1001), `"updated_at":"2026`, `"updated_at":"2025`))
	call(t, nil, "import", "orders", older, "--store", dir).want(t, exitOK, counts(0, 0, 1, 0)...)
	newer := writeFile(t, "newer.ndjson", strings.ReplaceAll(orderLine(1001), "12.50", "13.50"))
	call(t, nil, "import", "orders", newer, "--store", dir).want(t, exitOK, "updated    1\n")
}

// TestImportCutOff imports a file that ends in the middle of a line, and then the whole file.
func TestImportCutOff(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	whole := orderLines(30)
	cut := writeFile(t, "orders.ndjson", whole[:len(whole)-60])
	call(t, nil, "import", "orders", cut, "--store", dir).want(t, exitFailure,
		append(counts(29, 0, 0, 1), "line 30: ", "The body is not valid JSON")...)
	call(t, nil, "import", "orders", cut, "--store", dir).want(t, exitFailure, counts(0, 29, 0, 1)...)
	mended := writeFile(t, "orders.ndjson", whole)
	call(t, nil, "import", "orders", mended, "--store", dir).want(t, exitOK, counts(1, 29, 0, 0)...)
}

func TestImportTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	lines := []string{
		orderLine(1001),
		strings.Replace(orderLine(1002), "jana@example.com", "jana", 1),
		"",
		strings.Replace(orderLine(1003), `"EUR"`, `"EURO"`, 1),
		strings.Replace(orderLine(1004), `"12.50"`, `true`, 1),
		`{"number":"1005","number":"1006"}`,
		strings.Replace(orderLine(1007), `"total"`,
			`"lines":[{"name":"x","quantity":"a lot","total":"1.00"}],"total"`, 1),
	}
	got := call(t, nil, "import", "orders",
		writeFile(t, "o.ndjson", strings.Join(lines, "\n")), "--store", dir)
	got.want(t, exitFailure, counts(1, 0, 0, 5)...)
	got.want(t, exitFailure, "line 2: /email: Not a valid email address", "line 4: /currency: ",
		"line 5: /total: ", "line 6: ", "line 7: /lines/0/quantity: ")
}

func TestImportFromStandardInput(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	w := environment{stdin: strings.NewReader(orderLines(3))}
	callWith(t, t.Context(), w, "import", "orders", "-", "--store", dir).want(t, exitOK,
		counts(3, 0, 0, 0)...)
}

func TestImportWithoutAFile(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	call(t, nil, "import", "orders", dir+"/none", "--store", dir).want(t, exitFailure, "Cannot read")
	call(t, nil, "import", "orders", dir, "--store", dir).want(t, exitFailure, "is a directory")
	call(t, nil, "import", "orders", writeFile(t, "o", ""), "--store", dir, "--shop", "other").want(t,
		exitFailure, `no shop "other"`)
}

// TestImportInterrupted stops an import that is waiting for more input, and runs it again.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	ctx, stop := context.WithCancel(t.Context())
	in, feeder := io.Pipe()
	go func() {
		io.WriteString(feeder, orderLines(20))
		io.WriteString(feeder, orderLine(1021)[:40]) // read only after everything before it was accepted
		stop()
	}()
	callWith(t, ctx, environment{stdin: in}, "import", "orders", "-", "--store", dir).want(t, exitFailure,
		"Stopped after", "import the rest")
	again := writeFile(t, "orders.ndjson", orderLines(21))
	call(t, nil, "import", "orders", again, "--store", dir).want(t, exitOK, "refused    0\n")
	call(t, nil, "import", "orders", again, "--store", dir).want(t, exitOK, counts(0, 21, 0, 0)...)
}

func TestImportPrintsWarnings(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	guest := strings.Replace(orderLine(1001), `"total"`, `"customer_id":0,"total"`, 1)
	got := call(t, nil, "import", "orders", writeFile(t, "o.ndjson", "\n"+guest), "--store", dir)
	got.want(t, exitOK, append(counts(1, 0, 0, 0), "1 line was stored with warnings:\n",
		"o.ndjson: 1 order for shop", "order 1001, line 2: /customer_id: Systems send this ID")...)
}

func TestImportDryRun(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	file := writeFile(t, "orders.json",
		"\ufeff["+strings.ReplaceAll(orderLine(1001), ",", ",\r\n")+",\r\n{}]")
	for range 2 {
		call(t, nil, "import", "orders", file, "--store", dir, "--dry-run").want(t, exitFailure,
			append(counts(1, 0, 0, 1), "nothing was stored", "line 7: ")...)
	}
	call(t, nil, "import", "orders", file, "--store", dir).want(t, exitFailure, counts(1, 0, 0, 1)...)
	guest := writeFile(t, "o.ndjson",
		strings.Replace(orderLine(1001), `"total"`, `"customer_id":0,"total"`,
			1)+"\n"+`{"number":"1002","email":7}`)
	call(t, nil, "import", "orders", guest, "--store", dir, "--dry-run").
		want(t, exitFailure, "1 line would be stored with warnings:", "order 1001, line 1: /customer_id",
			"order 1002, line 2: /email")
}

func TestImportNamesAnEncoding(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	file := writeFile(t, "orders.ndjson",
		strings.Replace(orderLine(1001), `"currency"`, "\"tax_note\":\"\x9dava\",\"currency\"", 1))
	call(t, nil, "import", "orders", file, "--store", dir).want(t, exitFailure, "line 1: /: Not valid UTF-8",
		"--encoding windows-1250")
	call(t, nil, "import", "orders", file, "--store", dir, "--encoding", "utf-9").want(t, exitFailure,
		"Unknown encoding")
	call(t, nil, "import", "orders", file, "--store", dir, "--encoding", "windows-1250").want(t, exitOK,
		counts(1, 0, 0, 0)...)
}

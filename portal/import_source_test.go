package portal_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"postern/portal"
	"postern/portal/validate"
)

// imported holds the number of orders a file contained and the lines that were refused.
type imported struct {
	Orders  int
	Refused []string
}

func (h *testApp) imports(file string, options ...portal.ImportOption) (imported, error) {
	report, err := h.app.Operator().ImportOrders(h.t.Context(), h.shop.ID, strings.NewReader(file),
		func(int) {}, options...)
	got := imported{Orders: report.Created}
	for _, r := range report.Refused {
		got.Refused = append(got.Refused, fmt.Sprint(r.Line, fieldErrorsOf(r.Err)))
	}
	return got, err
}

func TestImportReadsWhatFilesAreWrittenLike(t *testing.T) {
	t.Parallel()
	line := func(n int) string {
		return string(oneLine(orderJSON(fmt.Sprint(n), jan, "Book",
			"Kniha s ťavou")))
	}
	pretty := strings.ReplaceAll(string(orderJSON("1", jan)), ",", ",\n  ")
	encoded := func(e interface{ String(string) (string, error) }, text string) string {
		out, err := e.String(text)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder()
	bare := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder()
	windows := encoded(charmap.Windows1250.NewEncoder(), line(1)+"\n"+line(2))
	tests := []struct {
		name, file string
		options    []portal.ImportOption
		want       imported
		err        string
	}{
		{name: "lines", file: line(1) + "\n" + line(2), want: imported{Orders: 2}},
		{name: "byte order mark", file: "\ufeff" + line(1) + "\n\ufeff" + line(2), want: imported{Orders: 2}},
		{name: "CRLF", file: line(1) + "\r\n\r\n" + line(2) + "\r\n", want: imported{Orders: 2}},
		{name: "array on one line", file: "[" + line(1) + "," + line(2) + "]", want: imported{Orders: 2}},
		{name: "array by lines", file: "\n[\n" + line(1) + ",\n{},\n" + line(2) + "\n]\n",
			want: imported{2, []string{"4 [/currency money.currency /placed_at text.required /updated_at text.required /total text.required /number text.required]"}}},
		{name: "pretty", file: pretty + "\n" + strings.ReplaceAll(pretty, `"number":"1"`, `"number":"2"`),
			want: imported{Orders: 2}},
		{name: "pretty array", file: "[\n  " + pretty + "\n]", want: imported{Orders: 1}},
		{name: "one of an array is cut", file: "[" + line(1) + ",\n" + line(2)[:50],
			want: imported{1, []string{"2 [ json.syntax]"}}},
		{name: "braces in a text", file: "[" + strings.Replace(line(1), "Kniha", `}]\"{`, 1) + "]",
			want: imported{Orders: 1}},
		{name: "no object in an array", file: "[1, \"x\", " + line(1) + "]",
			want: imported{1, []string{"1 [ json.type]", "1 [ json.type]"}}},
		{name: "an empty array", file: "[]", want: imported{}},
		{name: "an empty file", file: "", want: imported{}},
		{name: "first line broken", file: line(1)[:40] + "\n" + line(2),
			want: imported{1, []string{"1 [ json.syntax]"}}},
		{name: "UTF-16", file: encoded(utf16, line(1)+"\r\n"+line(2)), want: imported{Orders: 2}},
		{name: "UTF-16 without a mark", file: encoded(bare, line(1)), err: "import.utf16"},
		{name: "UTF-16 by its name", file: encoded(bare, line(1)),
			options: []portal.ImportOption{portal.Encoding("utf-16le")}, want: imported{Orders: 1}},
		{name: "windows-1250", file: windows,
			want: imported{0, []string{"1 [ import.encoding]", "2 [ import.encoding]"}}},
		{name: "windows-1250 by its name", file: windows,
			options: []portal.ImportOption{portal.Encoding("windows-1250")}, want: imported{Orders: 2}},
		{name: "an encoding that is none", file: line(1),
			options: []portal.ImportOption{portal.Encoding("utf-9")}, err: "import.encoding_name"},
		{name: "gzip", file: "\x1f\x8b\x08\x00", err: "import.compressed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := newTestApp(t).imports(tt.file, tt.options...)
			if told := strings.TrimSpace(strings.Join(fieldErrorsOf(err), "")); told != tt.err ||
				(err == nil) != (tt.err == "") {
				t.Fatalf("%v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDryRunStoresNothing(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	h.put(orderJSON("1", jan))
	file := string(oneLine(orderJSON("1", jan))) + "\n" +
		string(oneLine(orderJSON("2", "eva@example.com"))) + "\n{}\n"
	run := func(options ...portal.ImportOption) portal.Report {
		report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID, strings.NewReader(file),
			func(int) {}, options...)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	for range 2 {
		if dry := run(portal.DryRun()); dry.Created != 1 || dry.Unchanged != 1 || dry.RefusedCount != 1 {
			t.Errorf("dry: %+v", dry)
		}
	}
	if _, err := h.feed().CustomerByEmail(t.Context(),
		"eva@example.com"); validate.KindOf(err) != validate.NotFound {
		t.Errorf("a dry run made a customer: %v", err)
	}
	if wet := run(); wet.Created != 1 || wet.Unchanged != 1 || wet.RefusedCount != 1 {
		t.Errorf("wet: %+v", wet)
	}
}

// TestImportOfALargeArrayKeepsLittle checks that an array is read one object at a time and that an object
// too long for an order is not kept in memory.
func TestImportOfALargeArrayKeepsLittle(t *testing.T) {
	hundreds(t)
	h := newTestApp(t)
	blank := bytes.Repeat([]byte(" "), 1<<20)
	readers := []io.Reader{strings.NewReader("[")}
	for range 256 {
		readers = append(readers, bytes.NewReader(blank))
	}
	readers = append(readers, strings.NewReader(`{"x":"`))
	for range 64 {
		readers = append(readers, bytes.NewReader(blank))
	}
	readers = append(readers, strings.NewReader(`"},`), bytes.NewReader(oneLine(orderJSON("1", jan))),
		strings.NewReader("]"))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	report, err := h.app.Operator().ImportOrders(t.Context(), h.shop.ID,
		io.MultiReader(readers...), func(int) {})
	runtime.ReadMemStats(&after)
	if err != nil || report.Created != 1 || report.RefusedCount != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 64<<20 {
		t.Errorf("%d MiB allocated for 320 MiB", grown>>20)
	}
}

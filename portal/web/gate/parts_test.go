package gate_test

import (
	"bytes"
	"mime"
	"mime/multipart"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"postern/portal/web/gate"
)

const parted = "multipart/form-data; boundary=b"

func photoLimit() gate.FileLimit {
	return gate.FileLimit{Field: "photos", Most: 2, Bytes: 10, Text: 1 << 10}
}

// form joins parts, each a disposition and a content, to a multipart form.
func form(parts ...string) string {
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString("--b\r\nContent-Disposition: form-data; " + parts[i] + "\r\n\r\n" + parts[i+1] + "\r\n")
	}
	return b.String() + "--b--\r\n"
}

func TestReadParts(t *testing.T) {
	t.Parallel()
	const photo = `name="photos"; filename="a.jpg"`
	tests := []struct {
		name, body string
		want       gate.Parts
	}{
		{"texts", form(`name="text"`, "Torn.\r\n--bed is no boundary", `name="line/0"`, "2"),
			gate.Parts{Names: []string{"text", "line/0"}, Values: []string{"Torn.\r\n--bed is no boundary", "2"}}},
		{"no file chosen", form(`name="photos"; filename=""`, ""), gate.Parts{}},
		{"an empty file", form(photo, ""), gate.Parts{Files: [][]byte{{}}}},
		{"files", form(photo, "one", `name="a"`, "x", photo, "\x00\xff\r\n"),
			gate.Parts{Names: []string{"a"}, Values: []string{"x"}, Files: [][]byte{[]byte("one"), []byte("\x00\xff\r\n")}}},
		{"a file too long", form(photo, strings.Repeat("x", 100), `name="a"`, "x"),
			gate.Parts{Names: []string{"a"}, Values: []string{"x"}, Files: [][]byte{bytes.Repeat([]byte("x"), 11)}}},
		{"more files than may be, so that the form can say so", form(photo, "1", photo, "2", photo, "3"),
			gate.Parts{Files: [][]byte{[]byte("1"), []byte("2"), []byte("3")}}},
		{"a file's name with a path, a bidi mark and markup",
			form("name=\"photos\"; filename=\"../../C:\\\\etc\\\\\u202egpj.<script>.exe\"", "x"),
			gate.Parts{Files: [][]byte{[]byte("x")}}},
		{"nothing", "--b--\r\n", gate.Parts{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := gate.ReadParts(parted, []byte(tt.body), photoLimit(), 20)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadPartsRefuses(t *testing.T) {
	t.Parallel()
	const photo = `name="photos"; filename="a.jpg"`
	whole := form(`name="text"`, "Torn.", photo, "x")
	tests := []struct{ name, kind, body string }{
		{"no boundary", "multipart/form-data", whole},
		{"an empty boundary", `multipart/form-data; boundary=""`, whole},
		{"another boundary", "multipart/form-data; boundary=c", whole},
		{"another type", "multipart/mixed; boundary=b", whole},
		{"two boundaries", "multipart/form-data; boundary=b; boundary=c", whole},
		{"empty", parted, ""},
		{"too much text", parted, form(`name="a"`, strings.Repeat("x", 1000), `name="b"`, strings.Repeat("x", 25))},
		{"a file as a text", parted, form(`name="text"; filename="a.txt"`, "x")},
		{"a text as a file", parted, form(`name="photos"`, "x")},
		{"two texts of one name", parted, form(`name="owner"`, "me", `name="owner"`, "you")},
		{"no name", parted, form(`filename="a.jpg"`, "x")},
		{"an empty name", parted, form(`name=""`, "x")},
		{"a name in no encoding", parted, form("name=\"\xff\"", "x")},
		{"no disposition", parted, "--b\r\n\r\nx\r\n--b--\r\n"},
		{"an attachment", parted, strings.Replace(whole, "form-data", "attachment", 1)},
		{"five files, where two are read", parted, form(slices.Repeat([]string{photo, "x"}, 5)...)},
		{"too many parts", parted, form(slices.Collect(func(yield func(string) bool) {
			for n := range 10_000 {
				if !yield(`name="`+strings.Repeat("a", n%200+1)+string(rune('a'+n%26))+`"`) || !yield("") {
					return
				}
			}
		})...)},
		{"an endless header", parted, "--b\r\n" + strings.Repeat("X-A: y\r\n", 50_000) + "\r\n\r\nx\r\n--b--\r\n"},
		{"a header of many fields", parted, "--b\r\nContent-Disposition: form-data; name=a\r\nA: 1\r\nB: 1\r\nC: 1\r\nD: 1\r\n" +
			"E: 1\r\nF: 1\r\nG: 1\r\nH: 1\r\n\r\nx\r\n--b--\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := gate.ReadParts(tt.kind, []byte(tt.body), photoLimit(), 20); err == nil {
				t.Errorf("read as %q", got)
			}
		})
	}
	for n := range len(whole) - len("\r\n") {
		if got, err := gate.ReadParts(parted, []byte(whole[:n]), photoLimit(), 20); err == nil {
			t.Fatalf("the first %d bytes are read as %q", n, got)
		}
	}
}

// FuzzReadParts compares with the standard library's reading of the same form: what is read here is there,
// too, in the same sequence.
func FuzzReadParts(f *testing.F) {
	f.Add("b", form(`name="text"`, "Torn.", `name="photos"; filename="a.jpg"`, "x"))
	f.Add("b", form(`name="photos"; filename=""`, ""))
	f.Add("b", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--")
	f.Fuzz(func(t *testing.T, boundary, body string) {
		kind := "multipart/form-data; boundary=" + boundary
		got, err := gate.ReadParts(kind, []byte(body), photoLimit(), 20)
		if err != nil {
			return
		}
		if len(got.Names) != len(got.Values) || len(got.Names) > 20 || len(got.Files) > 4 {
			t.Fatalf("%d names, %d values, %d files", len(got.Names), len(got.Values), len(got.Files))
		}
		for _, file := range got.Files {
			if len(file) > 11 {
				t.Errorf("a file of %d bytes", len(file))
			}
		}
		theirs, err := multipart.NewReader(strings.NewReader(body), boundaryOf(t, kind)).ReadForm(1 << 20)
		if err != nil {
			return // it unpacks, which is not done here
		}
		if err := theirs.RemoveAll(); err != nil {
			t.Error(err)
		}
		for i, name := range got.Names {
			if values := theirs.Value[name]; len(values) != 1 || values[0] != got.Values[i] {
				if !strings.Contains(strings.ToLower(body), "quoted-printable") {
					t.Errorf("%s is %q, there %q", name, got.Values[i], values)
				}
			}
		}
	})
}

func boundaryOf(t *testing.T, kind string) string {
	t.Helper()
	_, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatal(err)
	}
	return params["boundary"]
}

package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestJSONHasOneForm checks that a table is an array of objects and a card is one object, whose lists are
// arrays, whatever their lengths.
func TestJSONHasOneForm(t *testing.T) {
	t.Parallel()
	list := func(rows ...string) *table {
		shown := &table{head: []string{"ID", "LAST ERROR"}}
		for _, id := range rows {
			shown.add(id, "")
		}
		return shown
	}
	thing := func(values ...string) card {
		var shown card
		shown.add("id", "main")
		shown.addWords("hosts", values)
		shown.addList("lines", values)
		return shown
	}
	for _, c := range []struct {
		name  string
		shown interface {
			print(w *environment, asJSON bool) error
		}
		text, json string
	}{
		{"no row", list(), "ID  LAST ERROR\n", "[]"},
		{"one row", list("a"), "ID  LAST ERROR\na   \n", `[{"id":"a","last_error":""}]`},
		{"two rows", list("a", "b"), "ID  LAST ERROR\na   \nb   \n",
			`[{"id":"a","last_error":""},{"id":"b","last_error":""}]`},
		{"empty lists", thing(), "id     main\nhosts  -\nlines  -\n", `{"hosts":[],"id":"main","lines":[]}`},
		{"lists of one", thing("a"), "id     main\nhosts  a\nlines  a\n",
			`{"hosts":["a"],"id":"main","lines":["a"]}`},
		{"lists of two", thing("a", "b"), "id     main\nhosts  a, b\nlines  a\nlines  b\n",
			`{"hosts":["a","b"],"id":"main","lines":["a","b"]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text, object bytes.Buffer
			if err := c.shown.print(&environment{stdout: &text}, false); err != nil ||
				text.String() != c.text {
				t.Errorf("%q, %v; want %q", text.String(), err, c.text)
			}
			err := c.shown.print(&environment{stdout: &object}, true)
			if got := strings.NewReplacer("\n", "", " ",
				"").Replace(object.String()); err != nil || got != c.json {
				t.Errorf("%s, %v; want %s", got, err, c.json)
			}
		})
	}
}

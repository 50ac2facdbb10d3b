package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// table is a list, printed as a table for people or as a JSON array of objects for programs.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w *environment, asJSON bool) error {
	if asJSON {
		return printJSON(w, t.objects())
	}
	out := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, strings.Join(t.head, "\t"))
	for _, row := range t.rows {
		fmt.Fprintln(out, strings.Join(row, "\t"))
	}
	return out.Flush()
}

func (t *table) objects() []map[string]string {
	list := []map[string]string{}
	for _, row := range t.rows {
		object := map[string]string{}
		for i, cell := range row {
			object[strings.ReplaceAll(strings.ToLower(t.head[i]), " ", "_")] = cell
		}
		list = append(list, object)
	}
	return list
}

// card shows the properties of one thing, as lines for people or as a JSON object for programs.
type card struct{ entries []cardEntry }

// cardEntry is a name with its value. As JSON, a list is always an array, whatever its length.
type cardEntry struct {
	name   string
	value  string   // for people, if values is not shown line by line
	values []string // nil if it is not a list
	lines  bool     // show each value on a line of its own
}

func (c *card) add(name, value string) {
	c.entries = append(c.entries, cardEntry{name: name, value: value})
}

// addWords adds a list of short values, which people see on one line.
func (c *card) addWords(name string, values []string) {
	entry := cardEntry{name: name, value: strings.Join(values, ", "), values: append([]string{}, values...)}
	c.entries = append(c.entries, entry)
}

// addList adds a list of longer values, which people see one below the other.
func (c *card) addList(name string, values []string) {
	c.entries = append(c.entries, cardEntry{name: name, values: append([]string{}, values...), lines: true})
}

func (c card) print(w *environment, asJSON bool) error {
	if asJSON {
		return printJSON(w, c.object())
	}
	out := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	for _, entry := range c.entries {
		values := []string{entry.value}
		if entry.lines && len(entry.values) > 0 {
			values = entry.values
		}
		for _, value := range values {
			if value == "" {
				value = "-"
			}
			fmt.Fprintf(out, "%s\t%s\n", entry.name, value)
		}
	}
	return out.Flush()
}

func (c card) object() map[string]any {
	object := map[string]any{}
	for _, entry := range c.entries {
		if entry.values != nil {
			object[entry.name] = entry.values
			continue
		}
		object[entry.name] = entry.value
	}
	return object
}

func printJSON(w *environment, value any) error {
	out := json.NewEncoder(w.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(value)
}

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

// card shows the properties of one thing.
type card struct{ entries []cardEntry }

// cardEntry is a name with its value. As JSON, a list is always an array, whatever its length.
type cardEntry struct {
	name   string
	value  string
	values []string
	isList bool
}

func (c *card) add(name, value string) {
	c.entries = append(c.entries, cardEntry{name: name, value: value})
}

func (c *card) addList(name string, values []string) {
	c.entries = append(c.entries, cardEntry{name: name, values: values, isList: true})
}

func (c card) print(w *environment, asJSON bool) error {
	if asJSON {
		return printJSON(w, c.object())
	}
	out := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	for _, entry := range c.entries {
		values := entry.values
		if !entry.isList {
			values = []string{entry.value}
		}
		if len(values) == 0 {
			values = []string{""}
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
		if entry.isList {
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

package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// table is a list for people, and for programs as a JSON array of objects.
type table struct {
	head []string
	rows [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) print(w *world, asJSON bool) error {
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

// card shows one thing, name by name; a name may come several times.
type card struct{ names, values []string }

func (c *card) add(name, value string) {
	c.names, c.values = append(c.names, name), append(c.values, value)
}

func (c card) print(w *world, asJSON bool) error {
	if asJSON {
		return printJSON(w, c.object())
	}
	out := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	for i, name := range c.names {
		value := c.values[i]
		if value == "" {
			value = "-"
		}
		fmt.Fprintf(out, "%s\t%s\n", name, value)
	}
	return out.Flush()
}

func (c card) object() map[string]any {
	object := map[string]any{}
	for i, name := range c.names {
		switch before := object[name].(type) {
		case nil:
			object[name] = c.values[i]
		case string:
			object[name] = []string{before, c.values[i]}
		case []string:
			object[name] = append(before, c.values[i])
		}
	}
	return object
}

func printJSON(w *world, value any) error {
	out := json.NewEncoder(w.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(value)
}

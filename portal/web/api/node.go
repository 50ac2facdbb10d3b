package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

// node is a value of a JSON document whose objects keep their order.
type node struct {
	names  []string
	byName map[string]*node
	list   []*node
	scalar any // a string, json.Number, bool or nil
}

// readNode reads a document.
func readNode(text []byte) (*node, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	read, err := readValue(in)
	if err != nil {
		return nil, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more than one value: %w", err)
	}
	return read, nil
}

func readValue(in *json.Decoder) (*node, error) {
	token, err := in.Token()
	if err != nil {
		return nil, err
	}
	n := &node{}
	switch token {
	case json.Delim('{'):
		n.byName = map[string]*node{}
	case json.Delim('['):
	default:
		n.scalar = token
		return n, nil
	}
	for in.More() {
		name := ""
		if n.byName != nil {
			token, err := in.Token()
			if err != nil {
				return nil, err
			}
			name, _ = token.(string)
		}
		child, err := readValue(in)
		if err != nil {
			return nil, err
		}
		if n.byName == nil {
			n.list = append(n.list, child)
			continue
		}
		n.names, n.byName[name] = append(n.names, name), child
	}
	_, err = in.Token()
	return n, err
}

// at returns a descendant, or an empty node.
func (n *node) at(names ...string) *node {
	for _, name := range names {
		child := n.byName[name]
		if child == nil {
			return &node{}
		}
		n = child
	}
	return n
}

// has reports whether an object has a member.
func (n *node) has(name string) bool { return n.byName[name] != nil }

// members iterates over an object in its order.
func (n *node) members() iter.Seq2[string, *node] {
	return func(yield func(string, *node) bool) {
		for _, name := range n.names {
			if !yield(name, n.byName[name]) {
				return
			}
		}
	}
}

// text returns a scalar as text, "" for none.
func (n *node) text() string {
	if n.scalar == nil {
		return ""
	}
	return fmt.Sprint(n.scalar)
}

// indented returns a value as JSON of several lines, each after the first beginning with margin. A value of
// scalars only stands on one line.
func (n *node) indented(margin string) string {
	var parts []string
	inner := margin + "  "
	flat := true
	for name, child := range n.members() {
		parts = append(parts, strconv.Quote(name)+": "+child.indented(inner))
		flat = flat && child.byName == nil && child.list == nil
	}
	for _, child := range n.list {
		parts, flat = append(parts, child.indented(inner)), false
	}
	open, end := "{", "}"
	if n.byName == nil {
		open, end = "[", "]"
	}
	switch {
	case n.byName == nil && n.list == nil:
		return n.json()
	case flat && margin != "":
		return open + strings.Join(parts, ", ") + end
	}
	return open + "\n" + inner + strings.Join(parts, ",\n"+inner) + "\n" + margin + end
}

// json returns a scalar as JSON.
func (n *node) json() string {
	text, err := json.Marshal(n.scalar)
	if err != nil {
		return ""
	}
	return string(text)
}

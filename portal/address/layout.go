package address

import (
	"slices"
	"strings"

	data "github.com/Boostport/address"
)

// layout is a country's address format, split into lines.
type layout []line

// line is one line of a format: leading text, then fields with the text after each.
type line struct {
	lead  string
	parts []part
}

type part struct {
	field data.Field
	after string
}

// parseLayout parses Google's notation, such as "%N%n%O%n%A%n%Z %C", where %n separates lines.
func parseLayout(format string) layout {
	var l layout
	for text := range strings.SplitSeq(format, "%n") {
		pieces := strings.Split(text, "%")
		ln := line{lead: pieces[0]}
		for _, p := range pieces[1:] {
			if p != "" {
				ln.parts = append(ln.parts, part{field: keyed(p[:1]), after: p[1:]})
			}
		}
		l = append(l, ln)
	}
	return l
}

func keyed(key string) data.Field {
	for f := data.Name; f <= data.SortingCode; f++ {
		if f.Key() == key {
			return f
		}
	}
	return 0
}

// fields lists the fields in order.
func (l layout) fields() []data.Field {
	var fields []data.Field
	for _, ln := range l {
		for _, p := range ln.parts {
			fields = append(fields, p.field)
		}
	}
	return fields
}

// isFixed reports whether text is a line of the format that has no fields.
func (l layout) isFixed(text string) bool {
	return slices.ContainsFunc(l, func(ln line) bool { return len(ln.parts) == 0 && ln.lead == text })
}

// fill returns the lines with the given values, without empty ones.
func (l layout) fill(values map[data.Field]string) []string {
	var lines []string
	for _, ln := range l {
		if text := strings.TrimSpace(ln.fill(values)); text != "" {
			lines = append(lines, strings.Split(text, "\n")...)
		}
	}
	return lines
}

// fill keeps the text between fields only if the fields next to it have values. A line without fields
// ("ÅLAND") is always kept.
func (l line) fill(values map[data.Field]string) string {
	if len(l.parts) == 0 {
		return l.lead
	}
	out, last := "", -1
	for i, p := range l.parts {
		value := values[p.field]
		if value == "" {
			continue
		}
		if i == 0 {
			out = l.lead
		} else if last >= 0 {
			out += l.between(last, i)
		}
		out += value
		last = i
	}
	if last == len(l.parts)-1 {
		out += l.parts[last].after
	}
	return out
}

// between returns the text between two fields with values. If fields between them are empty, it is the
// shortest of their texts: for "%C, %S %Z" without a state, "City 12345" instead of "City, 12345".
func (l line) between(i, j int) string {
	text := l.parts[i].after
	for _, p := range l.parts[i+1 : j] {
		if text == "" || p.after != "" && len(p.after) < len(text) {
			text = p.after
		}
	}
	return text
}

// postalLead returns the text before the postal code, such as "L-" in Luxembourg; "" for most countries.
func (l layout) postalLead() string {
	for _, ln := range l {
		if len(ln.parts) > 0 && ln.parts[0].field == data.PostCode {
			return ln.lead
		}
	}
	return ""
}

// barePostalCode returns a postal code without the text that the layout writes before it, so that it does
// not appear twice.
func (l layout) barePostalCode(code string) string {
	lead := l.postalLead()
	for lead != "" && len(code) > len(lead) && strings.EqualFold(code[:len(lead)], lead) {
		code = code[len(lead):]
	}
	return code
}

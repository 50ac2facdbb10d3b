package validate

import (
	"fmt"
)

// First cuts a list of merely informative parts to the permitted length.
func First[W any](f *Validator, at string, most int, list []W) []W {
	if len(list) <= most {
		return list
	}
	f.Warn(at, "list.cut", "Most", fmt.Sprint(most))
	return list[:most]
}

// Each converts a list and names each element by its JSON pointer.
func Each[W, T any](f *Validator, at string, most int, list []W, convert func(W, *Validator, string) T) []T {
	if len(list) > most {
		f.Reject(at, "json.too_many", "Most", fmt.Sprint(most))
		return nil
	}
	var out []T
	for i, w := range list {
		out = append(out, convert(w, f, fmt.Sprintf("%s/%d", at, i)))
	}
	return out
}

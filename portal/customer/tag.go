package customer

import (
	"slices"
	"strconv"
	"strings"

	"postern/portal/validate"
)

// Limits of a customer's tags.
const (
	MaxTags = 50
	maxTag  = 40 // characters
)

// ReadTags reads tags that are separated by commas. Errors are at the field.
func ReadTags(f *validate.Validator, field, text string) []string {
	var tags []string
	if strings.Count(text, ",") > 2*MaxTags {
		f.Reject(field, "tags.too_many", "Most", strconv.Itoa(MaxTags))
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		tag := strings.ToLower(strings.Join(strings.Fields(f.Text(field, part, maxTag)), " "))
		if tag != "" && !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return tags
}

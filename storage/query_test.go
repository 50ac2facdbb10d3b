package storage_test

import (
	"errors"
	"testing"

	"postern/storage"
)

func TestQueriesThatNoIndexServes(t *testing.T) {
	t.Parallel()
	d, prefix := openNotes(t), "p"
	one := int64(1)
	for name, q := range map[string]storage.Query{
		"no index":                  {Limit: 1},
		"an unknown index":          {Index: "other", Limit: 1},
		"no limit":                  {Index: "by_num"},
		"a negative limit":          {Index: "by_num", Limit: -1},
		"a limit over the greatest": {Index: "by_num", Limit: storage.MaxLimit + 1},
		"more values than fields":   {Index: "by_num", Equal: []any{one, one}, Limit: 1},
		"a string for a number":     {Index: "by_num", Equal: []any{"1"}, Limit: 1},
		"an int for an int64":       {Index: "by_num", Equal: []any{1}, Limit: 1},
		"nil as a value":            {Index: "by_num", Equal: []any{nil}, Limit: 1},
		"an operator for a string": {Index: "by_title_num",
			Equal: []any{map[string]any{"$ne": ""}}, Limit: 1},
		"a range of another kind":        {Index: "by_num", From: "1", Limit: 1},
		"a range's end of another kind":  {Index: "by_num", To: true, Limit: 1},
		"a range behind the last field":  {Index: "by_num", Equal: []any{one}, From: one, Limit: 1},
		"a prefix of a number":           {Index: "by_num", Prefix: &prefix, Limit: 1},
		"a prefix before the last field": {Index: "by_title_num", Prefix: &prefix, Limit: 1},
		"a prefix behind the last field": {Index: "by_tag", Equal: []any{"a"}, Prefix: &prefix, Limit: 1},
		"a prefix with a range":          {Index: "by_tag", Prefix: &prefix, From: "a", Limit: 1},
		"a condition beside a prefix without its words": {Index: "by_tag", Prefix: &prefix, Limit: 1,
			Where: []storage.Condition{storage.Is("title", "a")}},
		"a condition on no field of the head": {Index: "by_num", Limit: 1,
			Where: []storage.Condition{storage.Is("other", "a")}},
		"a condition of another type": {Index: "by_num", Limit: 1,
			Where: []storage.Condition{storage.Is("title", map[string]any{"$ne": ""})}},
		"a condition without a value": {Index: "by_num", Limit: 1, Where: []storage.Condition{storage.Is("title")}},
		"a range without ends": {Index: "by_num", Limit: 1,
			Where: []storage.Condition{storage.Between("title", nil, nil)}},
		"a range of two kinds": {Index: "by_num", Limit: 1,
			Where: []storage.Condition{storage.Between("title", "a", one)}},
		"a multi-valued field without any":   {Index: "by_tag", Limit: 1},
		"a range of a multi-valued field":    {Index: "by_tag", From: "a", To: "b", Limit: 1},
		"a multi-valued field, a page on it": {Index: "by_tag", Limit: 1, Descending: true},
	} {
		_, err := storage.Find[note](t.Context(), d, q)
		if err == nil || errors.Is(err, storage.ErrCursor) {
			t.Errorf("%s: %v, want an error", name, err)
		}
	}
}

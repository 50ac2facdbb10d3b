package customer

import (
	"slices"
	"testing"
	"time"

	"postern/portal/validate"
	"postern/storage"
)

func find(t *testing.T, q Query) (storage.Query, []string) {
	t.Helper()
	f := &validate.Validator{}
	found := q.Find(f, Place{Zone: time.UTC, Currency: "EUR"})
	var wrong []string
	for _, e := range f.Rejected {
		wrong = append(wrong, e.Field+" "+e.Key)
	}
	return found, wrong
}

func TestAQueryWalksTheIndexOfItsOrderOrOfAMark(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		q     Query
		index string
		mark  any
		where int
	}{
		"none":                {Query{}, ByRegistered, nil, 0},
		"visited":             {Query{Sort: "visited"}, ByVisited, nil, 0},
		"spent":               {Query{Sort: "spent"}, BySpent, nil, 0},
		"name":                {Query{Sort: "name"}, ByName, nil, 0},
		"a country":           {Query{Filters: map[string]string{"country": "SK"}}, ByMark, "country SK", 1},
		"a country by name":   {Query{Sort: "name", Filters: map[string]string{"country": "SK"}}, ByName, nil, 1},
		"the rarer of two":    {Query{Filters: map[string]string{"country": "SK", "vat": "invalid"}}, ByMark, "vat invalid", 2},
		"who did not agree":   {Query{Filters: map[string]string{"newsletter": "never_asked"}}, ByRegistered, nil, 1},
		"a range of the sort": {Query{Sort: "spent", Filters: map[string]string{"spent_min": "10"}}, BySpent, nil, 0},
		"another range":       {Query{Filters: map[string]string{"spent_min": "10", "orders_max": "3"}}, ByRegistered, nil, 2},
	} {
		found, wrong := find(t, c.q)
		if found.Index != c.index || len(found.Where) != c.where || len(wrong) > 0 ||
			c.mark != nil && !slices.Equal(found.Equal, []any{c.mark}) || c.mark == nil && found.Equal != nil {
			t.Errorf("%s: by %s %v with %d conditions, rejected %v", name, found.Index, found.Equal, len(found.Where), wrong)
		}
	}
	found, _ := find(t, Query{Sort: "spent", Filters: map[string]string{"spent_min": "10", "spent_max": "12,50"}})
	if found.From != int64(1000) || found.To != int64(1251) {
		t.Errorf("spent from %v to %v", found.From, found.To)
	}
	found, _ = find(t, Query{Filters: map[string]string{"registered_from": "2026-03-01", "registered_to": "2026-03-01"}})
	if found.To.(time.Time).Sub(found.From.(time.Time)) != 24*time.Hour {
		t.Errorf("one day is from %v to %v", found.From, found.To)
	}
}

func TestWrongFiltersAreRejectedAtTheirNames(t *testing.T) {
	t.Parallel()
	for want, q := range map[string]Query{
		"sort filter.unknown":         {Sort: "password"},
		"status filter.unknown":       {Filters: map[string]string{"status": "$ne"}},
		"vat filter.unknown":          {Filters: map[string]string{"vat": "none"}},
		"country filter.unknown":      {Filters: map[string]string{"country": "S\x00"}},
		"language filter.unknown":     {Filters: map[string]string{"language": "slovak"}},
		"newsletter filter.unknown":   {Filters: map[string]string{"newsletter": "yes"}},
		"orders_min filter.number":    {Filters: map[string]string{"orders_min": "-1"}},
		"orders_max filter.number":    {Filters: map[string]string{"orders_max": "99999999999999999999"}},
		"orders_min filter.order":     {Filters: map[string]string{"orders_min": "3", "orders_max": "2"}},
		"spent_min filter.number":     {Filters: map[string]string{"spent_min": "1e9"}},
		"registered_from period.date": {Filters: map[string]string{"registered_from": "2026-02-30"}},
		"visited_from period.order":   {Filters: map[string]string{"visited_from": "2026-02-02", "visited_to": "2026-02-01"}},
	} {
		if _, wrong := find(t, q); !slices.Equal(wrong, []string{want}) {
			t.Errorf("rejected %v, want %s", wrong, want)
		}
	}
}

func TestASearchReadsNumbersAndWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"cermak jan":         {"cermak", "jan"},
		"Jan ČERMÁK":         {"cermak", "jan"},
		"J Čermák":           {"cermak"},
		"+420 777 888 999":   {"420777888999"},
		"00420 777 888 999":  {"420777888999"},
		"0777 888 999":       {"777888999"},
		"jan 777888999":      {"777888999", "jan"},
		"jan.nov@exam":       {"jannovexam"},
		"SK 2020 202 020":    {"2020202020", "sk"},
		"0":                  {"0"},
		"ž":                  {"z"},
		"😀 \u202e -- $ne .*": {"ne"},
		"":                   nil,
		"a b c d":            nil,
		"\x00\xff":           nil,
	} {
		if s := ParseSearch(text); !slices.Equal(s.words, want) || s.IsEmpty() != (len(want) == 0) {
			t.Errorf("%q is %q, want %q", text, s.words, want)
		}
	}
}

package storagetest

import (
	"testing"

	"postern/storage"
)

func prefixChecks() []check {
	return []check{
		{"prefixes/match by bytes", prefixBytes},
		{"prefixes/of words that look like patterns", prefixPatterns},
		{"prefixes/between two elements", prefixBetween},
		{"prefixes/each document once", prefixOnce},
		{"prefixes/of documents with many words", prefixBounded},
	}
}

func prefixBytes(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	for _, name := range []string{"", "A", "a", "aa", "ab", "a\U0010ffff", "a\uffff", "b", "é", "éa",
		"e\u0301", "\U0010ffff", "\U0010ffffa", "😀x"} {
		put(t, d, "key:"+name, doc{"name": name, "kind": "k"})
	}
	for prefix, want := range map[string][]string{
		"a":            {"a", "aa", "ab", "a\uffff", "a\U0010ffff"},
		"A":            {"A"},
		"aa":           {"aa"},
		"é":            {"é", "éa"},
		"e":            {"e\u0301"},
		"a\U0010ffff":  {"a\U0010ffff"},
		"\U0010ffff":   {"\U0010ffff", "\U0010ffffa"},
		"😀":            {"😀x"},
		"c":            {},
		"\U0010ffffaa": {},
	} {
		keys := []string{}
		for _, name := range want {
			keys = append(keys, "key:"+name)
		}
		same(t, "prefix "+prefix, keys, list(t, d, storage.Query{Index: "by_name", Prefix: &prefix}))
		same(t, "prefix behind a value "+prefix, keys,
			list(t, d, storage.Query{Index: "by_kind_name", Equal: []any{"k"}, Prefix: &prefix}))
	}
	same(t, "behind another value",
		[]string{}, list(t, d, storage.Query{Index: "by_kind_name", Equal: []any{"l"}, Prefix: pointer("a")}))
	same(t, "empty prefix", 14, len(list(t, d, storage.Query{Index: "by_name", Prefix: pointer("")})))
}

func prefixPatterns(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	patterns := []string{".", ".*", "^a", "a$", "a|b", "[a]", "(a", "a)", "a+", "a?", "{1}", "\\", "\\E",
		"\\Q", "%", "_", "*", "/", "#", "(?i)a", "'", "\"", "\n"}
	put(t, d, "bait", doc{"tags": []string{"a", "aa", "b", "A", "1", "xyz", "\\\\"}})
	for i, p := range patterns {
		put(t, d, number(i), doc{"tags": []string{p + "!"}})
	}
	for i, p := range patterns {
		want := []string{number(i)}
		switch p {
		case ".":
			want = append(want, number(1)) // ".*!" begins with it too
		case "\\":
			want = []string{number(i), number(i + 1), number(i + 2), "bait"}
		}
		same(t, "prefix "+p, want, list(t, d, storage.Query{Index: "by_tag", Prefix: &p}))
	}
}

func prefixBetween(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	put(t, d, "around", doc{"kind": "k", "tags": []string{"a", "c"}})
	put(t, d, "inside", doc{"kind": "k", "tags": []string{"a", "b1", "c"}})
	put(t, d, "other kind", doc{"kind": "l", "tags": []string{"b"}})
	same(t, "alone", []string{"inside", "other kind"},
		list(t, d, storage.Query{Index: "by_tag", Prefix: pointer("b")}))
	same(t, "behind a value", []string{"inside"},
		list(t, d, storage.Query{Index: "by_kind_tag", Equal: []any{"k"}, Prefix: pointer("b")}))
}

func prefixOnce(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	var all []string
	for i := range 20 {
		// Later keys have the earlier words, so that ordering by word would show.
		last := string(rune('z' - i))
		put(t, d, number(i), doc{"tags": []string{"p" + last, "pp" + last, "ppp" + last}})
		all = append(all, number(i))
	}
	same(t, "all", all, list(t, d, storage.Query{Index: "by_tag", Prefix: pointer("p")}))
	page := find(t, d, storage.Query{Index: "by_tag", Prefix: pointer("p"), Limit: 7})
	same(t, "as many documents as asked for", 7, len(page.Hits))
	same(t, "in order of their keys", sorted(keys(page)), keys(page))
	if page.Next != "" || page.Previous != "" {
		t.Errorf("one page, but next %q and previous %q", page.Next, page.Previous)
	}
}

// prefixBounded checks documents with thousands of words that begin so: a find ends and says so if it left
// anything out.
func prefixBounded(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	const documents, words = 40, 300
	for i := range documents {
		tags := make([]string, words)
		for n := range tags {
			tags[n] = "p" + number(n) + number(i)
		}
		put(t, d, number(i), doc{"tags": tags})
	}
	page := find(t, d, storage.Query{Index: "by_tag", Prefix: pointer("p")})
	if len(page.Hits) < documents && !page.Partial || page.Next != "" {
		t.Errorf("%d of %d documents, partial %t, next %q", len(page.Hits), documents, page.Partial, page.Next)
	}
	few := find(t, d, storage.Query{Index: "by_tag", Prefix: pointer("p" + number(0))})
	if len(few.Hits) != documents || few.Partial {
		t.Errorf("%d of %d documents with a word, partial %t", len(few.Hits), documents, few.Partial)
	}
}

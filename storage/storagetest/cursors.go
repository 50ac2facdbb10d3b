package storagetest

import (
	"errors"
	"testing"

	"postern/storage"
)

func cursorChecks() []check {
	return []check{
		{"cursors/edited", editedCursors},
		{"cursors/of another query", foreignCursors},
		{"cursors/with another limit", cursorLimit},
	}
}

func cursorQuery() storage.Query {
	return storage.Query{Index: "by_kind_num", Equal: []any{"a"}, From: int64(0), To: int64(50), Limit: 2}
}

func refused(t *testing.T, what string, d storage.Docs[doc], q storage.Query) {
	t.Helper()
	if _, err := storage.Find[doc](t.Context(), d, q); !errors.Is(err, storage.ErrCursor) {
		t.Errorf("%s: %v, want ErrCursor", what, err)
	}
}

func editedCursors(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	fill(t, d, 10)
	q := cursorQuery()
	good := find(t, d, q).Next
	for i := range good {
		edited := []byte(good)
		edited[i] = 'A' + (edited[i]-'A'+1)%26
		if q.Cursor = string(edited); q.Cursor != good {
			refused(t, "edited "+number(i), d, q)
		}
	}
	for _, bad := range []string{"x", good[1:], good[:len(good)-1], good + "A", good + "=", " " + good, "ä",
		"AAAAAAAAAAAAAAAA"} {
		q.Cursor = bad
		refused(t, bad, d, q)
	}
}

func foreignCursors(t *testing.T, opener Opener) {
	engine := open(t, opener, things())
	d := storage.Open[doc](engine, "shop", things())
	fill(t, d, 10)
	cursor := find(t, d, cursorQuery()).Next
	for name, edit := range map[string]func(*storage.Query){
		"index":     func(q *storage.Query) { q.Index = "by_kind_num_time" },
		"value":     func(q *storage.Query) { q.Equal = []any{"b"} },
		"values":    func(q *storage.Query) { q.Equal, q.From, q.To = []any{"a", int64(1)}, nil, nil },
		"from":      func(q *storage.Query) { q.From = int64(1) },
		"to":        func(q *storage.Query) { q.To = nil },
		"swapped":   func(q *storage.Query) { q.From, q.To = q.To, q.From },
		"direction": func(q *storage.Query) { q.Descending = true },
		"prefix": func(q *storage.Query) {
			*q = storage.Query{Index: "by_kind_name", Equal: q.Equal, Prefix: pointer(""), Limit: 2}
		},
	} {
		q := cursorQuery()
		edit(&q)
		q.Cursor = cursor
		refused(t, "another "+name, d, q)
	}
	q := cursorQuery()
	q.Cursor = cursor
	refused(t, "another shop", storage.Open[doc](engine, "shop2", things()), q)
}

func cursorLimit(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	all := fill(t, d, 10)
	q := cursorQuery()
	q.Cursor, q.Limit = find(t, d, q).Next, 3
	same(t, "three more", all[2:5], list(t, d, q))
}

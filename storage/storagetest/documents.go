package storagetest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/storage"
)

func documentChecks() []check {
	return []check{
		{"documents/insert twice", insertTwice},
		{"documents/get what is not there", getMissing},
		{"documents/replace and delete an old version", oldVersions},
		{"documents/delete and insert makes another version", reborn},
		{"documents/a refused write leaves the indexes alone", refusedWrite},
		{"documents/come back as written", asWritten},
		{"documents/of 1 MiB", large},
		{"documents/shops are kept apart", shopsApart},
		{"documents/keys of any shape", oddKeys},
	}
}

func insertTwice(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	put(t, d, "k", doc{"title": "first"})
	if err := d.Insert(t.Context(), "k", doc{"title": "second"}); !errors.Is(err, storage.ErrExists) {
		t.Errorf("second insert: %v, want ErrExists", err)
	}
	v, _ := get(t, d, "k")
	same(t, "document", doc{"title": "first"}, v)
}

func getMissing(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	put(t, d, "k", doc{})
	for _, key := range []string{"", "K", "k/", "k2", strings.Repeat("k", 600)} {
		if _, _, err := d.Get(t.Context(), key); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("get %.20q: %v, want ErrNotFound", key, err)
		}
	}
}

func oldVersions(t *testing.T, opener Opener) {
	ctx, d := t.Context(), openThings(t, opener)
	put(t, d, "k", doc{"num": int64(1)})
	_, first := get(t, d, "k")
	if err := d.Replace(ctx, "k", first, doc{"num": int64(2)}); err != nil {
		t.Fatalf("replace: %v", err)
	}
	_, second := get(t, d, "k")
	if second.N != first.N+1 || second.Mark == first.Mark {
		t.Errorf("version %v after %v", second, first)
	}
	conflicts := map[string]error{
		"replace an old version": d.Replace(ctx, "k", first, doc{"num": int64(3)}),
		"delete an old version":  d.Delete(ctx, "k", first),
		"replace another mark":   d.Replace(ctx, "k", storage.Version{N: second.N, Mark: first.Mark}, doc{}),
		"replace another number": d.Replace(ctx, "k", storage.Version{N: first.N, Mark: second.Mark}, doc{}),
		"delete what is missing": d.Delete(ctx, "x", first),
		"replace what's missing": d.Replace(ctx, "x", first, doc{}),
	}
	for what, err := range conflicts {
		if !errors.Is(err, storage.ErrConflict) {
			t.Errorf("%s: %v, want ErrConflict", what, err)
		}
	}
	v, _ := get(t, d, "k")
	same(t, "document", doc{"num": int64(2)}, v)
	if err := d.Delete(ctx, "k", second); err != nil {
		t.Errorf("delete: %v", err)
	}
	if _, _, err := d.Get(ctx, "k"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("get after delete: %v, want ErrNotFound", err)
	}
}

func reborn(t *testing.T, opener Opener) {
	ctx, d := t.Context(), openThings(t, opener)
	put(t, d, "k", doc{"num": int64(1)})
	_, old := get(t, d, "k")
	if err := d.Delete(ctx, "k", old); err != nil {
		t.Fatalf("delete: %v", err)
	}
	put(t, d, "k", doc{"num": int64(2)})
	if err := d.Replace(ctx, "k", old, doc{}); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("replace of the dead document's version: %v, want ErrConflict", err)
	}
	same(t, "list", []string{"k"}, list(t, d, storage.Query{Index: "by_num"}))
	same(t, "list by the dead value",
		[]string{}, list(t, d, storage.Query{Index: "by_num", Equal: []any{int64(1)}}))
}

func refusedWrite(t *testing.T, opener Opener) {
	ctx, d := t.Context(), openThings(t, opener)
	put(t, d, "k", doc{"num": int64(1), "tags": []string{"a"}})
	_, read := get(t, d, "k")
	read.Mark = "another"
	refused := errors.Join(
		d.Insert(ctx, "k", doc{"num": int64(2), "tags": []string{"b"}}),
		d.Replace(ctx, "k", read, doc{"num": int64(3), "tags": []string{"c"}}),
		d.Delete(ctx, "k", read),
	)
	if refused == nil {
		t.Fatal("the writes were accepted")
	}
	same(t, "by_num", []string{"k"}, list(t, d, storage.Query{Index: "by_num"}))
	same(t, "by_num 1", []string{"k"}, list(t, d, storage.Query{Index: "by_num", Equal: []any{int64(1)}}))
	for _, tag := range []string{"b", "c"} {
		same(t, "tag "+tag, []string{}, list(t, d, storage.Query{Index: "by_tag", Equal: []any{tag}}))
	}
}

// rich has one field of each type that documents use.
type rich struct {
	Text   string            `bson:"text"`
	Empty  string            `bson:"empty"`
	Num    int64             `bson:"num"`
	Small  int32             `bson:"small"`
	Real   float64           `bson:"real"`
	Flag   bool              `bson:"flag"`
	At     time.Time         `bson:"at"`
	Bytes  []byte            `bson:"bytes"`
	None   *string           `bson:"none"`
	Inner  map[string]string `bson:"inner"`
	Lines  []line            `bson:"lines"`
	Nested [][]int64         `bson:"nested"`
}

type line struct {
	SKU   string   `bson:"sku"`
	Count int64    `bson:"count"`
	Tags  []string `bson:"tags"`
}

func asWritten(t *testing.T, opener Opener) {
	want := rich{
		Text: "Žluťoučký \x00 😀", Num: 1<<63 - 1, Small: -7, Real: 0.1, Flag: true,
		At: time.Date(1969, 7, 20, 20, 17, 40, 123e6, time.UTC), Bytes: []byte{0, 255, 1},
		Inner:  map[string]string{"$dollar": "x", "with.dot": "y", "": "empty name"},
		Lines:  []line{{SKU: "a", Count: 2, Tags: []string{"x", "y"}}, {SKU: "b", Tags: []string{}}},
		Nested: [][]int64{{1, 2}, {}, {3}},
	}
	d := storage.Open[rich](open(t, opener, things()), "shop", things())
	if err := d.Insert(t.Context(), "k", want); err != nil {
		t.Fatalf("insert: %v", err)
	}
	got, _, err := d.Get(t.Context(), "k")
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	same(t, "document", want, got)
}

func large(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	for _, size := range []int{1 << 20, 5 << 20} {
		key, body := number(size), strings.Repeat("0123456789abcdef", size/16)
		put(t, d, key, doc{"num": int64(size), "title": "large", "body": body})
		v, version := get(t, d, key)
		if !cmp.Equal(v["body"], any(body)) {
			t.Errorf("a body of %d bytes came back different", size)
		}
		if err := d.Replace(t.Context(), key, version,
			doc{"num": int64(size), "body": body[1:]}); err != nil {
			t.Errorf("replace %d bytes: %v", size, err)
		}
	}
	page := find(t, d, storage.Query{Index: "by_num"})
	same(t, "heads", []storage.Hit[doc]{
		{Key: number(1 << 20), Head: doc{"num": int64(1 << 20)}},
		{Key: number(5 << 20), Head: doc{"num": int64(5 << 20)}},
	}, page.Hits)
}

func shopsApart(t *testing.T, opener Opener) {
	engine := open(t, opener, things())
	shops := []string{"a", "a1", "A", "ab", "a-", "á"}
	for _, shop := range shops {
		put(t, storage.Open[doc](engine, shop, things()), "k",
			doc{"title": shop, "num": int64(1), "tags": []string{"t"}})
	}
	put(t, storage.Open[doc](engine, "a", things()), "1/k",
		doc{"title": "a", "num": int64(1), "tags": []string{"t"}})
	for _, shop := range shops {
		d := storage.Open[doc](engine, shop, things())
		want := []string{"k"}
		if shop == "a" {
			want = []string{"1/k", "k"}
		}
		for _, q := range []storage.Query{
			{Index: "by_num"}, {Index: "by_num", Equal: []any{int64(1)}},
			{Index: "by_tag", Equal: []any{"t"}}, {Index: "by_tag", Prefix: pointer("")},
		} {
			page := find(t, d, q)
			same(t, "keys in "+shop, want, keys(page))
			for _, hit := range page.Hits {
				same(t, "title in "+shop, any(shop), hit.Head["title"])
			}
		}
	}
	_, read := get(t, storage.Open[doc](engine, "a", things()), "k")
	if err := storage.Open[doc](engine, "a1", things()).Delete(t.Context(), "k", read); !errors.Is(err,
		storage.ErrConflict) {
		t.Errorf("delete with another shop's version: %v, want ErrConflict", err)
	}
}

func oddKeys(t *testing.T, opener Opener) {
	d := openThings(t, opener)
	odd := []string{" ", "$gt", "'", "..", "/", "//x", "0", "00", "A", "a", "a.b", "a/x", "a\nb", "é",
		"e\u0301", "😀", strings.Repeat("k", storage.MaxKey)}
	for _, key := range odd {
		put(t, d, key, doc{"num": int64(1), "title": key})
	}
	for _, key := range odd {
		v, _ := get(t, d, key)
		same(t, "title", any(key), v["title"])
	}
	same(t, "keys in the order of bytes", sorted(odd), list(t, d, storage.Query{Index: "by_num"}))
	for _, key := range []string{"", "a\x00", "\xff", strings.Repeat("k", storage.MaxKey+1)} {
		if err := d.Insert(t.Context(), key, doc{}); err == nil {
			t.Errorf("key %.10q was accepted", key)
		}
	}
}

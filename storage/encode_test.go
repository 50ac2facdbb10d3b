package storage

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// MarshalBSONValue makes word a type with its own BSON encoding.
func (w word) MarshalBSONValue() (byte, []byte, error) {
	if w.text == "bad" {
		return 0, nil, errors.New("bad word")
	}
	kind, data, err := bson.MarshalValue("own " + w.text)
	return byte(kind), data, err
}

// amounts says itself whether it is empty.
type amounts struct{ List []int64 }

func (a amounts) IsZero() bool { return len(a.List) == 0 }

// sparse has a field of each kind of type that is omitted if it is empty.
type sparse struct {
	Text    string         `bson:"text,omitempty"`
	Yes     bool           `bson:"yes,omitempty"`
	Int     int            `bson:"int,omitempty"`
	Long    int64          `bson:"long,omitempty"`
	Float   float64        `bson:"float,omitempty"`
	When    time.Time      `bson:"when,omitempty"`
	At      *time.Time     `bson:"at,omitempty"`
	Raw     []byte         `bson:"raw,omitempty"`
	Texts   []string       `bson:"texts,omitempty"`
	Inner   inner          `bson:"inner,omitempty"`
	Linked  *inner         `bson:"linked,omitempty"`
	Counts  map[string]int `bson:"counts,omitempty"`
	Any     any            `bson:"any,omitempty"`
	Amounts amounts        `bson:"amounts,omitempty"`
	Owed    *amounts       `bson:"owed,omitempty"`
	Fixed   [2]string      `bson:"fixed,omitempty"`
	Number  json.Number    `bson:"number,omitempty"`
}

// outside is left to bson as a whole.
type outside struct {
	Small int64            `bson:"small,minsize"`
	Rest  map[string]int64 `bson:",inline"`
}

// TestEncodeLikeBSON checks that encode gives the same bytes as the bson package.
func TestEncodeLikeBSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 5, 14, 5, 6, 7e6+999, time.FixedZone("x", 7200))
	five, never := int64(5), time.Time{}
	full := every{
		ID: "main/1", Embedded: inner{Name: "Nováková \x00", At: &at}, Named: "open", Yes: true, Int: -7,
		Long: 1 << 60, Short: 9, Float: 1.5, Life: time.Hour, When: at, Raw: []byte{0, 1, 255},
		Texts: []string{"a", "", "č"}, Inners: []inner{{Name: "1"}, {At: &at}}, Pairs: [][]int64{{1, 2}, {}, nil},
		Pointer: &five, Linked: &inner{Name: "l"}, Counts: map[string]int64{"2026-03": 4},
		Free: map[string]any{"x": []any{"y", nil, 3}}, Any: inner{Name: "any"}, Own: word{"w"},
		OID: bson.ObjectID{1, 2}, Date: 4, Plain: bson.Raw{5, 0, 0, 0, 0}, Skipped: "s",
	}
	full.Embedded.Deep.Many = []int64{1, math.MinInt64}
	big := full
	big.Int, big.When = math.MaxInt32+1, time.Date(1969, 12, 31, 23, 59, 59, 1e6, time.UTC)
	empty := every{Plain: bson.Raw{5, 0, 0, 0, 0}, Raw: []byte{}, Texts: []string{}, Inners: []inner{},
		Counts: map[string]int64{}, Free: map[string]any{}}
	for name, document := range map[string]any{
		"full": &full, "other numbers": &big, "empty lists": &empty,
		"zero":    &every{Plain: bson.Raw{5, 0, 0, 0, 0}},
		"omitted": &sparse{}, "omitted as it is empty": &sparse{Raw: []byte{}, Texts: []string{},
			Counts: map[string]int{}, Any: "", Amounts: amounts{List: []int64{}}, Owed: &amounts{}, At: &never},
		"not omitted": &sparse{Text: "t", Yes: true, Int: 1, Long: 2, Float: 3, When: at, At: &at, Raw: []byte{0},
			Texts: []string{""}, Inner: inner{Name: "i"}, Linked: &inner{}, Counts: map[string]int{"": 0},
			Any: 1, Amounts: amounts{List: []int64{0}}, Owed: &amounts{List: []int64{0}}, Number: "12"},
		"nothing but an interface": &sparse{Any: inner{}},
		"left to bson":             &outside{Small: 1, Rest: map[string]int64{"x": 2}},
		"in an envelope":           &envelope[every]{ID: "i", Shop: "s", N: 3, Mark: "m", Body: full},
		"long list":                &sparse{Texts: slices.Repeat([]string{"x"}, 1001)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := encode(document)
			want, wantErr := bson.Marshal(document)
			if err != nil || wantErr != nil {
				t.Fatalf("encode: %v, bson: %v", err, wantErr)
			}
			if diff := cmp.Diff(bson.Raw(want).String(), got.String()); diff != "" || !slices.Equal(want, got) {
				t.Errorf("not bson's bytes: %s", diff)
			}
		})
	}
}

// TestEncodeSortsMaps checks that equal documents are equal byte by byte.
func TestEncodeSortsMaps(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for i := range 40 {
		counts[string(rune('a'+i))] = i
	}
	first, err := encode(&sparse{Counts: counts})
	if err != nil || first.Validate() != nil {
		t.Fatalf("encode: %v, validate: %v", err, first.Validate())
	}
	for range 20 {
		if again, err := encode(&sparse{Counts: counts}); err != nil || !slices.Equal(first, again) {
			t.Fatalf("another order: %s, %v", again, err)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	text := "no document"
	for name, document := range map[string]any{
		"a text":            &text,
		"NUL in a name":     &sparse{Counts: map[string]int{"a\x00b": 1}},
		"a value's refusal": &every{Own: word{"bad"}},
		"in a list":         &struct{ Words []word }{[]word{{"bad"}}},
		"in a map":          &struct{ Words map[string]word }{map[string]word{"a": {"bad"}}},
	} {
		if raw, err := encode(document); err == nil {
			t.Errorf("%s: encoded as %s", name, raw)
		}
	}
}

// BenchmarkEncode compares encode with the bson package on an order of ten lines.
func BenchmarkEncode(b *testing.B) {
	doc := sampleOrder()
	for name, write := range map[string]func() error{
		"ours": func() error { _, err := encode(&doc); return err },
		"bson": func() error { _, err := bson.Marshal(doc); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := write(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestDigestTellsChangesApart checks that a digest depends on each stored value and on nothing else.
func TestDigestTellsChangesApart(t *testing.T) {
	t.Parallel()
	digest := func(change func(*order)) string {
		t.Helper()
		doc := sampleOrder().Body
		change(&doc)
		got, err := Digest(&doc)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	same := digest(func(*order) {})
	for name, change := range map[string]func(*order){
		"another zone":            func(o *order) { o.PlacedAt = o.PlacedAt.In(time.FixedZone("x", 3600)) },
		"a part of a millisecond": func(o *order) { o.PlacedAt = o.PlacedAt.Add(time.Microsecond) },
		"an empty list":           func(o *order) { o.Todo = []string{} },
		"another map":             func(o *order) { o.Address = maps.Clone(o.Address) },
	} {
		if digest(change) != same {
			t.Errorf("%s: another digest", name)
		}
	}
	seen := map[string]string{same: "no change"}
	for name, change := range map[string]func(*order){
		"a text":           func(o *order) { o.State = "done" },
		"a millisecond":    func(o *order) { o.PlacedAt = o.PlacedAt.Add(time.Millisecond) },
		"a line's text":    func(o *order) { o.Lines[9].Name += "!" },
		"a number":         func(o *order) { o.Lines[0].Quantity++ },
		"one line less":    func(o *order) { o.Lines = o.Lines[1:] },
		"texts that moved": func(o *order) { o.Number, o.Customer = o.Number+o.Customer[:1], o.Customer[1:] },
		"an address":       func(o *order) { o.Address["city"] = "Brno" },
		"a list":           func(o *order) { o.Todo = []string{""} },
	} {
		got := digest(change)
		if other, is := seen[got]; is {
			t.Errorf("%s has the digest of %s", name, other)
		}
		seen[got] = name
	}
}

package storage

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// word has its own BSON decoding.
type word struct{ text string }

func (w *word) UnmarshalBSONValue(_ byte, data []byte) error {
	w.text = "own " + string(data)
	return nil
}

type inner struct {
	Name string
	At   *time.Time `bson:"at,omitempty"`
	Deep struct{ Many []int64 }
}

type named string

// every has a field of each kind of type.
type every struct {
	ID       string `bson:"_id"`
	Embedded inner  `bson:",inline"`
	Named    named
	Yes      bool
	Int      int
	Long     int64
	Short    int32
	Float    float64
	Life     time.Duration
	When     time.Time `bson:"when"`
	Raw      []byte
	Texts    []string
	Inners   []inner
	Pairs    [][]int64
	Pointer  *int64
	Linked   *inner
	Counts   map[string]int64
	Free     map[string]any
	Any      any
	Own      word
	OID      bson.ObjectID
	Date     bson.DateTime
	Plain    bson.Raw
	Web      url.URL
	Skipped  string `bson:"-"`
}

func comparing() cmp.Option {
	return cmp.AllowUnexported(word{})
}

// TestDecodeLikeBSON checks that decode gives the same result as the bson package.
func TestDecodeLikeBSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 5, 14, 5, 6, 7e6, time.FixedZone("x", 7200))
	all := bson.D{
		{Key: "_id", Value: "main/1"}, {Key: "name", Value: "Nováková \x00"}, {Key: "at", Value: at},
		{Key: "deep", Value: bson.M{"many": []int64{1, -2}}},
		{Key: "named", Value: "open"}, {Key: "yes", Value: true}, {Key: "int", Value: int32(-7)},
		{Key: "long", Value: int64(1) << 60},
		{Key: "short", Value: int32(9)}, {Key: "float", Value: 1.5}, {Key: "life", Value: int64(time.Hour)},
		{Key: "when", Value: at},
		{Key: "raw", Value: []byte{0, 1, 255}}, {Key: "texts", Value: []string{"a", "", "č"}},
		{Key: "inners", Value: []inner{{Name: "1"}, {At: &at}}},
		{Key: "pairs", Value: [][]int64{{1, 2}, {}}}, {Key: "pointer", Value: int64(3)},
		{Key: "linked", Value: inner{Name: "l"}},
		{Key: "counts", Value: bson.M{"2026-03": int64(4)}}, {Key: "free", Value: bson.M{"x": "y"}},
		{Key: "any", Value: int64(5)},
		{Key: "own", Value: "w"}, {Key: "oid", Value: bson.ObjectID{1, 2}}, {Key: "date", Value: at},
		{Key: "plain", Value: bson.M{"p": 1}}, {Key: "unknown", Value: bson.A{1, bson.M{"z": 2}}},
		{Key: "skipped", Value: "s"},
	}
	backwards := make(bson.D, len(all))
	for i, e := range all {
		backwards[len(all)-1-i] = e
	}
	before := time.Date(1969, 12, 31, 23, 59, 59, 1e6, time.UTC)
	cases := map[string]any{
		"all": all, "in another order": backwards, "none": bson.D{},
		"twice":       append(bson.D{{Key: "texts", Value: []string{"x", "y", "z"}}}, all...),
		"before 1970": bson.M{"when": before},
		"empty lists": bson.M{"texts": []string{}, "raw": []byte{}, "inners": bson.A{}, "counts": bson.M{}},
		"no values": bson.M{"_id": nil, "yes": nil, "int": nil, "when": nil, "raw": nil, "texts": nil,
			"linked": nil, "counts": nil, "deep": nil, "pointer": nil},
		"other numbers": bson.M{"int": int64(3), "long": 4.0, "short": int64(5), "float": int32(6),
			"yes": int32(1), "pointer": int32(2)},
		"other texts": bson.M{"_id": bson.Symbol("s"), "named": []byte("b"), "raw": "text",
			"when": at.Format(time.RFC3339)},
		"wrong": bson.M{"_id": 1}, "wrong list": bson.M{"texts": "x"},
		"wrong struct": bson.M{"deep": 1}, "wrong element": bson.M{"texts": bson.A{1}},
	}
	for name, document := range cases {
		t.Run(name, func(t *testing.T) {
			raw, err := bson.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			sameAsBSON(t, raw)
		})
	}
}

// sameAsBSON compares decode with bson.Unmarshal.
func sameAsBSON(t *testing.T, raw bson.Raw) {
	t.Helper()
	var got, want every
	err, wantErr := decode(raw, &got), bson.Unmarshal(raw, &want)
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("error %v, bson's is %v", err, wantErr)
	}
	if err != nil {
		return
	}
	if diff := cmp.Diff(want, got, comparing()); diff != "" {
		t.Error(diff)
	}
}

// TestDecodeDamaged truncates a document at each byte and changes each byte. An invalid document must cause
// an error.
func TestDecodeDamaged(t *testing.T) {
	t.Parallel()
	now := time.Now()
	raw, err := bson.Marshal(every{ID: "a", Texts: []string{"b"}, Counts: map[string]int64{"c": 1},
		Linked: &inner{At: &now}, Raw: []byte{1}, Plain: bson.Raw{5, 0, 0, 0, 0}})
	if err != nil {
		t.Fatal(err)
	}
	for end := range raw {
		var got every
		if decode(raw[:end], &got) == nil {
			t.Errorf("the first %d of %d bytes are accepted", end, len(raw))
		}
	}
	for at := range raw {
		for _, bit := range []byte{1, 0x80, 0xff} {
			altered := append(bson.Raw(nil), raw...)
			altered[at] ^= bit
			var got every
			if decode(altered, &got) == nil && altered.Validate() != nil {
				t.Errorf("byte %d: no document, and accepted", at)
			}
		}
	}
}

// FuzzDecode checks that a damaged document causes no panic.
func FuzzDecode(f *testing.F) {
	for _, seed := range []any{every{ID: "a", Plain: bson.Raw{5, 0, 0, 0, 0}},
		bson.M{"texts": []string{"x"}, "when": time.Now(), "yes": true},
		bson.M{"inners": bson.A{bson.M{"name": "n"}}}} {
		raw, err := bson.Marshal(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var got, again every
		if err, second := decode(raw, &got), decode(raw, &again); (err == nil) != (second == nil) {
			t.Errorf("first %v, then %v", err, second)
		}
	})
}

// line and order resemble most documents.
type line struct {
	SKU      string `bson:"sku"`
	Name     string `bson:"name"`
	Quantity int64  `bson:"quantity"`
	Price    string `bson:"price"`
}

type order struct {
	Number   string            `bson:"number"`
	Customer string            `bson:"customer"`
	State    string            `bson:"state"`
	PlacedAt time.Time         `bson:"placed_at"`
	Address  map[string]string `bson:"address"`
	Lines    []line            `bson:"lines"`
	Todo     []string          `bson:"todo,omitempty"`
}

// sampleOrder returns an order of ten lines.
func sampleOrder() envelope[order] {
	return envelope[order]{ID: "main/1001", Shop: "main", N: 3, Mark: "abcdefghijklm", Body: order{
		Number: "1001", Customer: "0198c0de", State: "open",
		PlacedAt: time.Date(2026, 3, 5, 14, 5, 6, 0, time.UTC),
		Address: map[string]string{"first_name": "Jana", "line1": "Štefánikova 27", "city": "Košice",
			"country": "SK"},
		Lines: slices.Repeat([]line{{SKU: "K-1", Name: "Kniha o moři", Quantity: 2, Price: "12.90"}}, 10),
	}}
}

// BenchmarkDecode compares decode with the bson package on an order of ten lines.
func BenchmarkDecode(b *testing.B) {
	doc := sampleOrder()
	raw, err := bson.Marshal(doc)
	if err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func() error{
		"ours": func() error { return decode(raw, new(envelope[order])) },
		"bson": func() error { return bson.Unmarshal(raw, new(envelope[order])) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

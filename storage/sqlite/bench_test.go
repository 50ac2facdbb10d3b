package sqlite_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postern/storage"
	"postern/storage/sqlite"
)

type order struct {
	Number   string    `bson:"number"`
	Customer string    `bson:"customer"`
	Status   string    `bson:"status"`
	Placed   time.Time `bson:"placed"`
	Total    int64     `bson:"total"`
	Lines    string    `bson:"lines"`
}

type orderHead struct {
	Number string    `bson:"number"`
	Status string    `bson:"status"`
	Placed time.Time `bson:"placed"`
	Total  int64     `bson:"total"`
}

func orders() storage.Collection {
	head := []string{"number", "status", "placed", "total"}
	return storage.Collection{Name: "order", Indexes: []storage.Index{
		{Name: "by_customer", Fields: []storage.Field{{Path: "customer", Kind: storage.String},
			{Path: "placed", Kind: storage.Time}}, Head: head},
		{Name: "by_status", Fields: []storage.Field{{Path: "status", Kind: storage.String},
			{Path: "placed", Kind: storage.Time}}, Head: head},
	}}
}

func sampleOrder(i int) order {
	return order{
		Number: fmt.Sprint(i), Customer: fmt.Sprintf("c%05d", i%2000),
		Status: []string{"open", "sent", "done"}[i%3],
		Placed: time.UnixMilli(int64(i) * 1000), Total: int64(i), Lines: strings.Repeat("line ", 300),
	}
}

// filled returns a store with n orders.
func filled(b *testing.B, n int) storage.Docs[order] {
	store, err := sqlite.Open(b.Context(), b.TempDir(), orders())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	d := storage.Open[order](store, "shop", orders())
	var next atomic.Int64
	b.SetParallelism(100)
	fill := func() {
		for i := next.Add(1); i <= int64(n); i = next.Add(1) {
			if err := d.Insert(b.Context(), fmt.Sprint(i*7919%1000003), sampleOrder(int(i))); err != nil {
				b.Error(err)
				return
			}
		}
	}
	done := make(chan struct{})
	for range 100 {
		go func() { fill(); done <- struct{}{} }()
	}
	for range 100 {
		<-done
	}
	b.ResetTimer()
	return d
}

func BenchmarkGet(b *testing.B) {
	d := filled(b, 20_000)
	i := int64(0)
	for b.Loop() {
		i++
		if _, _, err := d.Get(b.Context(), fmt.Sprint((i%20_000+1)*7919%1000003)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkInsertParallel(b *testing.B) {
	d := filled(b, 0)
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := next.Add(1)
			if err := d.Insert(b.Context(), fmt.Sprint(i), sampleOrder(int(i))); err != nil {
				b.Error(err)
			}
		}
	})
}

// history is a collection with as many index rows for each document as the product's orders have.
func history() storage.Collection {
	customer, placed := storage.Field{Path: "customer", Kind: storage.String},
		storage.Field{Path: "placed", Kind: storage.Time}
	list := func(path string) storage.Field {
		return storage.Field{Path: path,
			Kind: storage.String, Multi: true}
	}
	head := []string{"number", "status", "placed", "total"}
	return storage.Collection{Name: "history", Indexes: []storage.Index{
		{Name: "by_placed", Fields: []storage.Field{customer, placed}, Head: head},
		{Name: "by_view", Fields: []storage.Field{customer, list("views"), placed}, Head: head},
		{Name: "by_search", Fields: []storage.Field{customer, list("search")}, Head: head},
		{Name: "by_todo", Fields: []storage.Field{list("todo")}, Head: []string{"todo"}},
	}}
}

type historyOrder struct {
	Order  order    `bson:",inline"`
	Views  []string `bson:"views"`
	Search []string `bson:"search"`
	Todo   []string `bson:"todo"`
}

func BenchmarkInsertManyIndexes(b *testing.B) {
	store, err := sqlite.Open(b.Context(), b.TempDir(), history())
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	d := storage.Open[historyOrder](store, "shop", history())
	var next atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := next.Add(1)
			o := historyOrder{Order: sampleOrder(int(i)), Views: []string{"all", "open"},
				Todo:   []string{"total"},
				Search: []string{fmt.Sprint(i), "blue", "shirt", fmt.Sprint("sku", i%500), "large"}}
			if err := d.Insert(b.Context(), fmt.Sprint(i*7919%1000003), o); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkReplaceParallel(b *testing.B) {
	d := filled(b, 20_000)
	var next atomic.Int64
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			key := fmt.Sprint((next.Add(1)%20_000 + 1) * 7919 % 1000003)
			if _, err := d.Change(b.Context(), key,
				func(o *order) error { o.Total++; return nil }); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkInsertAlone(b *testing.B) {
	d := filled(b, 0)
	for i := 0; b.Loop(); i++ {
		if err := d.Insert(b.Context(), fmt.Sprint(i), sampleOrder(i)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReplace(b *testing.B) {
	d := filled(b, 20_000)
	i := int64(0)
	for b.Loop() {
		i++
		_, err := d.Change(b.Context(), fmt.Sprint((i%20_000+1)*7919%1000003),
			func(o *order) error { o.Total++; return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan20(b *testing.B) {
	d := filled(b, 20_000)
	for b.Loop() {
		page, err := storage.Find[orderHead](b.Context(), d,
			storage.Query{Index: "by_status", Equal: []any{"sent"}, Descending: true, Limit: 20})
		if err != nil || len(page.Hits) != 20 {
			b.Fatal(err, len(page.Hits))
		}
	}
}

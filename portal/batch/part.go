package batch

import (
	"fmt"
	"time"

	"postern/storage"
)

// FileLife is how long the file of an export can be downloaded, from the start of the batch; then it is
// deleted.
const FileLife = 7 * 24 * time.Hour

// Part is a piece of the file that a batch makes. Its key follows from the page and the number of the piece.
type Part struct {
	Columns   []string  `bson:"columns"`   // of the rows
	Customers []string  `bson:"customers"` // who are in the rows
	Rows      []Row     `bson:"rows,omitempty"`
	Expires   time.Time `bson:"expires"`
}

// Row is a customer in a file, with the addresses that are a file of their own.
type Row struct {
	Customer  string     `bson:"customer"`
	Cells     []string   `bson:"cells"`
	Addresses [][]string `bson:"addresses,omitempty"`
}

// Size is the approximate size of the row in bytes.
func (r Row) Size() int {
	size := 0
	for _, cells := range append([][]string{r.Cells}, r.Addresses...) {
		for _, cell := range cells {
			size += len(cell) + 8
		}
	}
	return size
}

// PartKey returns the key of a piece of a page, both numbered from 0.
func PartKey(batch string, page, piece int) string {
	return fmt.Sprintf("%s-%04d", PageKey(batch, page), piece)
}

// ByCustomer is the index of parts by the customers in them.
const ByCustomer = "customer"

// PartCollection declares the collection of parts.
func PartCollection() storage.Collection {
	expires := storage.Field{Path: "expires", Kind: storage.Time}
	customers := storage.Field{Path: "customers", Kind: storage.String, Multi: true}
	return storage.Collection{Name: "batch_parts", Indexes: []storage.Index{
		{Name: ByExpiry, Fields: []storage.Field{expires}},
		{Name: ByCustomer, Fields: []storage.Field{customers}},
	}}
}

// PartDocs opens the parts of the files of a shop's batches.
func PartDocs(engine storage.Engine, shop string) storage.Docs[Part] {
	return storage.Open[Part](engine, shop, PartCollection())
}

// FileUntil is when the file of an export is deleted.
func (b Batch) FileUntil() time.Time { return b.StartedAt.Add(FileLife) }

// Forget removes a customer from the rows.
func (p *Part) Forget(customer string) {
	var rows []Row
	var customers []string
	for _, row := range p.Rows {
		if row.Customer != customer {
			rows, customers = append(rows, row), append(customers, row.Customer)
		}
	}
	p.Rows, p.Customers = rows, customers
}

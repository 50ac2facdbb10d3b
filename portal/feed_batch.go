package portal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"

	"postern/portal/order"
	"postern/portal/validate"
)

// Delivery is what became of one order among several.
type Delivery struct {
	Number  string // "" if it could not be read
	Receipt order.Receipt
	Err     error // as of PutOrder
}

const (
	// MaxOrders is the maximum number of orders that PutOrders takes.
	MaxOrders    = 1000
	batchWorkers = 32      // their writes share commits
	batchBytes   = 2 << 20 // of the text of the orders that are decoded at a time
)

// PutOrders stores the orders of a JSON array or, with lines, of NDJSON. Each is stored or refused by itself,
// and the deliveries are in the order of the documents. An error means that nothing was stored: the array is
// no JSON, or has too many orders.
func (f Feed) PutOrders(ctx context.Context, body []byte, lines bool) ([]Delivery, error) {
	documents, err := splitBatch(body, lines)
	if err != nil {
		return nil, err
	}
	deliveries := make([]Delivery, 0, len(documents))
	for part := range batchParts(documents) {
		deliveries = append(deliveries, f.putDocuments(ctx, part)...)
	}
	return deliveries, nil
}

// batchParts splits the documents into runs of about batchBytes, so that few decoded orders are in memory.
func batchParts(documents [][]byte) iter.Seq[[][]byte] {
	return func(yield func([][]byte) bool) {
		begin, size := 0, 0
		for i, document := range documents {
			if size += len(document); size < batchBytes && i < len(documents)-1 {
				continue
			}
			if !yield(documents[begin : i+1]) {
				return
			}
			begin, size = i+1, 0
		}
	}
}

// putDocuments decodes and stores the orders, several at a time. Those with the same number are stored one
// after another.
func (f Feed) putDocuments(ctx context.Context, documents [][]byte) []Delivery {
	deliveries, orders := make([]Delivery, len(documents)), make([]order.Order, len(documents))
	sideBySide(len(documents), func(n int) {
		d := &deliveries[n]
		size := int64(min(len(documents[n]), validate.MaxDocument))
		if d.Err = f.app.decoding.Acquire(ctx, size); d.Err != nil {
			return
		}
		orders[n], d.Receipt.Warnings, d.Err = f.decoder().Decode(documents[n], "")
		f.app.decoding.Release(size)
		if d.Number = orders[n].Number; d.Number == "" {
			d.Number = numberIn(documents[n])
		}
	})
	var groups [][]int
	groupOf := map[string]int{}
	for n, d := range deliveries {
		if d.Err != nil {
			continue
		}
		at, known := groupOf[d.Number]
		if !known {
			at = len(groups)
			groupOf[d.Number], groups = at, append(groups, nil)
		}
		groups[at] = append(groups[at], n)
	}
	sideBySide(len(groups), func(at int) {
		for _, n := range groups[at] {
			d := &deliveries[n]
			if d.Receipt, d.Err = f.storeOrder(ctx, orders[n], d.Receipt.Warnings); d.Err != nil &&
				validate.KindOf(d.Err) == validate.Internal {
				f.app.log.ErrorContext(ctx, "an order of several was not stored", "shop", f.shop.ID,
					"order", d.Number, "error", d.Err)
			}
		}
	})
	return deliveries
}

// sideBySide calls do with 0 to count-1, batchWorkers at a time.
func sideBySide(count int, do func(n int)) {
	var workers errgroup.Group
	workers.SetLimit(batchWorkers)
	for n := range count {
		workers.Go(func() error {
			do(n)
			return nil
		})
	}
	_ = workers.Wait() // do keeps its own errors
}

// splitBatch returns the documents of a JSON array or, with lines, of NDJSON. More than MaxOrders are
// Invalid.
func splitBatch(body []byte, lines bool) ([][]byte, error) {
	split := splitArray
	if lines {
		split = splitLines
	}
	documents, err := split(bytes.TrimPrefix(body, []byte("\ufeff")))
	if err == nil && len(documents) > MaxOrders {
		err = validate.InvalidFields([]validate.FieldError{{Key: "json.too_many",
			Args: map[string]string{"Most": fmt.Sprint(MaxOrders)}}})
	}
	return documents, err
}

// splitArray returns the elements of a JSON array, at most one more than MaxOrders. What is wrong within one
// is found when it is decoded.
func splitArray(body []byte) (documents [][]byte, err error) {
	in := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true))
	if kind := in.PeekKind(); kind != '[' && kind != jsontext.KindInvalid {
		return nil, validate.InvalidFields([]validate.FieldError{{Key: "json.array"}})
	}
	if _, err := in.ReadToken(); err != nil {
		return nil, validate.JSONError(err)
	}
	for in.PeekKind() != ']' {
		value, err := in.ReadValue()
		if err != nil {
			return nil, validate.JSONError(err)
		}
		if documents = append(documents, bytes.Clone(value)); len(documents) > MaxOrders {
			return documents, nil
		}
	}
	if _, err := in.ReadToken(); err != nil {
		return nil, validate.JSONError(err)
	}
	if _, err := in.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, validate.JSONError(err)
	}
	return documents, nil
}

// splitLines returns the lines that are not empty.
func splitLines(body []byte) ([][]byte, error) {
	var documents [][]byte
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) > 0 && len(documents) <= MaxOrders {
			documents = append(documents, line)
		}
	}
	return documents, nil
}

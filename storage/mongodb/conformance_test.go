package mongodb_test

import (
	"context"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"postern/storage"
	"postern/storage/mongodb"
	"postern/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	inOrder := mongodb.ScansInOrder(t)
	if mongodb.Stores(t) && inOrder {
		storagetest.Run(t, place)
		return
	}
	storagetest.Run(t, func(t *testing.T) storagetest.Opener {
		if !inOrder && strings.HasSuffix(t.Name(), "a_prefix_looks_at_a_bounded_number_of_rows") {
			t.Skip("the server does not use its indexes")
		}
		if strings.HasSuffix(t.Name(), "come_back_as_written") {
			t.Skip("the server refuses field names with a dollar, or arrays within arrays")
		}
		opener := place(t)
		return func(collections ...storage.Collection) (storage.Engine, error) {
			engine, err := opener(collections...)
			if err != nil {
				return nil, err
			}
			return forgetful{engine.(*mongodb.Store)}, nil
		}
	})
}

func TestRaces(t *testing.T) {
	t.Parallel()
	if mongodb.OneConnection(t) {
		t.Skip("the address allows one connection, which meets nobody")
	}
	storagetest.Races(t, place)
}

// TestConformanceOfCounters runs the counter tests for each way of counting that the server supports.
func TestConformanceOfCounters(t *testing.T) {
	t.Parallel()
	ways := mongodb.CountingPlaces(t)
	if len(ways) == 0 {
		t.Error("the server cannot count")
	}
	for way, place := range ways {
		t.Run(way, func(t *testing.T) {
			storagetest.RunCounters(t, func(t *testing.T) storagetest.Opener { return place(t) },
				!mongodb.OneConnection(t))
		})
	}
}

func place(t *testing.T) storagetest.Opener { return mongodb.Place(t) }

// forgetful drops documents that some servers cannot store: those with symbols or nested arrays. In the
// suite no index may show these anyway.
type forgetful struct{ *mongodb.Store }

func (f forgetful) Insert(ctx context.Context, collection string, r storage.Record) error {
	elements, err := r.Doc.Elements()
	if err != nil {
		return err
	}
	for _, e := range elements {
		array, _ := e.Value().ArrayOK()
		first, err := array.IndexErr(0)
		nested := err == nil && first.Type == bson.TypeArray
		if nested || e.Value().Type == bson.TypeSymbol {
			return nil
		}
	}
	return f.Store.Insert(ctx, collection, r)
}

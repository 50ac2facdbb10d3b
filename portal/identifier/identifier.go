// Package identifier leads from an email or from the shop system's id to a customer.
//
// It must not know the customer.
package identifier

import (
	"time"

	"postern/storage"
)

// Identifier points from an identifier of a customer (an email address, the shop system's id) to the
// customer. The document's key makes it unique: "email:jan@example.com", "feed:4711".
type Identifier struct {
	Customer string `bson:"customer"`
	Erased   bool   `bson:"erased,omitempty"` // it led to somebody who was erased; Customer is ""
	// ErasedAt is when the erasure began. A customer created before it is another person.
	ErasedAt time.Time `bson:"erased_at,omitempty"`
	// Introduced is true if a PUT of the customer brought this shop system's id. Earlier versions took ids
	// from orders, too.
	Introduced bool `bson:"introduced,omitempty"`
}

// Collection declares the collection of identifiers and its indexes.
func Collection() storage.Collection { return storage.Collection{Name: "identifiers"} }

func EmailKey(email string) string { return "email:" + email }

func FeedKey(id string) string { return "feed:" + id }

// Docs opens the identifiers of a shop.
func Docs(engine storage.Engine, shop string) storage.Docs[Identifier] {
	return storage.Open[Identifier](engine, shop, Collection())
}

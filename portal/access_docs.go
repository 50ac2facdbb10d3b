package portal

import (
	"context"

	"postern/storage"
)

// accessDocs are the access documents of a shop that can sign someone in: those with an id made from their
// address with the current installation secret. Each address has one, so ending its content ends
// everything. Documents of a replaced secret are not found here, only through the embedded Docs.
type accessDocs struct {
	storage.Docs[access]
	id func(email string) string
}

func (a *App) accessDocs(shop string) accessDocs {
	return accessDocs{
		Docs: storage.Open[access](a.engine, shop, accessCollection()),
		id:   func(email string) string { return a.accessID(shop, email) },
	}
}

// Get returns the document, or storage.ErrNotFound.
func (d accessDocs) Get(ctx context.Context, key string) (access, storage.Version, error) {
	doc, read, err := d.Docs.Get(ctx, key)
	if err == nil && d.id(doc.Email) != key {
		return access{}, read, storage.ErrNotFound
	}
	return doc, read, err
}

// Change is Docs.Change for a document that Get finds.
func (d accessDocs) Change(ctx context.Context, key string, change func(*access) error) (access, error) {
	return d.Docs.Change(ctx, key, func(doc *access) error {
		if d.id(doc.Email) != key {
			return storage.ErrNotFound
		}
		return change(doc)
	})
}

// eachOf calls do for every document of a customer, including those of replaced secrets; "" means all
// customers.
func (d accessDocs) eachOf(ctx context.Context, customer string, do func(ctx context.Context, key, email string) error) error {
	query := storage.Query{Index: accessByCustomer, Limit: storage.MaxLimit}
	if customer != "" {
		query.Equal = []any{customer}
	}
	for {
		page, err := storage.Find[struct{ Email string }](ctx, d.Docs, query)
		if err != nil {
			return err
		}
		if err := eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{ Email string }]) error {
			return do(ctx, hit.Key, hit.Head.Email)
		}); err != nil || page.Next == "" {
			return err
		}
		query.Cursor = page.Next
	}
}

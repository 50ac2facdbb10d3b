package portal

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"postern/portal/credential"
	"postern/storage"
)

// credentialDocs are the credentials documents of a shop that can sign someone in: those with an id made from
// their address with the current installation secret. Each address has one, so ending its content ends
// everything. Documents of a replaced secret are not found here, only through the embedded Docs.
type credentialDocs struct {
	storage.Docs[credential.Credentials]
	id func(email string) string
}

func (a *App) credentialDocs(shop string) credentialDocs {
	return credentialDocs{
		Docs: credential.Docs(a.engine, shop),
		id:   func(email string) string { return a.credentialsID(shop, email) },
	}
}

// Get returns the document, or storage.ErrNotFound.
func (d credentialDocs) Get(ctx context.Context, key string) (credential.Credentials,
	storage.Version, error) {
	doc, read, err := d.Docs.Get(ctx, key)
	if err == nil && d.id(doc.Email) != key {
		return credential.Credentials{}, read, storage.ErrNotFound
	}
	return doc, read, err
}

// Change is Docs.Change for a document that Get finds.
func (d credentialDocs) Change(ctx context.Context, key string,
	change func(*credential.Credentials) error) (credential.Credentials, error) {
	return d.Docs.Change(ctx, key, func(doc *credential.Credentials) error {
		if d.id(doc.Email) != key {
			return storage.ErrNotFound
		}
		return change(doc)
	})
}

// eachOf calls do for every document of a customer, including those of replaced secrets; "" means all
// customers.
func (d credentialDocs) eachOf(ctx context.Context, customer string,
	do func(ctx context.Context, key, email string) error) error {
	query := storage.Query{Index: credential.ByCustomer, Limit: storage.MaxLimit}
	if customer != "" {
		query.Equal = []any{customer}
	}
	for {
		page, err := storage.Find[struct{ Email string }](ctx, d.Docs, query)
		if err != nil {
			return err
		}
		if err := eachAtOnce(ctx, page.Hits,
			func(ctx context.Context, hit storage.Hit[struct{ Email string }]) error {
				return do(ctx, hit.Key, hit.Head.Email)
			}); err != nil || page.Next == "" {
			return err
		}
		query.Cursor = page.Next
	}
}

// credentialsID returns the key of the credentials document of an address in a shop. Without the installation
// secret, the store does not reveal which address it belongs to.
func (a *App) credentialsID(shop, email string) string { return a.secret.ID(shop, "access", email) }

// slots returns the two counts of a counter at a given time. by is added to the current slot; the previous
// one is only read.
func (a *App) slots(c credential.Counter, by int64, now time.Time) []storage.Count {
	slot := now.UnixMilli() / credential.SlotLength.Milliseconds()
	end := time.UnixMilli((slot + 1) * credential.SlotLength.Milliseconds()).Add(credential.SlotLength)
	key := func(slot int64) string {
		return a.limitOf(c.Shop, c.Label, limit(credential.CodeTries, credential.SlotLength),
			append(c.Of[:len(c.Of):len(c.Of)], strconv.FormatInt(slot, 10))...).key
	}
	return []storage.Count{{Key: key(slot), By: by, Expires: end}, {Key: key(slot - 1), Expires: end}}
}

// countTry counts a try together with rest in one commit; if by is zero it only reads the counter. It also
// returns the tallies of rest.
func (a *App) countTry(ctx context.Context, c credential.Counter, by int64,
	rest ...storage.Count) (credential.Tally, []storage.Tally, error) {
	now := a.now()
	tallies, err := a.engine.Increment(ctx, now, append(a.slots(c, by, now), rest...))
	if err != nil {
		return credential.Tally{}, nil, fmt.Errorf("count: %w", err)
	}
	return credential.Tally{Slot: now.UnixMilli() / credential.SlotLength.Milliseconds(),
		Current: tallies[0].N, Before: tallies[1].N}, tallies[2:], nil
}

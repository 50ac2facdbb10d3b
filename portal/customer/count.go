package customer

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"postern/portal/job"
	"postern/portal/validate"
	"postern/storage"
)

// MaxCounted is how many customers a Count counts; there may be more.
const MaxCounted = 10_000

// Count is how many customers filters selected at a time. A job keeps it, because no index counts.
type Count struct {
	Filters map[string]string `bson:"filters,omitempty"`
	N       int64             `bson:"n"`
	More    bool              `bson:"more,omitempty"` // there are more than N
	At      time.Time         `bson:"at,omitempty"`   // zero before the first count
	SeenAt  time.Time         `bson:"seen_at"`        // to within a day
	Work    job.List          `bson:"work,omitempty"`
}

// IsKnown reports whether the customers have been counted.
func (c Count) IsKnown() bool { return !c.At.IsZero() }

// CountLife is how long a count is shown before it is renewed, and CountKept how long one is kept that nobody
// looks at.
const (
	CountLife = 5 * time.Minute
	CountKept = 7 * 24 * time.Hour
)

// KindCount is the job that counts.
const KindCount = "count_customers"

// CountsBySeen is the index of counts by when somebody last looked at them.
const CountsBySeen = "seen"

// CountCollection declares the collection of counts.
func CountCollection() storage.Collection {
	seen := storage.Field{Path: "seen_at", Kind: storage.Time}
	return storage.Collection{Name: "customer_counts", Indexes: append(job.Indexes(),
		storage.Index{Name: CountsBySeen, Fields: []storage.Field{seen}})}
}

// CountDocs opens the counts of a shop.
func CountDocs(engine storage.Engine, shop string) storage.Docs[Count] {
	return storage.Open[Count](engine, shop, CountCollection())
}

// CountKey returns the key of the count of what filters select.
func CountKey(filters map[string]string) string {
	text := ""
	for _, name := range Filters() {
		if value := filters[name]; value != "" {
			text += name + "=" + value + "\n"
		}
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// Look prepares the count to be read now: it requests a new one if the present one is old. It reports whether
// that changed it.
func (c *Count) Look(filters map[string]string, now time.Time) (changed bool) {
	if now.Sub(c.SeenAt) >= 24*time.Hour {
		c.Filters, c.SeenAt, changed = filters, now, true
	}
	if now.Sub(c.At) < CountLife || slices.ContainsFunc(c.Work.Jobs,
		func(j job.Job) bool { return !j.HasFailed() }) {
		return changed
	}
	c.Work.Schedule(job.Request{Kind: KindCount, At: now, Slow: true})
	return true
}

// FindMany returns the query with as many customers on a page as the store allows.
func (q Query) FindMany(place Place) (storage.Query, error) {
	f := &validate.Validator{}
	found := q.Find(f, place)
	found.Limit = storage.MaxLimit
	return found, validate.InvalidFields(f.Rejected)
}

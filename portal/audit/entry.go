package audit

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postern/portal/job"
	"postern/storage"
)

// Link is an entry's place in the chain. Its key is its number; numbers begin with 1 and are consecutive.
type Link struct {
	Number   int64     `bson:"number"`
	At       time.Time `bson:"at"`
	Act      string    `bson:"act"` // the id of the act, and the key of the detail
	Kind     Kind      `bson:"kind"`
	Actor    Actor     `bson:"actor"`
	Previous string    `bson:"previous"` // the hash of the previous link
	Detail   string    `bson:"detail"`   // the hash of the detail
	Hash     string    `bson:"hash"`     // of all the above
}

// Detail is what an act was about. Its key is the act's id. The hash includes a random salt, so that nobody
// can find an erased customer by trying values.
type Detail struct {
	Act     `bson:",inline"`
	Salt    string    `bson:"salt,omitempty"`
	Hash    string    `bson:"hash"`
	Number  int64     `bson:"number,omitempty"`  // of the link; 0 until it is appended
	Waiting time.Time `bson:"waiting,omitempty"` // the time of the act, until it is appended
	Actors  []string  `bson:"actors"`            // the actor, and the kind of actor, for an index
	Erased  string    `bson:"erased,omitempty"`  // the id of the act that erased the detail
}

// IsErased reports whether everything but the kind, the actor and the time was erased, with the customer or, apart
// from the customer's id, with the other person of an undone merge.
func (d Detail) IsErased() bool { return d.Erased != "" }

func newDetail(a Act) Detail {
	d := Detail{Act: a, Salt: rand.Text(), Waiting: a.At, Actors: []string{a.Actor.String()}}
	if kind := string(a.Actor.Kind); kind != d.Actors[0] {
		d.Actors = append(d.Actors, kind)
	}
	d.Hash = d.digest()
	return d
}

// erase removes everything that the link does not hold, but not the customer it is left to.
func (d *Detail) erase(by, customer string) {
	d.Act = Act{ID: d.ID, At: d.At, Kind: d.Kind, Actor: d.Actor, Customer: customer}
	d.Salt, d.Erased = "", by
}

// digest returns the hash of the detail: of the salt, customer, reason, address, of each change the field,
// before and after, and of the act that this one undoes with its batch, if it names one of them. The hash of
// the member of staff, and that of the acts erased, follow if there are any.
func (d Detail) digest() string {
	parts := []string{d.Salt, d.Customer, d.Reason, d.Address}
	for _, c := range d.Changes {
		parts = append(parts, c.Field, c.Before, c.After)
	}
	if d.Undoes != "" || d.Batch != "" {
		parts = append(parts, d.Undoes, d.Batch)
	}
	if d.Member != "" {
		parts = append(parts, hashOf("member", d.Member, d.Email))
	}
	if len(d.Erases) > 0 {
		parts = append(parts, hashOf(append([]string{"erases"}, d.Erases...)...))
	}
	return hashOf(parts...)
}

// link returns the detail's link after the previous one.
func (d Detail) link(previous Head) Link {
	l := Link{Number: previous.Number + 1, At: d.At.UTC(), Act: d.ID, Kind: d.Kind, Actor: d.Actor,
		Previous: previous.Hash, Detail: d.Hash}
	l.Hash = l.digest()
	return l
}

func (l Link) digest() string {
	return hashOf(strconv.FormatInt(l.Number, 10), l.At.UTC().Format(timeForm), l.Act, string(l.Kind),
		string(l.Actor.Kind), l.Actor.ID, l.Actor.Role, l.Previous, l.Detail)
}

const timeForm = "2006-01-02T15:04:05.000Z"

// hashOf returns the SHA-256 of texts in hex. Each text is preceded by its length in bytes and a colon, and
// followed by a comma, so that no two lists have the same bytes.
func hashOf(parts ...string) string {
	var all strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&all, "%d:%s,", len(part), part)
	}
	sum := sha256.Sum256([]byte(all.String()))
	return hex.EncodeToString(sum[:])
}

// Head is the last entry of a log: its number and its hash. Kept elsewhere, it shows later that no entry up
// to it was changed or removed.
type Head struct {
	Number int64
	Hash   string
}

// String returns the head as ParseHead reads it.
func (h Head) String() string { return strconv.FormatInt(h.Number, 10) + ":" + h.Hash }

// ParseHead reads "NUMBER:HASH".
func ParseHead(text string) (Head, error) {
	number, hash, _ := strings.Cut(text, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	raw, failed := hex.DecodeString(hash)
	if err != nil || failed != nil || n < 0 || len(raw) != sha256.Size {
		return Head{}, fmt.Errorf("%q is not a number, a colon and a hash", text)
	}
	return Head{Number: n, Hash: strings.ToLower(hash)}, nil
}

// genesis is the head of the empty log of a shop.
func genesis(shop string) Head { return Head{Hash: hashOf("postern log", shop)} }

// state is the document with the head of a shop's log. Batch lists the acts that are being appended after it:
// they are chosen in one write, so that every process appends the same ones.
type state struct {
	Number int64    `bson:"number"`
	Hash   string   `bson:"hash"`
	Batch  []string `bson:"batch,omitempty"`
	Work   job.List `bson:"work,omitempty"`
}

func (s state) head() Head { return Head{s.Number, s.Hash} }

const stateKey = "head"

// KindAppend is the job that appends the acts that wait.
const KindAppend = "append_acts"

func keyOf(number int64) string { return fmt.Sprintf("%012d", number) }

// The indexes of the details.
const (
	byTime     = "time"
	byCustomer = "customer"
	byMember   = "member"
	byKind     = "kind"
	byActor    = "actor"
	byNumber   = "number"
	byWaiting  = "waiting"

	byActorKind = "actor_kind"
)

// DetailCollection declares the collection of details and its indexes.
func DetailCollection() storage.Collection {
	at := storage.Field{Path: "at", Kind: storage.Time}
	text := func(path string) storage.Field { return storage.Field{Path: path, Kind: storage.String} }
	actors := storage.Field{Path: "actors", Kind: storage.String, Multi: true}
	return storage.Collection{Name: "log_details", Indexes: []storage.Index{
		{Name: byTime, Fields: []storage.Field{at}},
		{Name: byCustomer, Fields: []storage.Field{text("customer"), at}, Head: []string{"kind", "actors"}},
		{Name: byMember, Fields: []storage.Field{text("member"), at}, Head: []string{"kind", "actors"}},
		{Name: byKind, Fields: []storage.Field{text("kind"), at}},
		{Name: byActor, Fields: []storage.Field{actors, at}},
		{Name: byActorKind, Fields: []storage.Field{actors, text("kind"), at}},
		{Name: byNumber, Fields: []storage.Field{{Path: "number", Kind: storage.Int}}},
		{Name: byWaiting, Fields: []storage.Field{{Path: "waiting", Kind: storage.Time}}},
	}}
}

// LinkCollection declares the collection of links, which are found by their numbers.
func LinkCollection() storage.Collection { return storage.Collection{Name: "log_links"} }

// HeadCollection declares the collection of the logs' heads.
func HeadCollection() storage.Collection {
	return storage.Collection{Name: "log_heads", Indexes: job.Indexes()}
}

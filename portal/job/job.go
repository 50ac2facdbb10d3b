// Package job runs background work. A document requests it with a list of typed jobs, whose earliest due
// time is indexed over all shops. One loop finds the due jobs of every collection, leases each one, calls
// the handler of its kind, and then removes the job, retries it after a growing delay, or keeps it as
// failed for an operator to retry.
//
// A handler must be safe to repeat: after a crash between any two writes, it runs again when the lease
// expires. The package must not know what the documents or the kinds mean.
package job

import (
	"maps"
	"regexp"
	"slices"
	"sync"
	"time"

	"postern/storage"
)

// Args are the arguments of a job; their meaning depends on its kind.
type Args = map[string]string

// Job is one piece of work that a document requests.
type Job struct {
	ID   string    `bson:"id"` // new for each request, so that finishing a job never removes a later request
	Kind string    `bson:"kind"`
	Args Args      `bson:"args,omitempty"`
	At   time.Time `bson:"at"`             // the time it was requested for
	Slow bool      `bson:"slow,omitempty"` // see Request

	DueAt     time.Time `bson:"due_at"`             // when it runs or is retried; while it runs, when its lease expires
	Lease     string    `bson:"lease,omitempty"`    // identifies the current run
	Attempts  int       `bson:"attempts,omitempty"` // started so far
	LastError string    `bson:"last_error,omitempty"`
	FailedAt  time.Time `bson:"failed_at,omitempty"` // when it was given up; only an operator can retry it
}

// Request is a document's request for a job. A slow job waits for another server or takes long. Slow jobs
// have a lane of their own, so that other jobs never wait for them.
type Request struct {
	Kind string
	Args Args
	At   time.Time
	Slow bool
}

func (r Request) job() Job {
	at := r.At.UTC().Truncate(time.Millisecond) // in the precision of the store
	return Job{ID: storage.NewID(), Kind: r.Kind, Args: r.Args, At: at, DueAt: at, Slow: r.Slow}
}

// IsRunning reports whether the job is leased, even if the process that leased it has ended.
func (j Job) IsRunning() bool { return j.Lease != "" }

// HasFailed reports whether the job was given up.
func (j Job) HasFailed() bool { return !j.FailedAt.IsZero() }

// IsDue reports whether the job should run now.
func (j Job) IsDue(now time.Time) bool { return !j.HasFailed() && !j.DueAt.After(now) }

func (j Job) is(kind string, args Args) bool { return j.Kind == kind && maps.Equal(j.Args, args) }

// idle reports whether the job is neither running nor given up.
func (j Job) idle() bool { return !j.IsRunning() && !j.HasFailed() }

// List holds the jobs of a document, in a field named Field.
type List struct {
	Jobs      []Job     `bson:"jobs,omitempty"`
	DueAt     time.Time `bson:"due_at,omitempty"`      // the earliest due time
	SlowDueAt time.Time `bson:"slow_due_at,omitempty"` // the earliest due time of the slow jobs
	FailedAt  time.Time `bson:"failed_at,omitempty"`   // the earliest failure
}

// Field is the BSON name of the List in every document.
const Field = "work"

// IsZero reports whether the document requests nothing; the list is then not stored.
func (l List) IsZero() bool { return len(l.Jobs) == 0 }

const (
	byDue     = "work_due"
	bySlowDue = "work_slow"
	byFailed  = "work_failed"
)

// Indexes returns the indexes, over all shops, of a collection whose documents request jobs. All
// collections share them, so they must not be changed.
func Indexes() []storage.Index { return slices.Clip(indexes()) }

var indexes = sync.OnceValue(func() []storage.Index {
	return []storage.Index{index(byDue, "due_at"), index(bySlowDue, "slow_due_at"), index(byFailed, "failed_at")}
})

func index(name, field string) storage.Index {
	due := storage.Field{Path: Field + "." + field, Kind: storage.Time}
	return storage.Index{Name: name, Fields: []storage.Field{due}, Head: []string{Field}, AllShops: true}
}

// Add requests a job and returns its id. It replaces a job of the same kind and arguments that is not
// running.
func (l *List) Add(r Request) string {
	l.delete(func(j Job) bool { return j.is(r.Kind, r.Args) && !j.IsRunning() })
	j := r.job()
	l.Jobs = append(l.Jobs, j)
	l.index()
	return j.ID
}

// Ensure requests a job unless one of the same kind and arguments is waiting and due at earliest or later.
// It reports whether it added one.
func (l *List) Ensure(r Request, earliest time.Time) bool {
	waits := func(j Job) bool { return j.is(r.Kind, r.Args) && j.idle() && !j.DueAt.Before(earliest) }
	if slices.ContainsFunc(l.Jobs, waits) {
		return false
	}
	l.Jobs = append(l.Jobs, r.job())
	l.index()
	return true
}

// Find returns the most recently requested job of a kind.
func (l *List) Find(kind string) (Job, bool) {
	for _, j := range slices.Backward(l.Jobs) {
		if j.Kind == kind {
			return j, true
		}
	}
	return Job{}, false
}

// Schedule sets the time of a kind's only job, as derived from the document's other fields; the zero time
// means never. A job for exactly that time is left alone, whether it is waiting, running, being retried or
// failed.
func (l *List) Schedule(r Request) {
	want := r.job()
	there := func(j Job) bool { return j.is(r.Kind, r.Args) && j.At.Equal(want.At) }
	if !r.At.IsZero() && slices.ContainsFunc(l.Jobs, there) {
		return
	}
	l.delete(func(j Job) bool { return j.is(r.Kind, r.Args) && !j.IsRunning() })
	if !r.At.IsZero() {
		l.Jobs = append(l.Jobs, want)
	}
	l.index()
}

// Cancel removes the jobs of the given kinds, including running ones, which are then not retried.
func (l *List) Cancel(kinds ...string) {
	l.delete(func(j Job) bool { return slices.Contains(kinds, j.Kind) })
}

// CancelOthers removes all jobs except those of the given kinds.
func (l *List) CancelOthers(kinds ...string) {
	l.delete(func(j Job) bool { return !slices.Contains(kinds, j.Kind) })
}

// Retry makes a failed job due now with no attempts counted. It reports whether there is one with this id.
func (l *List) Retry(id string, now time.Time) bool {
	at := slices.IndexFunc(l.Jobs, func(j Job) bool { return j.ID == id && j.HasFailed() })
	if at < 0 {
		return false
	}
	j := &l.Jobs[at]
	j.FailedAt, j.Attempts, j.DueAt = time.Time{}, 0, now
	l.index()
	return true
}

// Dismiss removes a failed job. It reports whether there is one with this id.
func (l *List) Dismiss(id string) bool {
	before := len(l.Jobs)
	l.delete(func(j Job) bool { return j.ID == id && j.HasFailed() })
	return len(l.Jobs) < before
}

func (l *List) delete(is func(Job) bool) {
	l.Jobs = slices.DeleteFunc(l.Jobs, is)
	l.index()
}

// index updates the indexed times.
func (l *List) index() {
	l.DueAt, l.SlowDueAt, l.FailedAt = time.Time{}, time.Time{}, time.Time{}
	for _, j := range l.Jobs {
		switch {
		case j.HasFailed():
			l.FailedAt = earlier(l.FailedAt, j.FailedAt)
		case j.Slow:
			l.SlowDueAt = earlier(l.SlowDueAt, j.DueAt)
		default:
			l.DueAt = earlier(l.DueAt, j.DueAt)
		}
	}
}

// earlier returns the earlier of two times. A zero a means none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// take leases the due jobs of a lane.
func (l *List) take(now time.Time, lease string, slow bool) (taken []Job) {
	for i := range l.Jobs {
		if j := &l.Jobs[i]; j.Slow == slow && j.IsDue(now) {
			j.Lease, j.DueAt, j.Attempts = lease, now.Add(leaseTime), j.Attempts+1
			taken = append(taken, *j)
		}
	}
	l.index()
	return taken
}

// held returns the job with a lease, or nil if another run has leased it or the job was cancelled.
func (l *List) held(id, lease string) *Job {
	at := slices.IndexFunc(l.Jobs, func(j Job) bool { return j.ID == id && j.Lease == lease })
	if at < 0 {
		return nil
	}
	return &l.Jobs[at]
}

// prolong extends the leases and reports whether there are any.
func (l *List) prolong(lease string, until time.Time) bool {
	found := false
	for i := range l.Jobs {
		if l.Jobs[i].Lease == lease {
			l.Jobs[i].DueAt, found = until, true
		}
	}
	l.index()
	return found
}

const longestReason = 300

var emailLike = regexp.MustCompile(`[^\s"'<>()]+@[^\s"'<>()]+`)

// reasonOf returns the text of an error as it may be stored: shortened, and without email addresses.
func reasonOf(err error) string {
	text := []rune(emailLike.ReplaceAllString(err.Error(), "[email]"))
	return string(text[:min(len(text), longestReason)])
}

// Package job is background work. A document asks for it by a list of typed jobs, whose earliest due time is
// indexed over all shops; one loop finds what is due in every collection, leases each job, has the handler
// of its kind do it, and then removes it, tries it again after a growing gap, or keeps it as failed for an
// operator to retry.
//
// A handler does its job so that twice equals once: a crash between any two writes has it done again when
// the lease is over. The package must not know what the documents or the kinds mean.
package job

import (
	"maps"
	"regexp"
	"slices"
	"time"

	"postern/storage"
)

// Args say what a job is about; what they are is the kind's own matter.
type Args = map[string]string

// Job is one piece of work that a document asks for.
type Job struct {
	ID   string    `bson:"id"` // new at each request, so that what is being done takes out no job that came since
	Kind string    `bson:"kind"`
	Args Args      `bson:"args,omitempty"`
	At   time.Time `bson:"at"`             // for when it was asked
	Slow bool      `bson:"slow,omitempty"` // see Request

	DueAt     time.Time `bson:"due_at"`             // when it is done, or tried again; of a running one, when its lease is over
	Lease     string    `bson:"lease,omitempty"`    // mark of who is doing it
	Attempts  int       `bson:"attempts,omitempty"` // begun
	LastError string    `bson:"last_error,omitempty"`
	FailedAt  time.Time `bson:"failed_at,omitempty"` // given up; only an operator has it tried again
}

// Request is a job as a document asks for it. A slow one waits for another server or takes long; such jobs
// have a lane of their own, so that the others never wait for them.
type Request struct {
	Kind string
	Args Args
	At   time.Time
	Slow bool
}

func (r Request) job() Job {
	at := r.At.UTC().Truncate(time.Millisecond) // as the store keeps it
	return Job{ID: storage.NewID(), Kind: r.Kind, Args: r.Args, At: at, DueAt: at, Slow: r.Slow}
}

// IsRunning reports whether somebody holds the job's lease, or held it when the process ended.
func (j Job) IsRunning() bool { return j.Lease != "" }

// HasFailed reports whether the job was given up.
func (j Job) HasFailed() bool { return !j.FailedAt.IsZero() }

// IsDue reports whether it is the job's turn.
func (j Job) IsDue(now time.Time) bool { return !j.HasFailed() && !j.DueAt.After(now) }

func (j Job) is(kind string, args Args) bool { return j.Kind == kind && maps.Equal(j.Args, args) }

// idle reports whether the job is neither in hand nor given up.
func (j Job) idle() bool { return !j.IsRunning() && !j.HasFailed() }

// List is the jobs of a document. A document has it in a field named Field.
type List struct {
	Jobs      []Job     `bson:"jobs,omitempty"`
	DueAt     time.Time `bson:"due_at,omitempty"`      // the earliest of the jobs
	SlowDueAt time.Time `bson:"slow_due_at,omitempty"` // the earliest of the slow ones
	FailedAt  time.Time `bson:"failed_at,omitempty"`   // the earliest of those given up
}

// Field is the BSON name of the List in every document.
const Field = "work"

// IsZero reports whether the document asks for nothing: then the list is not stored.
func (l List) IsZero() bool { return len(l.Jobs) == 0 }

const (
	byDue     = "work_due"
	bySlowDue = "work_slow"
	byFailed  = "work_failed"
)

// Indexes are those that a collection needs whose documents ask for jobs, over all shops.
func Indexes() []storage.Index {
	index := func(name, field string) storage.Index {
		due := storage.Field{Path: Field + "." + field, Kind: storage.Time}
		return storage.Index{Name: name, Fields: []storage.Field{due}, Head: []string{Field}, AllShops: true}
	}
	return []storage.Index{index(byDue, "due_at"), index(bySlowDue, "slow_due_at"), index(byFailed, "failed_at")}
}

// Add asks for a job, in place of one of the same kind and arguments that is not being done. It returns the
// job's id.
func (l *List) Add(r Request) string {
	l.delete(func(j Job) bool { return j.is(r.Kind, r.Args) && !j.IsRunning() })
	j := r.job()
	l.Jobs = append(l.Jobs, j)
	l.index()
	return j.ID
}

// Ensure asks for a job unless one of the same kind and arguments waits to be done at earliest or later. It
// reports whether it did.
func (l *List) Ensure(r Request, earliest time.Time) bool {
	waits := func(j Job) bool { return j.is(r.Kind, r.Args) && j.idle() && !j.DueAt.Before(earliest) }
	if slices.ContainsFunc(l.Jobs, waits) {
		return false
	}
	l.Jobs = append(l.Jobs, r.job())
	l.index()
	return true
}

// Find returns the job of a kind that was asked for last.
func (l *List) Find(kind string) (Job, bool) {
	for _, j := range slices.Backward(l.Jobs) {
		if j.Kind == kind {
			return j, true
		}
	}
	return Job{}, false
}

// Schedule keeps the one job of a kind that the document's other fields ask for at a time; the zero time is
// never. A job for that very time stays as it is, whether it waits, runs, is tried again or failed.
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

// Cancel removes the jobs of a kind, one that is being done too: nothing is left of it to try again.
func (l *List) Cancel(kinds ...string) {
	l.delete(func(j Job) bool { return slices.Contains(kinds, j.Kind) })
}

// CancelOthers removes all jobs but those of a kind.
func (l *List) CancelOthers(kind string) {
	l.delete(func(j Job) bool { return j.Kind != kind })
}

// Retry makes a failed job due now, with no attempts counted, and reports whether there is one with this id.
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

func (l *List) delete(is func(Job) bool) {
	l.Jobs = slices.DeleteFunc(l.Jobs, is)
	l.index()
}

// index brings the indexed times up to date.
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

// earlier is the earlier of two times, of which the first may be zero for none.
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

// held finds a job under a lease, nil when the lease has gone to another or the job was cancelled.
func (l *List) held(id, lease string) *Job {
	at := slices.IndexFunc(l.Jobs, func(j Job) bool { return j.ID == id && j.Lease == lease })
	if at < 0 {
		return nil
	}
	return &l.Jobs[at]
}

// prolong moves the end of the leases, and reports whether there is one.
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

// reasonOf is an error as it may be kept: short, and without addresses.
func reasonOf(err error) string {
	text := []rune(emailLike.ReplaceAllString(err.Error(), "[email]"))
	return string(text[:min(len(text), longestReason)])
}

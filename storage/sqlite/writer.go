package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"postern/storage"
)

const (
	queueLength   = 1024
	maxGroup      = 512      // writes in one commit
	maxGroupBytes = 16 << 20 // of documents in one commit
)

// writer is the one goroutine that writes. What has queued up while it committed goes into the next commit
// together.
type writer struct {
	conn    *conn
	layout  *layout
	queue   chan *job
	done    chan struct{}
	commits atomic.Int64
}

// job is one write. Its result is sent when the commit it is in is durable, or has failed. What it does may
// be undone and done again before that.
type job struct {
	do     func(*conn) error
	size   int
	state  atomic.Int32
	err    error
	result chan error
}

// The states of a job. From queued, either the writer takes it or its caller, whose context ended, gives it
// up.
const (
	queued int32 = iota
	taken
	givenUp
)

func startWriter(c *conn, l *layout) *writer {
	w := &writer{conn: c, layout: l, queue: make(chan *job, queueLength), done: make(chan struct{})}
	go w.run()
	return w
}

// submit has do called by the writer, maybe twice, and returns its error once all is committed; when that
// is a refusal (ErrExists, ErrConflict), do must not have written anything. When it returns the error of
// ctx, do was not called and will not be. The size is that of the document, in bytes.
func (w *writer) submit(ctx context.Context, size int, do func(*conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{do: do, size: size, result: make(chan error, 1)}
	select {
	case w.queue <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.result:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(queued, givenUp) {
			return ctx.Err()
		}
		return <-j.result
	}
}

// close stops the writer when the queue is empty; no submit may follow.
func (w *writer) close() error {
	close(w.queue)
	<-w.done
	return w.conn.close()
}

func (w *writer) run() {
	defer close(w.done)
	for first := range w.queue {
		w.commit(first)
	}
}

// commit writes one group: first, and what is queued behind it. The group is gathered only when the
// database is ours, so that a caller can give up while another process writes.
func (w *writer) commit(first *job) {
	err := w.begin()
	group := w.gather(first)
	if err == nil {
		err = w.apply(group)
	}
	if err == nil {
		err = w.conn.exec(`COMMIT`)
		w.commits.Add(1)
	}
	if err != nil {
		err = fmt.Errorf("sqlite: write: %w", plain(err))
		// This fails when no transaction is open, because SQLite has ended it or it never began: all the
		// same.
		_ = w.conn.exec(`ROLLBACK`)
	}
	for _, j := range group {
		if err != nil {
			j.result <- err
		} else {
			j.result <- j.err
		}
	}
}

func (w *writer) begin() error {
	if err := w.conn.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	return w.layout.check(w.conn)
}

// gather takes jobs from the queue without waiting; those given up are dropped.
func (w *writer) gather(first *job) []*job {
	var group []*job
	size := 0
	for next := first; next != nil; next = w.next() {
		if !next.state.CompareAndSwap(queued, taken) {
			continue
		}
		group = append(group, next)
		if size += next.size; size >= maxGroupBytes || len(group) == maxGroup {
			break
		}
	}
	return group
}

func (w *writer) next() *job {
	select {
	case j := <-w.queue: // nil when closed
		return j
	default:
		return nil
	}
}

// apply runs the jobs, none of which takes another with it when it fails. A refusal comes before anything
// is written, so no savepoint is needed for it. After any other failure, which is rare and the only way in
// which SQLite ends a transaction by itself, all is undone and done again with savepoints. It returns an
// error when the transaction itself is broken.
func (w *writer) apply(group []*job) error {
	for _, j := range group {
		if j.err = j.do(w.conn); j.err != nil && !refused(j.err) {
			return w.applyApart(group)
		}
	}
	return nil
}

func refused(err error) bool {
	return errors.Is(err, storage.ErrExists) || errors.Is(err, storage.ErrConflict)
}

// applyApart begins the transaction anew and runs each job in a savepoint of its own.
func (w *writer) applyApart(group []*job) error {
	// This fails when SQLite has ended the transaction already: all the same.
	_ = w.conn.exec(`ROLLBACK`)
	if err := w.begin(); err != nil {
		return err
	}
	for _, j := range group {
		if err := w.conn.exec(`SAVEPOINT job`); err != nil {
			return err
		}
		if j.err = plain(j.do(w.conn)); j.err != nil {
			if err := w.conn.exec(`ROLLBACK TO job`); err != nil {
				return errors.Join(j.err, err)
			}
		}
		if err := w.conn.exec(`RELEASE job`); err != nil {
			return err
		}
	}
	return nil
}

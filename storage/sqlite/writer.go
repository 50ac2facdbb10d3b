package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"postern/storage"
)

const (
	queueLength   = 1024
	maxGroup      = 512      // writes per commit
	maxGroupBytes = 16 << 20 // bytes of documents per commit
)

// writer is the single goroutine that writes. Jobs queued during one commit share the next.
type writer struct {
	conn    *conn
	layout  *layout
	queue   chan *job
	done    chan struct{}
	commits atomic.Int64
}

// job is one write. Its result is sent when its commit is durable or has failed. Before that, its changes
// may be rolled back and made again.
type job struct {
	do     func(*conn) error
	size   int
	state  atomic.Int32
	err    error
	result chan error
}

// The states of a job. A queued job is either taken by the writer or given up by its caller when the
// context ends.
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

// submit makes the writer call do, perhaps twice, and returns do's error once everything is committed. If
// that error is a refusal (ErrExists, ErrConflict), do must not have written anything. If submit returns
// the error of ctx, do was not called and will not be. The size is the document's, in bytes.
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

// close stops the writer once the queue is empty; submit must not be called afterwards.
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

// commit writes one group: first, and the jobs queued after it. The group is gathered only once the
// transaction is open, so that callers can give up while another process writes, and once the goroutines that
// can run have had their turn, because many of them are about to write, too.
func (w *writer) commit(first *job) {
	err := w.begin()
	runtime.Gosched()
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
		// This fails if no transaction is open, because SQLite has ended it or it never began. Either is
		// fine.
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
	if err := w.conn.begin(); err != nil {
		return err
	}
	return w.layout.check(w.conn)
}

// gather takes jobs from the queue without waiting, and drops those given up.
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

// apply runs the jobs so that one failing does not affect the others. A refusal happens before anything is
// written, so it needs no savepoint. After any other failure, which is rare and the only way in which
// SQLite ends a transaction on its own, everything is rolled back and run again with savepoints. apply
// returns an error if the transaction itself is broken.
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

// applyApart restarts the transaction and runs each job in its own savepoint.
func (w *writer) applyApart(group []*job) error {
	// This fails if SQLite has already ended the transaction, which is fine.
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

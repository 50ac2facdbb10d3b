package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"postern/mail"
	"postern/storage"
)

// backlog counts the emails in the outboxes of all shops. That takes a few reads per shop, so all callers
// within lookEvery share one result.
type backlog struct {
	engine storage.Engine
	shops  func(context.Context) ([]string, error)
	now    func() time.Time

	mu   sync.Mutex
	last look
}

const lookEvery = 5 * time.Second

// look is the result. For each shop and state it counts at most storage.MaxLimit emails.
type look struct {
	at              time.Time
	waiting, failed int
	overdue         time.Duration // how long the email that became due first has been due, 0 for none
	refused         int           // shops with a refused sender; their emails are not in overdue
}

func (b *backlog) look(ctx context.Context) (look, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if age := now.Sub(b.last.at); age >= 0 && age < lookEvery {
		return b.last, nil
	}
	shops, err := b.shops(ctx)
	if err != nil {
		return look{}, err
	}
	found := look{at: now}
	for _, shop := range shops {
		if err := b.add(ctx, &found, shop); err != nil {
			return look{}, fmt.Errorf("read the outbox of shop %s: %w", shop, err)
		}
	}
	b.last = found
	return found, nil
}

func (b *backlog) add(ctx context.Context, found *look, shop string) error {
	box := mail.NewOutbox(b.engine, shop)
	box.Now = b.now
	for state, n := range map[string]*int{mail.Waiting: &found.waiting, mail.Failed: &found.failed} {
		page, err := box.List(ctx, state, "", storage.MaxLimit)
		if err != nil {
			return err
		}
		*n += len(page.Hits)
	}
	obstacle, err := box.Obstacle(ctx)
	if err != nil {
		return err
	}
	if obstacle == mail.SenderRefused {
		found.refused++
		return nil
	}
	overdue, err := box.Overdue(ctx)
	found.overdue = max(found.overdue, overdue)
	return err
}

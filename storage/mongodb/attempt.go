package mongodb

import (
	"context"
	"time"
)

// timePerByte is the extra time allowed for a write by size: two seconds per megabyte.
const timePerByte = 2 * time.Microsecond

// attempt gives one try at the server its own deadline within the caller's. The driver ignores its own
// Timeout once the context has a deadline, and a request's deadline is too late to leave time for a second
// try.
func (s *Store) attempt(ctx context.Context, try func(context.Context) error) error {
	return s.within(ctx, s.patience, try)
}

func (s *Store) within(ctx context.Context, limit time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return try(ctx)
}

// read tries again once if the first answer was lost.
func (s *Store) read(ctx context.Context, try func(context.Context) error) error {
	err := s.attempt(ctx, try)
	if uncertain(err) && ctx.Err() == nil {
		err = s.attempt(ctx, try)
	}
	return err
}

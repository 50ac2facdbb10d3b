package mongodb

import (
	"context"
	"time"
)

// timePerByte is what a write may take longer for its size: two seconds for a megabyte.
const timePerByte = 2 * time.Microsecond

// attempt gives one try at the server its own deadline, within the caller's: the driver leaves its own
// Timeout out of account once the context has a deadline, and a request's is too far away for a second try.
func (s *Store) attempt(ctx context.Context, try func(context.Context) error) error {
	return s.within(ctx, s.patience, try)
}

func (s *Store) within(ctx context.Context, limit time.Duration, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return try(ctx)
}

// read tries a second time when the first answer was lost.
func (s *Store) read(ctx context.Context, try func(context.Context) error) error {
	err := s.attempt(ctx, try)
	if uncertain(err) && ctx.Err() == nil {
		err = s.attempt(ctx, try)
	}
	return err
}

package mail

import (
	"sync"
	"time"
)

// senderRests is the rest that each shop is given whose sender address the mail server refused. The server
// serves the other shops, and no email of this one can go out until somebody has put it right.
type senderRests struct {
	mu sync.Mutex
	of map[string]rest // by shop
}

// refused lengthens the rest of a shop, once for all emails that were refused together.
func (s *senderRests) refused(shop string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.of[shop]; !now.Before(r.until) {
		s.of[shop] = r.grown(now)
	}
}

// accepted ends the rest of a shop.
func (s *senderRests) accepted(shop string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, shop)
}

// until is when the next email of a shop may be tried; zero for at once.
func (s *senderRests) until(shop string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[shop].until
}

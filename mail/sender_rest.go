package mail

import (
	"sync"
	"time"
)

// senderRests holds a pause for each shop whose sender address the mail server refused. The server accepts
// the other shops, but no email of this one can be sent until someone fixes the address.
type senderRests struct {
	mu sync.Mutex
	of map[string]rest // by shop
}

// refused extends the pause of a shop, once for all emails that were refused at the same time.
func (s *senderRests) refused(shop string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.of[shop]; !now.Before(r.until) {
		s.of[shop] = r.grown(now)
	}
}

// accepted ends the pause of a shop.
func (s *senderRests) accepted(shop string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, shop)
}

// until returns when the next email of a shop may be tried; zero means now.
func (s *senderRests) until(shop string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[shop].until
}

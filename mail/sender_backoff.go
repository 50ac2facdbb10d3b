package mail

import (
	"sync"
	"time"
)

// senderBackoffs holds a backoff for each shop whose sender address the mail server refused. The server
// accepts the other shops, but no email of this one can be sent until someone fixes the address.
type senderBackoffs struct {
	mu sync.Mutex
	of map[string]backoff // by shop
}

// refused extends the backoff of a shop, once for all emails that were refused at the same time.
func (s *senderBackoffs) refused(shop string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.of[shop]; !now.Before(b.until) {
		s.of[shop] = b.longer(now)
	}
}

// accepted ends the backoff of a shop.
func (s *senderBackoffs) accepted(shop string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, shop)
}

// until returns when the next email of a shop may be tried; zero means now.
func (s *senderBackoffs) until(shop string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[shop].until
}

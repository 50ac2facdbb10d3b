package main

import (
	"context"
	"io"
	"log"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"

	gosmtp "github.com/emersion/go-smtp"

	"postern/mail"
)

// mailedLink is a sign-in link as it arrived in a mailbox.
type mailedLink struct{ to, token string }

// sink is a mail server that outlives the portals and keeps every link it receives.
type sink struct {
	address string
	grown   chan struct{} // holds a value when there may be a new link

	mu    sync.Mutex
	links map[string][]string // tokens by address
	queue []mailedLink        // not yet returned by next
	left  int                 // emails until one is held; 0 for none
	held  chan struct{}       // closed when an email is held
	free  chan struct{}       // closed when emails are released
}

func openSink(t *testing.T) *sink {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{address: listener.Addr().String(), grown: make(chan struct{}, 1), links: map[string][]string{}}
	office := gosmtp.NewServer(s)
	office.ErrorLog = log.New(io.Discard, "", 0) // killed clients need no log line
	go office.Serve(listener)
	t.Cleanup(func() { office.Close() })
	return s
}

// NewSession makes sink a backend of go-smtp.
func (s *sink) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &sinkSession{sink: s}, nil }

type sinkSession struct {
	sink *sink
	to   string
}

func (*sinkSession) Mail(string, *gosmtp.MailOptions) error { return nil }
func (*sinkSession) Reset()                                 {}
func (*sinkSession) Logout() error                          { return nil }

func (s *sinkSession) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.to = to
	return nil
}

func (s *sinkSession) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.sink.take(s.to, strings.ReplaceAll(string(text), "=\r\n", "")) // removes soft line breaks
	if free := s.sink.holds(); free != nil {
		<-free
	}
	return nil
}

// hold makes the server accept the nth email from now on, and those after it, without answering.
func (s *sink) hold(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.held, s.free = n, make(chan struct{}), make(chan struct{})
}

// release ends what hold started.
func (s *sink) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = 0
	close(s.free)
}

// holds returns the channel for which a new email must wait, or nil if it is answered.
func (s *sink) holds() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.left {
	case 0:
		return nil
	case 1:
		select {
		case <-s.held:
		default:
			close(s.held)
		}
	default:
		s.left--
		return nil
	}
	return s.free
}

// Connect also makes sink a mail.Sender.
func (s *sink) Connect(context.Context) (mail.Conn, error) { return s, nil }

// Send accepts an email without a network.
func (s *sink) Send(_ context.Context, m mail.Message) error {
	s.take(m.To, m.Text)
	return nil
}

// Close makes sink a mail.Conn.
func (s *sink) Close() error { return nil }

var sinkLink = regexp.MustCompile(`/sign-in/link/([A-Za-z0-9_-]{64})`)

func (s *sink) take(to, text string) {
	found := sinkLink.FindStringSubmatch(text)
	if found == nil {
		return // a notice without a link
	}
	s.mu.Lock()
	s.links[to] = append(s.links[to], found[1])
	s.queue = append(s.queue, mailedLink{to, found[1]})
	s.mu.Unlock()
	s.wake()
}

func (s *sink) wake() {
	select {
	case s.grown <- struct{}{}:
	default:
	}
}

// next waits for a link that it has not returned before; ok is false if ctx has ended.
func (s *sink) next(ctx context.Context) (m mailedLink, ok bool) {
	for {
		if m, ok := s.pop(); ok {
			return m, true
		}
		select {
		case <-s.grown:
		case <-ctx.Done():
			return mailedLink{}, false
		}
	}
}

func (s *sink) pop() (mailedLink, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return mailedLink{}, false
	}
	m := s.queue[0]
	s.queue = s.queue[1:]
	if len(s.queue) > 0 {
		s.wake()
	}
	return m, true
}

func (s *sink) mailedTo(email string) (links []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(links, s.links[email]...)
}

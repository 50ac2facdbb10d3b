package mail

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestRefusedSenderLosesNoEmail checks that while the server refuses a shop's sender, the shop's emails
// wait with that reason, are retried at growing intervals instead of one by one, and are sent once the
// sender is fixed. Another shop's emails are not affected.
func TestRefusedSenderLosesNoEmail(t *testing.T) {
	t.Parallel()
	const emails = 60
	b := newBench(t, "fern", "oak")
	refusing := true
	b.Sender = senderFilter{b.post, func(m Message) error {
		if refusing && strings.HasPrefix(m.From, "shop@fern.") {
			return &Failure{Temporary: true, Cause: SenderRefused, Code: 550,
				Reason: "the mail server refuses the sender (550)"}
		}
		return nil
	}}
	for n := range emails {
		b.add("fern", Entry{Kind: SignIn, To: fmt.Sprintf("j%d@kunde.example", n)})
	}
	b.add("oak", Entry{Kind: SignIn})
	for range 120 { // two minutes
		_, _ = b.Once(t.Context())
		b.clock.Move(time.Second)
	}
	if waiting, failed := len(b.list("fern", Waiting)), len(b.list("fern",
		Failed)); waiting != emails || failed != 0 {
		t.Errorf("%d wait and %d failed", waiting, failed)
	}
	if sent := len(b.list("oak", Sent)); sent != 1 {
		t.Errorf("%d of the other shop's are sent", sent)
	}
	if tried := len(b.saw); tried > 12 {
		t.Errorf("%d emails were tried in two minutes", tried)
	}
	if cause, err := b.box("fern").Obstacle(t.Context()); cause != SenderRefused || err != nil {
		t.Errorf("the obstacle is %q: %v", cause, err)
	}
	if !strings.Contains(b.log.String(), "sender_refused: the mail server refuses the sender") {
		t.Errorf("the log: %s", b.log)
	}
	refusing = false
	for range 3 {
		b.clock.Move(maxBackoff)
		_, _ = b.Once(t.Context())
	}
	if sent := len(b.list("fern", Sent)); sent != emails {
		t.Errorf("%d are sent in the end", sent)
	}
}

// senderFilter is a server that may refuse a message's sender.
type senderFilter struct {
	*post
	refuses func(Message) error
}

func (s senderFilter) Connect(ctx context.Context) (Conn, error) {
	if _, err := s.post.Connect(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s senderFilter) Send(ctx context.Context, m Message) error {
	if err := s.refuses(m); err != nil {
		return err
	}
	return s.post.Send(ctx, m)
}

package portal_test

import (
	"context"
	"testing"
	"time"

	"postern/mail"
)

// faltering is a mail server that accepts connections but refuses the first email on each, as soon as
// another is being composed.
type faltering struct{ composing, hungUp chan struct{} }

func (f faltering) Connect(context.Context) (mail.Conn, error) { return f, nil }

func (f faltering) Send(ctx context.Context, _ mail.Message) error {
	select {
	case <-f.composing:
	case <-ctx.Done():
	}
	return &mail.Failure{Down: true, Reason: "421 going down"}
}

func (f faltering) Close() error {
	select {
	case f.hungUp <- struct{}{}:
	default:
	}
	return nil
}

// TestAMailWithoutAConnectionIsCountedOnce composes a sign-in email more often than an address's daily
// limit, because the mail server disappears each time. The email is sent when the server is back.
func TestAMailWithoutAConnectionIsCountedOnce(t *testing.T) {
	t.Parallel()
	const outages, decoy = 20, "decoy@example.com"
	h := newTestApp(t)
	h.newCustomer(jan)
	compose, post := h.dispatcher.Compose, h.dispatcher.Sender
	box := mail.NewOutbox(h.engine, h.shop.ID)
	if _, err := h.visitor("jan's").RequestLink(t.Context(), jan, "", "en"); err != nil {
		t.Fatal(err)
	}
	composed := 0
	for range outages {
		server := faltering{make(chan struct{}), make(chan struct{}, 1)}
		h.dispatcher = h.newDispatcher(h.app)
		h.dispatcher.Conns, h.dispatcher.Sender = 2, server
		h.dispatcher.Compose = func(ctx context.Context, shop, id string,
			e mail.Entry) (mail.Message, error) {
			if e.To == decoy {
				return mail.Message{From: "shop@example.com", To: decoy}, nil
			}
			composed++
			m, err := compose(ctx, shop, id, e)
			close(server.composing)
			select {
			case <-server.hungUp:
			case <-ctx.Done():
			}
			return m, err
		}
		if _, err := box.Add(t.Context(),
			mail.Entry{Kind: "decoy", To: decoy, CreatedAt: h.clock.Now()}); err != nil {
			t.Fatal(err)
		}
		_, _ = h.dispatcher.Once(t.Context()) // fails as the test intends
		h.clock.Move(time.Minute)
	}
	h.dispatcher = h.newDispatcher(h.app)
	h.dispatcher.Sender = post
	if messages := h.deliver(); len(messages) != 1 || tokenIn(messages[0]) == "" || composed != outages {
		t.Errorf("composed %d times; then %d mails went out, want one with a link", composed, len(messages))
	}
}

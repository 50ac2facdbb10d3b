package smtp_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"postern/mail"
	"postern/mail/smtp"
	"postern/storage"
	"postern/storage/storagetest"
)

// credentials stands in for the document in which a Composer stores a new secret.
type credentials struct {
	Hash []byte `bson:"hash"`
}

func credentialsCollection() storage.Collection { return storage.Collection{Name: "credentials"} }

// BenchmarkDispatch sends emails from a durable store to a server over TLS. Each is composed like a sign-in
// email, with a write and both parts rendered. In "waiting" all emails exist at the start; in "arriving"
// they are added while it runs.
//
//	go test ./mail/smtp -run - -bench Dispatch -benchtime 5000x
func BenchmarkDispatch(b *testing.B) {
	for _, shops := range []int{1, 20} {
		b.Run(fmt.Sprintf("waiting/shops=%d", shops), func(b *testing.B) {
			o := newOffice(b, shops)
			o.add(b)
			b.ResetTimer()
			o.run(b)
		})
		b.Run(fmt.Sprintf("arriving/shops=%d", shops), func(b *testing.B) {
			o := newOffice(b, shops)
			b.ResetTimer()
			var adding sync.WaitGroup
			adding.Go(func() { o.add(b) })
			o.run(b)
			adding.Wait()
		})
	}
}

// office is a dispatcher with its shops and its mail server.
type office struct {
	*mail.Dispatcher
	names  []string
	server *server
	all    chan struct{} // closed when b.N messages have arrived
}

func newOffice(b *testing.B, shops int) *office {
	b.Helper()
	engine := storagetest.Open(b, mail.Collection(), credentialsCollection())
	renderer, err := mail.LoadRenderer()
	if err != nil {
		b.Fatal(err)
	}
	o := &office{server: serve(b, kind{}), all: make(chan struct{})}
	for i := range shops {
		o.names = append(o.names, fmt.Sprintf("shop%d", i))
	}
	var letters atomic.Int64
	o.server.came = func() {
		if letters.Add(1) == int64(b.N) {
			close(o.all)
		}
	}
	o.Dispatcher = &mail.Dispatcher{
		Engine: engine, Shops: func(context.Context) ([]string, error) { return o.names, nil },
		Compose: composer(engine, renderer), PerMinute: 1_000_000, Log: slog.New(slog.DiscardHandler),
		Sender: sender(b, fmt.Sprintf("smtp://%s?ca=%s", o.server.addr, o.server.ca), smtp.Secrets{}),
	}
	return o
}

func composer(engine storage.Engine, renderer *mail.Renderer) mail.Composer {
	return func(ctx context.Context, shop, id string, e mail.Entry) (mail.Message, error) {
		secret := rand.Text() + rand.Text()
		hash := sha256.Sum256([]byte(secret))
		docs := storage.Open[credentials](engine, shop, credentialsCollection())
		if _, err := docs.Put(ctx, id,
			func(a *credentials, _ bool) error { a.Hash = hash[:]; return nil }); err != nil {
			return mail.Message{}, err
		}
		text, html, err := renderer.Render(mail.Letter{
			Lang: "en", Brand: mail.Brand{Name: "Fern", URL: "https://shop.example/"}, Subject: "Your link",
			Heading:    "Sign in",
			Paragraphs: []string{"Press the button to see your orders."}, Code: "K7QM 4RXD",
			CodeLabel: "Or type this code:",
			Button:    &mail.Button{Label: "Sign in", URL: "https://shop.example/sign-in/link/" + secret},
		})
		return mail.Message{FromName: "Fern", From: "shop@shop.example", To: e.To, Subject: "Your link",
			Text: text, HTML: html}, err
	}
}

// add adds b.N emails to the outboxes, many at a time.
func (o *office) add(b *testing.B) {
	var next atomic.Int64
	var hands sync.WaitGroup
	for range 32 {
		hands.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				shop := o.names[int(i)%len(o.names)]
				_, err := mail.NewOutbox(o.Engine, shop).Add(b.Context(),
					mail.Entry{Kind: mail.SignIn, To: fmt.Sprintf("c%d@kunde.example", i)})
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	hands.Wait()
}

// run sends emails until all have arrived.
func (o *office) run(b *testing.B) {
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- o.Run(ctx) }()
	<-o.all
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	if letters, _ := o.server.got(); len(letters) != b.N {
		b.Errorf("%d letters for %d mails", len(letters), b.N)
	}
}

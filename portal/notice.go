package portal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postern/mail"
	"postern/portal/job"
	"postern/storage"
	"postern/templates/i18n"
)

// alarm is what a notice mail's "this was not me" carries: its secret's hash.
type alarm struct {
	Hash  string    `bson:"hash"`
	Entry string    `bson:"entry"` // of the outbox, whose mail carries it
	Until time.Time `bson:"until"`
}

const (
	oldLink    = 24 * time.Hour
	alarmLife  = 14 * 24 * time.Hour
	maxAlarms  = 10
	maxNotices = 20
	kindNotice = "sign_in_notice"
	mailNotice = "notice"
	payAccess  = "access"
	payNetwork = "network"
	payAt      = "at"
)

// announce asks for a notice to the owner of the address where the sign-in deserves one: by a browser not
// seen before, or by a link older than a day.
func (a *access) announce(r request, s session, browserHash string) {
	known := slices.ContainsFunc(a.Browsers, func(b browser) bool { return b.Hash == browserHash })
	if known && s.SignedInAt.Sub(r.MadeAt) <= oldLink || len(a.Work.Jobs) >= maxNotices {
		return
	}
	a.Work.Add(job.Request{Kind: kindNotice, At: s.SignedInAt, Args: job.Args{
		"request": r.ID, "device": s.Device, "network": s.Network, "lang": r.Lang, // the language of the page that asked for the link
	}})
}

func (w Worker) credentialJobs() job.Source {
	return job.Documents[access]{
		Collection: accessCollection(),
		// A sign-in under a secret that was replaced is told, too.
		Open:  func(shop string) storage.Docs[access] { return w.app.accessDocs(shop).Docs },
		List:  func(a *access) *job.List { return &a.Work },
		Kinds: map[string]job.Kind[access]{kindNotice: {Do: inShop(w.app, w.postNotice)}},
	}
}

// postNotice turns what a sign-in left to tell into an outbox entry. The entry's key makes twice equal once.
func (w Worker) postNotice(ctx context.Context, shop Shop, t job.Task[access]) (job.Finish[access], error) {
	args := t.Job.Args
	return nil, w.post(ctx, shop, "notice-"+args["request"], mail.Entry{
		Kind: mailNotice, To: t.Doc.Email, Lang: args["lang"], CreatedAt: w.app.now(), Payload: map[string]string{
			payAccess: t.Key, payDevice: args["device"], payNetwork: args["network"], payAt: t.Job.At.Format(time.RFC3339),
		},
	})
}

// composeNotice makes the mail that tells of a sign-in, with a fresh "this was not me" of which only the
// hash is stored.
func (w Worker) composeNotice(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	to, t, err := w.alarmFor(ctx, shop, entry, e)
	return to, func(l *i18n.Localizer) mail.Letter { return noticeLetter(shop, l, e, t) }, err
}

// alarmFor is whom a mail with "this was not me" goes to, and the secret in it.
func (w Worker) alarmFor(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, token, error) {
	key := e.Payload[payAccess]
	if key == "" {
		return recipient{}, token{}, mail.ErrDrop // an earlier version sent it, and its particulars are gone
	}
	to, err := w.recipient(ctx, shop, e.To)
	if err != nil {
		return to, token{}, err
	}
	to.email = e.To // where the account was then, even if it has moved since
	t, err := w.addAlarm(ctx, shop, key, entry, e.Unsure)
	return to, t, err
}

// addAlarm makes the secret of a "this was not me" for an outbox entry's mail and stores its hash in the
// access document.
func (w Worker) addAlarm(ctx context.Context, shop Shop, key, entry string, unsure bool) (token, error) {
	t := newToken(key)
	now := w.app.now()
	_, err := w.app.accessDocs(shop.ID).Docs.Change(ctx, key, func(a *access) error {
		a.Alarms = slices.DeleteFunc(a.Alarms, func(old alarm) bool {
			return !now.Before(old.Until) || old.Entry == entry && !unsure
		})
		a.Alarms = append(a.Alarms, alarm{Hash: t.hash(), Entry: entry, Until: now.Add(alarmLife)})
		a.Alarms = a.Alarms[max(0, len(a.Alarms)-maxAlarms):]
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = mail.ErrDrop
	}
	return t, err
}

// happened is when what a mail tells of was, which may be long before it could be written.
func happened(e mail.Entry) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, e.Payload[payAt]); err == nil {
		return at
	}
	return e.CreatedAt
}

func noticeLetter(shop Shop, l *i18n.Localizer, e mail.Entry, t token) mail.Letter {
	letter := mail.Letter{
		Lang: l.Lang(), Brand: shop.letterBrand(),
		Subject: l.T("mail.sign_in_notice.subject", "Shop", shop.Name), Heading: l.T("mail.sign_in_notice.heading", "Shop", shop.Name),
		Paragraphs: []string{l.T("mail.sign_in_notice.was_you"), l.T("mail.sign_in_notice.not_you")},
		Button:     &mail.Button{Label: l.T("mail.sign_in_notice.button"), URL: shop.URL("/sign-in/not-me/" + t.String())},
		Details:    []string{l.T("mail.sign_in_notice.when", "When", l.DateTime(happened(e)))},
	}
	if device := e.Payload[payDevice]; device != "" {
		letter.Details = append(letter.Details, l.T("mail.sign_in_notice.device", "Device", device))
	}
	if network := e.Payload[payNetwork]; network != "" {
		letter.Details = append(letter.Details, l.T("mail.sign_in_notice.network", "Network", network))
	}
	letter.Preheader = letter.Paragraphs[0]
	return letter
}

// AlarmPage is what "this was not me" shows before its button is pressed. Masked is "" when the link is
// damaged or has run out.
type AlarmPage struct{ Masked string }

// Alarm looks at a "this was not me" and changes nothing.
func (v Visitor) Alarm(ctx context.Context, text string) (AlarmPage, error) {
	t, ok := parseLink(text)
	if !ok {
		return AlarmPage{}, nil
	}
	doc, _, err := v.app.accessDocs(v.shop.ID).Docs.Get(ctx, t.access)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !doc.alarmed(t, v.app.now()) {
		return AlarmPage{}, nil
	}
	return AlarmPage{Masked: MaskEmail(doc.Email)}, err
}

// RaiseAlarm ends every session, link and code of the address, and forgets its browsers. Doing it twice is
// harmless. A damaged or old one is Gone.
func (v Visitor) RaiseAlarm(ctx context.Context, text string) error {
	gone := failure(Gone, "sign_out_everywhere.gone")
	t, ok := parseLink(text)
	if !ok {
		return gone
	}
	doc, err := v.app.accessDocs(v.shop.ID).Docs.Change(ctx, t.access, func(a *access) error {
		now := v.app.now()
		if !a.alarmed(t, now) {
			return gone
		}
		a.clear(LinkStopped, now)
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return gone
	}
	if err == nil {
		err = v.alarmOfFormer(ctx, t.access, doc)
	}
	return wrap("raise the alarm", err)
}

// alarmOfFormer ends what lets in at the present address of an account whose former one raised the alarm,
// or whose document is of an installation secret that was replaced.
func (v Visitor) alarmOfFormer(ctx context.Context, key string, doc access) error {
	c, err := v.app.customer(ctx, v.shop.ID, doc.Customer)
	if err != nil || c.Email != doc.Email && c.holds(doc.Email) < 0 {
		return ifFound(err)
	}
	present := v.app.accessID(v.shop.ID, c.Email)
	if present == key {
		return nil
	}
	return v.app.clearAccess(ctx, v.shop.ID, present)
}

func (a *access) alarmed(t token, now time.Time) bool {
	return slices.ContainsFunc(a.Alarms, func(known alarm) bool {
		return sameHash(known.Hash, t.hash()) && now.Before(known.Until)
	})
}

// wrap says what was being done when an error came; nil stays nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

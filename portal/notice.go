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

// alarm is the record of a "this wasn't me" link in an email: the hash of its secret.
type alarm struct {
	Hash  string    `bson:"hash"`
	Entry string    `bson:"entry"` // of the outbox, for the email with the link
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

// announce requests a notice to the owner of the address if the sign-in is unusual: from an unknown
// browser, or with a link older than a day.
func (a *access) announce(r request, s session, browserHash string) {
	known := slices.ContainsFunc(a.Browsers, func(b browser) bool { return b.Hash == browserHash })
	if known && s.SignedInAt.Sub(r.MadeAt) <= oldLink || len(a.Work.Jobs) >= maxNotices {
		return
	}
	a.Work.Add(job.Request{Kind: kindNotice, At: s.SignedInAt, Args: job.Args{
		// lang is the language of the page that requested the link.
		"request": r.ID, "device": s.Device, "network": s.Network, "lang": r.Lang,
	}})
}

func (w Worker) credentialJobs() job.Source {
	return job.Documents[access]{
		Collection: accessCollection(),
		// Includes documents of a replaced secret, so that their sign-ins are announced too.
		Open:  func(shop string) storage.Docs[access] { return w.app.accessDocs(shop).Docs },
		List:  func(a *access) *job.List { return &a.Work },
		Kinds: map[string]job.Kind[access]{kindNotice: {Do: inShop(w.app, w.postNotice)}},
	}
}

// postNotice turns a sign-in's notice into an outbox entry. Repeating it adds no second email, since the
// key is the same.
func (w Worker) postNotice(ctx context.Context, shop Shop, t job.Task[access]) (job.Finish[access], error) {
	args := t.Job.Args
	return nil, w.post(ctx, shop, "notice-"+args["request"], mail.Entry{
		Kind: mailNotice, To: t.Doc.Email, Lang: args["lang"], CreatedAt: w.app.now(), Payload: map[string]string{
			payAccess: t.Key, payDevice: args["device"], payNetwork: args["network"], payAt: t.Job.At.Format(time.RFC3339),
		},
	})
}

// composeNotice composes the email about a sign-in, with a new "this wasn't me" link of which only the hash
// is stored.
func (w Worker) composeNotice(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, func(*i18n.Localizer) mail.Letter, error) {
	to, t, err := w.alarmFor(ctx, shop, entry, e)
	return to, func(l *i18n.Localizer) mail.Letter { return noticeLetter(shop, l, e, t) }, err
}

// alarmFor returns the recipient of an email with a "this wasn't me" link, and the secret of that link.
func (w Worker) alarmFor(ctx context.Context, shop Shop, entry string, e mail.Entry) (recipient, token, error) {
	key := e.Payload[payAccess]
	if key == "" {
		return recipient{}, token{}, mail.ErrDrop // written by an earlier version; its details are gone
	}
	to, err := w.recipient(ctx, shop, e.To)
	if err != nil {
		return to, token{}, err
	}
	to.email = e.To // the account's address at that time, even if it has changed since
	t, err := w.addAlarm(ctx, shop, key, entry, e.Unsure)
	return to, t, err
}

// addAlarm creates the secret of the "this wasn't me" link for an outbox entry and stores its hash in the
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

// happened returns the time of the event that an email reports, which may be long before the email was
// composed.
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

// AlarmPage is the content of the "this wasn't me" page before its button is pressed. Masked is "" if the
// link is damaged or has expired.
type AlarmPage struct{ Masked string }

// Alarm looks up a "this wasn't me" link and changes nothing.
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

// RaiseAlarm ends every session, link and code of the address, and forgets its browsers. It is safe to
// repeat. A damaged or expired link is Gone.
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

// alarmOfFormer also ends all sessions, links and codes of the account's current address, if the alarm came
// from an earlier address of the account or from a document of a replaced secret.
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

// wrap adds the failed action to err; nil stays nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

package portal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
	"postern/templates/i18n"
)

func (w Worker) credentialJobs() job.Source {
	return job.Documents[credential.Credentials]{
		Collection: credential.Collection(),
		// Includes documents of a replaced secret, so that their sign-ins are announced too.
		Open: func(shop string) storage.Docs[credential.Credentials] { return w.app.credentialDocs(shop).Docs },
		List: func(a *credential.Credentials) *job.List { return &a.Work },
		Kinds: map[string]job.Kind[credential.Credentials]{
			credential.KindSignInNotice: {Do: inShop(w.app, w.postSignInNotice)},
			credential.KindSignedIn:     {Do: inShop(w.app, w.recordSignIn)},
		},
	}
}

// postSignInNotice turns a sign-in's notice into an outbox entry. Repeating it adds no second email, since
// the key is the same.
func (w Worker) postSignInNotice(ctx context.Context, shop shop.Shop,
	t job.Task[credential.Credentials]) (job.Finish[credential.Credentials], error) {
	args := t.Job.Args
	return nil, w.post(ctx, shop, "notice-"+args["request"], mail.Entry{
		Kind: credential.MailSignInNotice, To: t.Doc.Email, Lang: args["lang"], CreatedAt: w.app.now(),
		Payload: map[string]string{
			credential.PayCredentials: t.Key, payDevice: args["device"],
			credential.PayNetwork: args["network"],
			credential.PayAt:      t.Job.At.Format(time.RFC3339),
		},
	})
}

// composeSignInNotice composes the email about a sign-in, with a new "this wasn't me" link of which only the
// hash is stored.
func (w Worker) composeSignInNotice(ctx context.Context, shop shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	to, t, err := w.revokeTokenFor(ctx, shop, entry, e)
	return to, func(l *i18n.Localizer) mail.Letter { return signInNoticeLetter(shop, l, e, t) }, err
}

// revokeTokenFor returns the recipient of an email with a "this wasn't me" link, and the secret of that link.
func (w Worker) revokeTokenFor(ctx context.Context, sh shop.Shop, entry string, e mail.Entry) (shop.Recipient,
	credential.Token, error) {
	key := e.Payload[credential.PayCredentials]
	if key == "" {
		return shop.Recipient{}, credential.Token{}, mail.ErrDrop // written by an earlier version; its details are gone
	}
	to, err := w.recipient(ctx, sh, e.To)
	if err != nil {
		return to, credential.Token{}, err
	}
	to.Email = e.To // the account's address at that time, even if it has changed since
	t, err := w.addRevokeToken(ctx, sh, key, entry, e.Unsure)
	return to, t, err
}

// errNothingToRevoke says that nobody has ever asked for a sign-in link to the address, so that there is nothing
// that a "this wasn't me" link could revoke.
var errNothingToRevoke = fmt.Errorf("portal: nothing to revoke: %w", mail.ErrDrop)

// addRevokeToken creates the secret of the "this wasn't me" link for an outbox entry and stores its hash in
// the credentials document.
func (w Worker) addRevokeToken(ctx context.Context, shop shop.Shop, key, entry string,
	unsure bool) (credential.Token, error) {
	t := credential.NewToken(key)
	now := w.app.now()
	_, err := w.app.credentialDocs(shop.ID).Docs.Change(ctx, key, func(a *credential.Credentials) error {
		a.RevokeTokens = slices.DeleteFunc(a.RevokeTokens, func(old credential.RevokeToken) bool {
			return !now.Before(old.Until) || old.Entry == entry && !unsure
		})
		a.RevokeTokens = append(a.RevokeTokens,
			credential.RevokeToken{Hash: t.Hash(), Entry: entry, Until: now.Add(credential.RevokeTokenLife)})
		a.RevokeTokens = a.RevokeTokens[max(0, len(a.RevokeTokens)-credential.MaxRevokeTokens):]
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = errNothingToRevoke
	}
	return t, err
}

// happened returns the time of the event that an email reports, which may be long before the email was
// composed.
func happened(e mail.Entry) time.Time {
	if at, err := time.Parse(time.RFC3339Nano, e.Payload[credential.PayAt]); err == nil {
		return at
	}
	return e.CreatedAt
}

func signInNoticeLetter(shop shop.Shop, l *i18n.Localizer, e mail.Entry, t credential.Token) mail.Letter {
	letter := mail.Letter{
		Lang: l.Lang(), Brand: shop.LetterBrand(),
		Subject:    l.T("mail.sign_in_notice.subject", "Shop", shop.Name),
		Heading:    l.T("mail.sign_in_notice.heading", "Shop", shop.Name),
		Paragraphs: []string{l.T("mail.sign_in_notice.was_you"), l.T("mail.sign_in_notice.not_you")},
		Button: &mail.Button{Label: l.T("mail.sign_in_notice.button"),
			URL: shop.URL("/sign-in/not-me/" + t.String())},
		Details: []string{l.T("mail.sign_in_notice.when", "When", l.DateTime(happened(e)))},
	}
	if device := e.Payload[payDevice]; device != "" {
		letter.Details = append(letter.Details, l.T("mail.sign_in_notice.device", "Device", device))
	}
	if network := e.Payload[credential.PayNetwork]; network != "" {
		letter.Details = append(letter.Details, l.T("mail.sign_in_notice.network", "Network", network))
	}
	letter.Preheader = letter.Paragraphs[0]
	return letter
}

// RevokePage is the content of the "this wasn't me" page before its button is pressed. Masked is "" if the
// link is damaged or has expired.
type RevokePage struct{ Masked string }

// RevokePage looks up a "this wasn't me" link and changes nothing.
func (v Visitor) RevokePage(ctx context.Context, text string) (RevokePage, error) {
	t, ok := credential.ParseLink(text)
	if !ok {
		return RevokePage{}, nil
	}
	doc, _, err := v.app.credentialDocs(v.shop.ID).Docs.Get(ctx, t.Credentials)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !doc.CanRevoke(t, v.app.now()) {
		return RevokePage{}, nil
	}
	return RevokePage{Masked: validate.MaskEmail(doc.Email)}, err
}

// RevokeAccess ends every session, link and code of the address, and forgets its browsers. It is safe to
// repeat. A damaged or expired link is Gone.
func (v Visitor) RevokeAccess(ctx context.Context, text string) error {
	gone := validate.NewError(validate.Gone, "sign_out_everywhere.gone")
	t, ok := credential.ParseLink(text)
	if !ok {
		return gone
	}
	doc, err := v.app.credentialDocs(v.shop.ID).Docs.Change(ctx, t.Credentials,
		func(a *credential.Credentials) error {
			now := v.app.now()
			if !a.CanRevoke(t, now) {
				return gone
			}
			a.Clear(credential.LinkStopped, now)
			return nil
		})
	if errors.Is(err, storage.ErrNotFound) {
		return gone
	}
	if err == nil {
		err = v.revokeByReserved(ctx, t.Credentials, doc)
	}
	return wrap("raise the alarm", err)
}

// revokeByReserved also ends all sessions, links and codes of the account's other addresses, if the alarm came
// from one of them, an earlier one, or a document of a replaced secret.
func (v Visitor) revokeByReserved(ctx context.Context, key string, doc credential.Credentials) error {
	c, err := v.app.customer(ctx, v.shop.ID, doc.Customer)
	if err != nil || !c.HasAddress(doc.Email) && c.ReservedIndex(doc.Email) < 0 {
		return ifFound(err)
	}
	for _, email := range append([]string{c.Email}, c.FurtherEmails()...) {
		present := v.app.credentialsID(v.shop.ID, email)
		if present == key {
			continue
		}
		if err := v.app.clearCredentials(ctx, v.shop.ID, present); err != nil {
			return err
		}
	}
	return nil
}

// wrap adds the failed action to err; nil stays nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

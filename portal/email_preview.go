package portal

import (
	"context"
	"maps"
	"regexp"

	"postern/mail"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/templates/i18n"
)

// Previewer returns the function that shows what an email of the outbox says, as it would be written now. It
// changes nothing, and what it returns opens nothing: links and codes are masked. It returns mail.ErrDrop for
// an email that would not be sent now.
func (w Worker) Previewer(catalogue *i18n.Catalogue, renderer *mail.Renderer) mail.Composer {
	letters := w.letters()
	maps.Copy(letters, w.previews())
	compose := w.composer(letters, catalogue, renderer)
	return func(ctx context.Context, shop, id string, e mail.Entry) (mail.Message, error) {
		m, err := compose(ctx, shop, id, e)
		m.Text, m.HTML = maskSecrets(m.Text), maskSecrets(m.HTML)
		return m, err
	}
}

// maskedCode stands for a code.
const maskedCode = "••••-••••"

var (
	anyURL = regexp.MustCompile(`https?://[^\s"'<>]+`)
	token  = regexp.MustCompile(`[A-Za-z0-9_-]{20,}(\.[A-Za-z0-9_-]+)*`)
)

// maskSecrets masks what could be a secret in the links of an email.
func maskSecrets(text string) string {
	return anyURL.ReplaceAllStringFunc(text, func(url string) string { return token.ReplaceAllString(url, "…") })
}

// previews returns composers that store nothing for the emails whose own ones store the hash of a secret.
func (w Worker) previews() map[string]composer {
	tokened := func(write func(shop.Shop, *i18n.Localizer, mail.Entry, credential.Token) mail.Letter) composer {
		return func(_ context.Context, s shop.Shop, _ string, e mail.Entry) (shop.Recipient, letterWriter, error) {
			t := credential.NewToken(w.app.credentialsID(s.ID, e.To)) // no document knows it
			return recipientOf(e), func(l *i18n.Localizer) mail.Letter { return write(s, l, e, t) }, nil
		}
	}
	coded := func(write func(shop.Shop, *i18n.Localizer, string) mail.Letter) composer {
		return func(_ context.Context, s shop.Shop, _ string, e mail.Entry) (shop.Recipient, letterWriter, error) {
			return recipientOf(e), func(l *i18n.Localizer) mail.Letter {
				letter := write(s, l, "")
				letter.Code = maskedCode
				return letter
			}, nil
		}
	}
	return map[string]composer{
		mailSignIn: w.previewSignIn, mailStaffSignIn: previewStaffSignIn,
		mailEmailCode: coded(emailCodeLetter), credential.MailStepUp: coded(stepUpLetter),
		credential.MailSignInNotice: tokened(signInNoticeLetter), mailChangeNotice: tokened(changeNoticeLetter),
		customer.MailEmailMoved: w.previewEmailMoved,
	}
}

// previewSignIn is composeSignIn without a secret, also for an address over its limits.
func (w Worker) previewSignIn(ctx context.Context, s shop.Shop, _ string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	to, err := w.recipient(ctx, s, e.To)
	offer := signInOffer{life: s.LinkLife, link: s.URL("/sign-in/link/…")}
	return to, func(l *i18n.Localizer) mail.Letter {
		switch {
		case to.Closed:
			return offer.closedLetter(s, l, e)
		case e.Payload[payBy] != "":
			return offer.shopLetter(s, l, e)
		}
		letter := offer.letter(s, l, e)
		if e.Payload[payBrowser] != "" {
			letter.Code, letter.CodeLabel = maskedCode, l.T("mail.sign_in.code")
		}
		return letter
	}, err
}

func previewStaffSignIn(_ context.Context, s shop.Shop, _ string, e mail.Entry) (shop.Recipient, letterWriter,
	error) {
	offer := signInOffer{life: s.LinkLife, link: s.URL("/admin/sign-in/link/…")}
	return recipientOf(e), func(l *i18n.Localizer) mail.Letter { return offer.staffLetter(s, l, e) }, nil
}

// previewEmailMoved is composeEmailMoved without a secret.
func (w Worker) previewEmailMoved(ctx context.Context, s shop.Shop, _ string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	c, err := w.app.customer(ctx, s.ID, e.Payload[customer.PayCustomer])
	if err != nil {
		return shop.Recipient{}, nil, mail.ErrDrop
	}
	t := credential.NewToken(w.app.credentialsID(s.ID, e.To)) // no document knows it
	return recipientOf(e), func(l *i18n.Localizer) mail.Letter {
		return emailMovedLetter(s, l, c.Email, e.To, t)
	}, nil
}

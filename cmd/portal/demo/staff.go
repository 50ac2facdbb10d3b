package demo

import (
	"context"
	"encoding/base32"
	"fmt"
	"strings"

	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/validate"
)

// Colleague is a person of the shop's staff to sign in as.
type Colleague struct {
	Email, Special string
	Role           staff.Role
}

// Colleagues returns the shop's staff, one for each role.
func Colleagues() []Colleague {
	return []Colleague{
		{"owner@hajenka.example", "everything, including the staff", staff.Owner},
		{"manager@hajenka.example", "everything but the staff", staff.Manager},
		{"support@hajenka.example", "customers and their requests", staff.Support},
		{"viewer@hajenka.example", "can look, cannot change anything", staff.Viewer},
	}
}

// staffAge is how long ago the staff set up their sign-in: their sessions from then have ended.
const staffAge = day

// hire invites the staff, who set up their sign-in as anybody does: with a link, the inviter's code and an
// authenticator app with a random secret. The app is the mailbox page. On the store of an earlier demo, whose
// app is gone, they set it up again.
func (f *Fixture) hire(ctx context.Context) error {
	then, err := f.ago(ctx, staffAge)
	if err != nil {
		return err
	}
	for _, c := range Colleagues() {
		secret, err := then.enrol(ctx, c)
		if err != nil {
			return fmt.Errorf("staff %s: %w", c.Email, err)
		}
		f.Mailbox.setApp(c.Email, secret)
	}
	return nil
}

// enrol invites a person and sets up an authenticator app, whose secret it returns.
func (p *backdated) enrol(ctx context.Context, c Colleague) (secret []byte, err error) {
	operator := p.app.Operator()
	enrolment, err := operator.InviteStaff(ctx, shopID, c.Email, string(c.Role))
	if validate.KeyOf(err) == "staff.exists" {
		enrolment, err = operator.ResetStaffFactor(ctx, shopID, c.Email)
	}
	if err != nil {
		return nil, err
	}
	if err := p.work(ctx); err != nil { // the invitation has no code
		return nil, err
	}
	half, err := p.openMail(ctx, c.Email)
	if err != nil {
		return nil, err
	}
	app, err := half.SetUp()
	if err != nil {
		return nil, err
	}
	if secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(app.Text); err != nil {
		return nil, fmt.Errorf("secret of the app: %w", err)
	}
	code, err := staff.TOTPCode(secret, p.app.Now())
	if err != nil {
		return nil, err
	}
	if _, err = half.Enrol(ctx, enrolment, code); err != nil {
		return nil, err
	}
	return secret, p.work(ctx)
}

// openMail requests a sign-in email and uses its code.
func (p *backdated) openMail(ctx context.Context, email string) (merchant.Candidate, error) {
	visitor := p.app.Visitor(p.shop, p.browser)
	if _, err := visitor.RequestStaffLink(ctx, email, "", p.shop.Language); err != nil {
		return merchant.Candidate{}, err
	}
	code, err := p.code(ctx, email)
	if err != nil {
		return merchant.Candidate{}, err
	}
	cookie, err := visitor.EnterStaffCode(ctx, email, code)
	if err != nil {
		return merchant.Candidate{}, err
	}
	return merchant.EnterHalf(ctx, p.app, p.shop, cookie, p.browser)
}

// setApp makes the mailbox page show the codes of a person's authenticator app.
func (b *Mailbox) setApp(email string, secret []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.apps == nil {
		b.apps = map[string][]byte{}
	}
	b.apps[email] = secret
}

// withCode adds the code that the person's app shows now to a sign-in email of staff. b.mu is held.
func (b *Mailbox) withCode(m Mail) Mail {
	secret, found := b.apps[m.To]
	if !found || !strings.Contains(m.Link(), "/admin/sign-in/link/") {
		return m
	}
	if code, err := staff.TOTPCode(secret, b.now()); err == nil {
		m.AppCode = code
	}
	return m
}

package credential

import (
	"slices"
	"time"

	"postern/portal/job"
)

// RevokeToken is the record of a "this wasn't me" link in an email: the hash of its secret.
type RevokeToken struct {
	Hash  string    `bson:"hash"`
	Entry string    `bson:"entry"` // of the outbox, for the email with the link
	Until time.Time `bson:"until"`
}

const (
	oldLink          = 24 * time.Hour
	RevokeTokenLife  = 14 * 24 * time.Hour
	MaxRevokeTokens  = 10
	maxNotices       = 20
	KindSignInNotice = "sign_in_notice"
	KindSignedIn     = "signed_in" // records that somebody signed in
	MailSignInNotice = "notice"
	PayCredentials   = "access"
	PayNetwork       = "network"
	PayAt            = "at"
)

// QueueNotice requests a notice to the owner of the address if the sign-in is unusual: from an unknown
// browser, or with a link older than a day.
func (a *Credentials) QueueNotice(r Request, s Session, browserHash string) {
	known := slices.ContainsFunc(a.Browsers, func(b KnownBrowser) bool { return b.Hash == browserHash })
	if known && s.SignedInAt.Sub(r.MadeAt) <= oldLink || len(a.Work.Jobs) >= maxNotices {
		return
	}
	a.Work.Add(job.Request{Kind: KindSignInNotice, At: s.SignedInAt, Args: job.Args{
		// lang is the language of the page that requested the link.
		"request": r.ID, "device": s.Device, "network": s.Network, "lang": r.Lang,
	}})
}

func (a *Credentials) CanRevoke(t Token, now time.Time) bool {
	return slices.ContainsFunc(a.RevokeTokens, func(known RevokeToken) bool {
		return SameHash(known.Hash, t.Hash()) && now.Before(known.Until)
	})
}

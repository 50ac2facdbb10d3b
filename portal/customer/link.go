package customer

import (
	"postern/portal/audit"
	"postern/portal/job"
)

// The reasons for a sign-in email that the customer did not ask for.
const (
	LinkByFeed    = "feed"
	LinkByStaff   = "staff"
	LinkByAccount = "account" // staff created the account
)

// The arguments of a KindSignInEmail job.
const (
	ArgEntry = "entry" // the key of the outbox entry
	ArgBy    = "by"    // one of the reasons above
)

// MailSignIn requests a sign-in email because of an act. Repeating the job sends nothing more.
func (c *Customer) MailSignIn(act audit.Act, by string) {
	c.Work.Add(job.Request{Kind: KindSignInEmail, Args: job.Args{ArgEntry: act.ID, ArgBy: by}, At: act.At})
}

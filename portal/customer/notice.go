package customer

import (
	"time"

	"postern/portal/job"
)

// NotifyOfChange requests an email to the customer about a change. One email covers all changes of a kind
// made before it is composed; a change made while it is being composed gets its own email.
func (c *Customer) NotifyOfChange(what string, at time.Time) {
	c.Work.Add(job.Request{Kind: KindChangeNotice, Args: job.Args{"what": what}, At: at})
}

// TellNewEmail schedules the email that tells an address that staff made it the account's.
func (c *Customer) TellNewEmail(email string, at time.Time) {
	c.Work.Add(job.Request{Kind: KindEmailSet, Args: job.Args{ArgEmail: email}, At: at})
}

// TellOldEmails schedules the emails that tell of a new address of the account, without the power to undo it:
// to the old one unless it is told as told says, and to those of merged accounts by which the customer signs in.
func (c *Customer) TellOldEmails(old string, told bool, at time.Time) {
	for _, email := range append([]string{old}, c.FurtherEmails()...) {
		if email == old && told || c.IsUnconfirmed(email) && email != old {
			continue
		}
		c.Work.Add(job.Request{Kind: KindEmailSet, Args: job.Args{ArgEmail: email, ArgOld: "yes"}, At: at})
	}
}

// EmailAt returns the address that the account had at a given time, as long as that address is still
// reserved.
func (c *Customer) EmailAt(at time.Time) string {
	for _, f := range c.Reserved {
		if f.Entry != "" && !f.At.Before(at) {
			return f.Email
		}
	}
	return c.Email
}

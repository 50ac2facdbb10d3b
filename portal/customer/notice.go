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

package customer

import (
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/storage"
)

// Disabled says that the shop has closed an account, since when and why. Orders still arrive, and the
// customer can still withdraw from a contract, download the data and delete the account.
type Disabled struct {
	Since  time.Time `bson:"since,omitempty"`
	Reason string    `bson:"reason,omitempty"`
}

// IsZero reports whether the account is open; it is then not stored.
func (d Disabled) IsZero() bool { return d.Since.IsZero() }

// Disable closes the account. If it is closed already, nothing changes.
func (c *Customer) Disable(reason string, now time.Time) error {
	if !c.Disabled.IsZero() {
		return storage.ErrUnchanged
	}
	c.Disabled = Disabled{Since: now.UTC().Truncate(time.Second), Reason: reason}
	return nil
}

// Enable opens the account again.
func (c *Customer) Enable() error {
	if c.Disabled.IsZero() {
		return storage.ErrUnchanged
	}
	c.Disabled = Disabled{}
	return nil
}

// text returns the value of the field in Fields, and readDisabled its inverse.
func (d Disabled) text() string {
	if d.IsZero() {
		return ""
	}
	return strings.TrimSpace(d.Since.UTC().Format(time.RFC3339) + " " + d.Reason)
}

func readDisabled(text string) (Disabled, error) {
	if text == "" {
		return Disabled{}, nil
	}
	since, reason, _ := strings.Cut(text, " ")
	at, err := time.Parse(time.RFC3339, since)
	return Disabled{Since: at, Reason: reason}, err
}

// ArgEndedBy is the argument of a KindSignOut job: the id of the act that ended what lets the customer in.
const ArgEndedBy = "ended_by"

// EndAccess ends every session, link and code of the customer because of an act: Admits refuses them from the
// same write on, and a job removes them.
func (c *Customer) EndAccess(act audit.Act) {
	c.SignedOutAt = act.At
	c.Work.Add(job.Request{Kind: KindSignOut, Args: job.Args{ArgEndedBy: act.ID}, At: act.At})
}

// Admits reports whether a session, link or code that was made at a time lets the customer in. closed says
// that it was made for a disabled customer.
func (c Customer) Admits(made time.Time, closed bool) bool {
	return c.Disabled.IsZero() != closed && !made.Before(c.SignedOutAt)
}

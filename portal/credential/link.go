package credential

import (
	"time"

	"postern/portal/validate"
)

// LinkState is the state of a sign-in link.
type LinkState string

// The states of a link. Only the holder of a real token can tell the ended states apart.
const (
	LinkLive     LinkState = "live"
	LinkUsed     LinkState = "used"
	LinkReplaced LinkState = "replaced" // another link or code was used instead
	LinkExpired  LinkState = "expired"
	LinkStopped  LinkState = "stopped" // by a "this wasn't me" link
	LinkDamaged  LinkState = "damaged" // truncated, altered, or never sent
)

// LinkPage is the content of the page that a link opens.
type LinkPage struct {
	State       LinkState
	Masked      string    // the address, "" if damaged
	At          time.Time // when it was used, replaced or expired
	Auto        bool      // this browser requested it just now, so a script may press the button
	Destination string    // where the link leads, or led
	Confirm     bool      // using it confirms that the merged account belongs to the address
}

func (a *Credentials) DeadPage(link string, now time.Time) LinkPage {
	fate := a.EndState(link, now)
	if fate.How == LinkDamaged {
		return LinkPage{State: LinkDamaged}
	}
	return LinkPage{State: fate.How, Masked: validate.MaskEmail(a.Email), At: fate.At,
		Destination: fate.Destination}
}

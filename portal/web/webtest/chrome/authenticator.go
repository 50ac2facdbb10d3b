package chrome

import (
	"github.com/chromedp/cdproto/webauthn"
)

// Authenticator is a virtual authenticator of a Tab, such as the one behind a fingerprint sensor. Its person is
// present at once.
type Authenticator struct {
	tab *Tab
	id  webauthn.AuthenticatorID
}

// Authenticator adds an authenticator with passkeys to the tab.
func (t *Tab) Authenticator() *Authenticator {
	t.t.Helper()
	call(t, webauthn.Enable, webauthn.EnableParams{})
	added := call(t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	return &Authenticator{tab: t, id: added.AuthenticatorID}
}

// Verify decides whether the person is recognised from now on. A person who is not cannot use a passkey.
func (a *Authenticator) Verify(verified bool) {
	a.tab.t.Helper()
	call(a.tab, webauthn.SetUserVerified,
		webauthn.SetUserVerifiedParams{AuthenticatorID: a.id, IsUserVerified: verified})
}

// Remove takes the authenticator away, with its passkeys.
func (a *Authenticator) Remove() {
	a.tab.t.Helper()
	call(a.tab, webauthn.RemoveVirtualAuthenticator,
		webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: a.id})
}

// Passkeys returns the number of passkeys.
func (a *Authenticator) Passkeys() int {
	a.tab.t.Helper()
	return len(call(a.tab, webauthn.GetCredentials,
		webauthn.GetCredentialsParams{AuthenticatorID: a.id}).Credentials)
}

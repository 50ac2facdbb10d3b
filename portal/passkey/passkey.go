// Package passkey makes and checks passkeys (WebAuthn level 3). It prepares what the browser asks an
// authenticator for, and decides whether the authenticator's answer is right: made for this site, by a key of
// this person, over this challenge, with the person verified.
//
// It must not know where challenges and keys are stored, or what a passkey lets somebody do.
package passkey

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
)

// Life is how long a challenge is valid.
const Life = 5 * time.Minute

// Errors of answers. Any other answer that is refused is an ErrRefused.
var (
	ErrRefused = errors.New("passkey: the answer is not right")
	ErrSite    = fmt.Errorf("%w: it was made for another site", ErrRefused)
	ErrUnknown = fmt.Errorf("%w: it is by a passkey that is not the person's", ErrRefused)
	ErrCopied  = fmt.Errorf("%w: the counter went back, so that the passkey may have been copied", ErrRefused)
)

// Errors of base URLs that passkeys cannot be made for.
var (
	ErrAddress  = errors.New("passkey: the host is an IP address")
	ErrInsecure = errors.New("passkey: neither https nor localhost")
)

// Key is a passkey.
type Key struct {
	ID         []byte    `bson:"id"`
	Host       string    `bson:"host"`   // of the site that it was made for
	Public     []byte    `bson:"public"` // COSE
	Count      int64     `bson:"count,omitempty"`
	Transports []string  `bson:"transports,omitempty"`
	Syncable   bool      `bson:"syncable,omitempty"` // it may be copied to the person's other devices (flag BE)
	Synced     bool      `bson:"synced,omitempty"`   // it has been (flag BS)
	Name       string    `bson:"name"`               // that the person gave it
	AddedAt    time.Time `bson:"added_at"`
	UsedAt     time.Time `bson:"used_at,omitempty"`
	CopiedAt   time.Time `bson:"copied_at,omitempty"` // when its counter went back; it no longer works
}

// Ref identifies a key of a person in a URL.
func (k Key) Ref() string {
	sum := sha256.Sum256(k.ID)
	return hex.EncodeToString(sum[:8])
}

// Works reports whether the key can be used at a host.
func (k Key) Works(host string) bool { return k.Host == host && k.CopiedAt.IsZero() }

// Person is the owner of passkeys.
type Person struct {
	Handle []byte // at most 64 bytes, which say nothing about the person
	Email  string
	Keys   []Key
}

// Site is the relying party: a shop at its base URL.
type Site struct {
	Name   string
	Host   string // WebAuthn's RP ID
	Origin string
}

// NewSite returns the site of a base URL. It is ErrAddress or ErrInsecure if browsers make no passkeys there.
func NewSite(name, base string) (Site, error) {
	u, err := url.Parse(base)
	if err != nil {
		return Site{}, fmt.Errorf("passkey: base URL: %w", err)
	}
	host := strings.ToLower(u.Hostname())
	switch {
	case net.ParseIP(host) != nil:
		return Site{}, ErrAddress
	case u.Scheme != "https" && host != "localhost" && !strings.HasSuffix(host, ".localhost"):
		return Site{}, ErrInsecure
	}
	return Site{Name: name, Host: host, Origin: u.Scheme + "://" + strings.ToLower(u.Host)}, nil
}

// party returns the library's configuration. Its clock decides nothing: who stores a challenge ends it.
func (s Site) party() (*webauthn.WebAuthn, error) {
	within := webauthn.TimeoutConfig{Timeout: Life, TimeoutUVD: Life}
	made, err := webauthn.New(&webauthn.Config{
		RPID: s.Host, RPDisplayName: s.Name, RPOrigins: []string{s.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: within, Registration: within},
		// Some password managers add outputs that nobody asked for. None of them is read here.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, fmt.Errorf("passkey: site %s: %w", s.Host, err)
	}
	return made, nil
}

// Ask returns what the browser asks an authenticator for to make a new passkey (the JSON of
// PublicKeyCredentialCreationOptions) and the challenge, to be stored until the answer comes. An
// authenticator that has one of the person's keys makes none.
func (s Site) Ask(p Person) (options []byte, challenge string, err error) {
	party, err := s.party()
	if err != nil {
		return nil, "", err
	}
	made, session, err := party.BeginRegistration(s.user(p),
		webauthn.WithExclusions(webauthn.Credentials(s.credentials(p)).CredentialDescriptors()))
	if err != nil {
		return nil, "", fmt.Errorf("passkey: ask for a new one: %w", err)
	}
	options, err = json.Marshal(made.Response)
	return options, session.Challenge, err
}

// Add checks the answer to Ask and returns the new key, without a name.
func (s Site) Add(p Person, challenge, answer string) (Key, error) {
	party, err := s.party()
	if err != nil {
		return Key{}, err
	}
	read, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return Key{}, refused(err)
	}
	attested := read.Response.AttestationObject.AuthData
	if err := s.isMeant(read.Response.CollectedClientData, attested.RPIDHash); err != nil {
		return Key{}, err
	}
	made, err := party.CreateCredential(s.user(p), s.session(p, challenge), read)
	if err != nil {
		return Key{}, refused(err)
	}
	key := Key{ID: made.ID, Host: s.Host, Public: made.PublicKey, Count: int64(made.Authenticator.SignCount),
		Syncable: made.Flags.BackupEligible, Synced: made.Flags.BackupState}
	for _, transport := range made.Transport {
		key.Transports = append(key.Transports, string(transport))
	}
	return key, nil
}

// AskProof returns what the browser asks an authenticator for to prove that the person has one of the keys
// (the JSON of PublicKeyCredentialRequestOptions), and the challenge. It is ErrUnknown if none works here.
func (s Site) AskProof(p Person) (options []byte, challenge string, err error) {
	party, err := s.party()
	if err != nil {
		return nil, "", err
	}
	if len(s.credentials(p)) == 0 {
		return nil, "", ErrUnknown
	}
	made, session, err := party.BeginLogin(s.user(p))
	if err != nil {
		return nil, "", fmt.Errorf("passkey: ask for a proof: %w", err)
	}
	options, err = json.Marshal(made.Response)
	return options, session.Challenge, err
}

// Prove checks the answer to AskProof and returns the key with its new state. With ErrCopied, too, it returns
// the key.
func (s Site) Prove(p Person, challenge, answer string) (Key, error) {
	party, err := s.party()
	if err != nil {
		return Key{}, err
	}
	read, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Key{}, refused(err)
	}
	if err := s.isMeant(read.Response.CollectedClientData, read.Response.AuthenticatorData.RPIDHash); err != nil {
		return Key{}, err
	}
	at := slices.IndexFunc(p.Keys, func(k Key) bool { return bytes.Equal(k.ID, read.RawID) })
	if at < 0 || !p.Keys[at].Works(s.Host) {
		return Key{}, ErrUnknown
	}
	proved, err := party.ValidateLogin(s.user(p), s.session(p, challenge), read)
	if err != nil {
		return Key{}, refused(err)
	}
	key := p.Keys[at]
	if proved.Authenticator.CloneWarning {
		return key, ErrCopied
	}
	key.Count, key.Synced = int64(proved.Authenticator.SignCount), proved.Flags.BackupState
	return key, nil
}

// isMeant tells an answer for another site from other wrong ones. The library checks both again.
func (s Site) isMeant(client protocol.CollectedClientData, hash []byte) error {
	if want := sha256.Sum256([]byte(s.Host)); client.Origin != s.Origin || !bytes.Equal(hash, want[:]) {
		return ErrSite
	}
	return nil
}

func refused(err error) error {
	var known *protocol.Error
	if errors.As(err, &known) {
		return fmt.Errorf("%w: %s (%s)", ErrRefused, known.Details, known.DevInfo)
	}
	return fmt.Errorf("%w: %w", ErrRefused, err)
}

// session returns what the library remembers between question and answer. Only the challenge varies.
func (s Site) session(p Person, challenge string) webauthn.SessionData {
	return webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: s.Host, UserID: p.Handle,
		UserVerification: protocol.VerificationRequired, CredParams: webauthn.CredentialParametersDefault(),
	}
}

// user is a person as the library wants one.
type user struct {
	Person
	credentials []webauthn.Credential
}

func (s Site) user(p Person) user { return user{p, s.credentials(p)} }

// credentials returns the keys that work at the site.
func (s Site) credentials(p Person) []webauthn.Credential {
	var made []webauthn.Credential
	for _, k := range p.Keys {
		if !k.Works(s.Host) {
			continue
		}
		c := webauthn.Credential{ID: k.ID, PublicKey: k.Public, Flags: webauthn.CredentialFlags{
			UserPresent: true, UserVerified: true, BackupEligible: k.Syncable, BackupState: k.Synced}}
		c.Authenticator.SignCount = uint32(k.Count) //nolint:gosec // it was one
		for _, transport := range k.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(transport))
		}
		made = append(made, c)
	}
	return made
}

// WebAuthnID implements webauthn.User.
func (u user) WebAuthnID() []byte { return u.Handle }

// WebAuthnName implements webauthn.User.
func (u user) WebAuthnName() string { return u.Email }

// WebAuthnDisplayName implements webauthn.User.
func (u user) WebAuthnDisplayName() string { return u.Email }

// WebAuthnCredentials implements webauthn.User.
func (u user) WebAuthnCredentials() []webauthn.Credential { return u.credentials }

// Handle returns the handle of the owner of a base64url id.
func Handle(id string) []byte {
	if handle, err := base64.RawURLEncoding.DecodeString(id); err == nil {
		return handle
	}
	return []byte(id)
}

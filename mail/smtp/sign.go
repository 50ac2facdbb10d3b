package smtp

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	gomail "github.com/wneessen/go-mail"
)

// signedFields returns the header fields that readers see or programs act on (RFC 6376, 5.4.1). It omits
// fields that relays add or rewrite.
func signedFields() []string {
	return []string{
		"From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID", "In-Reply-To", "References",
		"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Language",
		"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted",
	}
}

// sign adds the signature of the sender's domain, or nothing if that domain has no key. d= is the domain of
// the address itself, so the signature is aligned (RFC 7489, 3.1.1).
//
// go-mail has a signer, but it folds tags of more than 75 bytes within a field name, which breaks the
// signature. The list of signed fields is longer than that.
func (k Keys) sign(msg *gomail.Msg, from string) error {
	_, domain, _ := strings.Cut(strings.ToLower(from), "@")
	at, found := k.byDomain[domain]
	if !found {
		return nil
	}
	var raw bytes.Buffer
	if _, err := msg.WriteTo(&raw); err != nil { // writing it again gives the same bytes
		return fmt.Errorf("write the message to be signed: %w", err)
	}
	fields, err := oversigned(raw.Bytes())
	if err != nil {
		return err
	}
	signer, err := dkim.NewSigner(&dkim.SignOptions{
		Domain: domain, Selector: at.selector, Signer: at.private, HeaderKeys: fields,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
		BodyCanonicalization:   dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	if _, err = signer.Write(raw.Bytes()); err != nil {
		_ = signer.Close()
		return fmt.Errorf("sign: %w", err)
	}
	if err := signer.Close(); err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	name, value, _ := strings.Cut(strings.TrimSpace(signer.Signature()), ":")
	msg.SetGenHeaderPreformatted(gomail.Header(name), strings.TrimSpace(value))
	return nil
}

// oversigned lists each field once more than it occurs in the message, so that nobody can change, remove or
// prepend a field (RFC 6376, 8.15).
func oversigned(raw []byte) ([]string, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read the message to be signed: %w", err)
	}
	var names []string
	for _, field := range signedFields() {
		present := slices.Repeat([]string{field}, len(m.Header[textproto.CanonicalMIMEHeaderKey(field)]))
		names = append(names, append(present, field)...)
	}
	return names, nil
}

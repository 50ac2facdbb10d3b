package smtp

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// Limits of keys. By RFC 8301, 3.2, signers should use RSA keys of at least 2048 bits, and verifiers need
// not support more than 4096.
const (
	minRSA     = 2048
	maxRSA     = 4096
	maxKeyFile = 64 << 10
	// maxName is the maximum length of a domain or selector that fits on one line of a signature.
	maxName = 71
)

// Keys holds the DKIM keys of mail domains, one per domain. The zero Keys signs nothing. It is safe for
// concurrent use.
type Keys struct{ byDomain map[string]key }

// key is the private key for the public key at selector._domainkey.domain.
type key struct {
	selector string
	private  crypto.Signer // *rsa.PrivateKey or ed25519.PrivateKey
}

var (
	domainShape   = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	selectorShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)
)

// LoadKeys reads the keys from a folder. It contains a folder for each domain, named like the part after
// the @ in the shop's address, with one private key named after its selector: shop.example/2026a.pem. A key
// is RSA with 2048 to 4096 bits or Ed25519, in PEM, as "openssl genpkey" writes it. LoadKeys ignores files
// with other extensions and names that start with a dot. The error names every unusable key and the fix; in
// that case the Keys are empty.
func LoadKeys(dir string) (Keys, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return Keys{}, fmt.Errorf("smtp: DKIM keys: %w", err)
	}
	keys := Keys{byDomain: map[string]key{}}
	var faults []error
	for _, entry := range entries {
		domain := entry.Name()
		if strings.HasPrefix(domain, ".") {
			continue
		}
		k, err := readDomain(dir, domain)
		if err != nil {
			faults = append(faults, fmt.Errorf("smtp: DKIM key in %s: %w", filepath.Join(dir, domain), err))
		}
		keys.byDomain[domain] = k
	}
	if len(faults) > 0 {
		return Keys{}, errors.Join(faults...)
	}
	return keys, nil
}

// Domains returns the domains that have a key, sorted.
func (k Keys) Domains() []string { return slices.Sorted(maps.Keys(k.byDomain)) }

// Record returns the TXT record that verifies the domain's signatures: its name and its text, which a zone
// file splits into strings of at most 255 bytes. found is false if the domain has no key.
func (k Keys) Record(domain string) (name, text string, found bool) {
	at, found := k.byDomain[domain]
	if !found {
		return "", "", false
	}
	kind, public := "ed25519", []byte(nil)
	switch p := at.private.Public().(type) {
	case ed25519.PublicKey:
		public = p // RFC 8463, 4.2: the bare key
	case *rsa.PublicKey:
		kind = "rsa"
		public, _ = x509.MarshalPKIXPublicKey(p) // never fails for an RSA key
	}
	text = "v=DKIM1; k=" + kind + "; p=" + base64.StdEncoding.EncodeToString(public)
	return at.selector + "._domainkey." + domain, text, true
}

func readDomain(dir, domain string) (key, error) {
	if !domainShape.MatchString(domain) || len(domain) > maxName {
		return key{}, fmt.Errorf("the name is not a domain in lower case of at most %d bytes, as in shop.example/2026a.pem", maxName)
	}
	files, err := os.ReadDir(filepath.Join(dir, domain))
	if err != nil {
		return key{}, fmt.Errorf("a folder named by the domain holds the key, as in shop.example/2026a.pem: %w", err)
	}
	var found []string
	for _, file := range files {
		if name := file.Name(); strings.HasSuffix(name, ".pem") && !strings.HasPrefix(name, ".") {
			found = append(found, name)
		}
	}
	if len(found) != 1 {
		return key{}, fmt.Errorf("the folder holds %d .pem files; keep the one that signs, and move others away", len(found))
	}
	selector := strings.TrimSuffix(found[0], ".pem")
	if !selectorShape.MatchString(selector) || len(selector) > maxName {
		return key{}, fmt.Errorf("%s: a selector has lower-case letters, digits and hyphens, at most %d, as in 2026a.pem", found[0], maxName)
	}
	private, err := readKey(filepath.Join(dir, domain, found[0]))
	if err != nil {
		return key{}, fmt.Errorf("%s: %w", found[0], err)
	}
	return key{selector: selector, private: private}, nil
}

func readKey(file string) (crypto.Signer, error) {
	about, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case !about.Mode().IsRegular() || about.Size() > maxKeyFile:
		return nil, errors.New("that is no key file")
	case about.Mode().Perm()&0o027 != 0:
		return nil, fmt.Errorf("others can read or change it (mode %#o); run chmod 600 %s, and if it may have been read make a new key",
			about.Mode().Perm(), file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, plainly(err)
	}
	return parseKey(text)
}

// plainly removes the path from an error, because the caller adds it.
func plainly(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

const makeKey = `make one with "openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048"`

func parseKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("there is no PEM in it, or it is damaged; " + makeKey)
	case strings.Contains(block.Type, "PUBLIC"):
		return nil, errors.New("that is the public key; the private one signs")
	case strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "":
		return nil, errors.New("the key is encrypted; take the passphrase off with openssl pkey, and guard the file by its mode")
	}
	private, err := gomail.PrivKeyFromPEM(text)
	if err != nil {
		return nil, fmt.Errorf("no RSA or Ed25519 key can be read from it (%w); %s", err, makeKey)
	}
	if r, ok := private.(*rsa.PrivateKey); ok && (r.N.BitLen() < minRSA || r.N.BitLen() > maxRSA) {
		return nil, fmt.Errorf("an RSA key of %d bits; it has %d to %d: %s", r.N.BitLen(), minRSA,
			maxRSA, makeKey)
	}
	return private, nil
}

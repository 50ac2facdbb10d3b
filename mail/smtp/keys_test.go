package smtp_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	netmail "net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/google/go-cmp/cmp"

	"postern/mail/smtp"
)

// generated holds a key of each kind, made only once because RSA keys take long.
type generated struct {
	rsa     func() *rsa.PrivateKey
	ed25519 func() ed25519.PrivateKey
}

func generate(t *testing.T) generated {
	return generated{
		rsa: sync.OnceValue(func() *rsa.PrivateKey {
			key, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				t.Fatal(err)
			}
			return key
		}),
		ed25519: sync.OnceValue(func() ed25519.PrivateKey {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			return key
		}),
	}
}

func pkcs8(t *testing.T, private crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func pkcs1(private *rsa.PrivateKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY",
		Bytes: x509.MarshalPKCS1PrivateKey(private)})
}

// keep writes a file into a key directory.
func keep(t *testing.T, dir, name string, text []byte, mode os.FileMode) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
}

// verify checks a signature with another library, whose DNS contains only our record.
func verify(t *testing.T, raw []byte, keys smtp.Keys, domain string) (*dkim.Verification, error) {
	t.Helper()
	name, text, found := keys.Record(domain)
	if !found {
		t.Fatalf("no record of %s", domain)
	}
	all, err := dkim.VerifyWithOptions(bytes.NewReader(raw),
		&dkim.VerifyOptions{LookupTXT: func(asked string) ([]string, error) {
			if asked != name {
				return nil, fmt.Errorf("no record %s", asked)
			}
			return []string{text}, nil
		}})
	if err != nil || len(all) != 1 {
		t.Fatalf("%d signatures, error %v", len(all), err)
	}
	return all[0], all[0].Err
}

// TestSigned checks that a received message verifies and that a message changed on the way does not.
func TestSigned(t *testing.T) {
	t.Parallel()
	made := generate(t)
	for name, text := range map[string][]byte{
		"RSA in PKCS8": pkcs8(t, made.rsa()), "RSA in PKCS1": pkcs1(made.rsa()),
		"Ed25519": pkcs8(t, made.ed25519()),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keep(t, dir, "shop.example/2026a.pem", text, 0o600)
			keys, err := smtp.LoadKeys(dir)
			if err != nil {
				t.Fatal(err)
			}
			raw := received(t, keys, "shop@shop.example")
			v, err := verify(t, raw, keys, "shop.example")
			if err != nil || v.Domain != "shop.example" {
				t.Fatalf("d=%s, %v\n%s", v.Domain, err, raw)
			}
			for what, changed := range tampered(t, raw) {
				if _, err := verify(t, changed, keys, "shop.example"); err == nil ||
					bytes.Equal(changed, raw) {
					t.Errorf("%s passes", what)
				}
			}
		})
	}
}

// tampered returns copies of the message with one change each: a changed body, a changed or removed field,
// and an added field.
func tampered(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"a changed body": bytes.Replace(raw, []byte("Konec"), []byte("konec"), 1)}
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{
		"From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID", "In-Reply-To",
		"References", "MIME-Version",
		"Content-Type", "Content-Transfer-Encoding", "Content-Language", "List-Unsubscribe",
		"List-Unsubscribe-Post", "Auto-Submitted",
	} {
		added := append([]byte(field+": eve@evil.example\r\n"), raw...)
		all["an added "+field] = added
		if name := regexp.MustCompile(`(?m)^` + field + `:`); m.Header.Get(field) != "" {
			all["a changed "+field] = name.ReplaceAll(raw, []byte(field+": x"))
			all["a removed "+field] = name.ReplaceAll(raw, []byte("X-Old:"))
		}
	}
	return all
}

// received sends one email from the address and returns its bytes as the server got them.
func received(t *testing.T, keys smtp.Keys, from string) []byte {
	t.Helper()
	server := serve(t, kind{})
	s := sender(t, fmt.Sprintf("smtp://%s?ca=%s", server.addr, server.ca), smtp.Secrets{})
	s.Keys = keys
	m := message()
	m.From = from
	if err := hand(t, s, m); err != nil {
		t.Fatal(err)
	}
	letters, _ := server.got()
	return letters[0].raw
}

// TestKeyOfDomain checks that an email is signed with the key of its sender's domain, in any spelling, and
// never with another domain's.
func TestKeyOfDomain(t *testing.T) {
	t.Parallel()
	made := generate(t)
	dir := t.TempDir()
	keep(t, dir, "shop.example/2026a.pem", pkcs8(t, made.ed25519()), 0o400)
	keep(t, dir, "oak.example/s1.mail.pem", pkcs8(t, made.ed25519()), 0o640)
	keep(t, dir, "oak.example/s1.txt", []byte("the record"), 0o644)
	long, selector := strings.Repeat("a.", 32)+"example", strings.Repeat("b", 63)+".bbbbbbb"
	keep(t, dir, long+"/"+selector+".pem", pkcs8(t, made.ed25519()), 0o600)
	keep(t, dir, ".git/config", nil, 0o644)
	keys, err := smtp.LoadKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{long, "oak.example", "shop.example"}, keys.Domains()); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}
	if name, _, _ := keys.Record("oak.example"); name != "s1.mail._domainkey.oak.example" {
		t.Errorf("record %s", name)
	}
	for from, want := range map[string]string{
		"shop@shop.example": "shop.example", "shop@Shop.Example": "shop.example",
		"shop@oak.example":       "oak.example",
		"shop@" + long:           long,
		"shop@mail.shop.example": "", "shop@fern.example": "",
	} {
		raw := received(t, keys, from)
		if want == "" {
			if bytes.Contains(raw, []byte("DKIM-Signature")) {
				t.Errorf("%s is signed:\n%s", from, raw)
			}
			continue
		}
		if v, err := verify(t, raw, keys, want); err != nil || v.Domain != want {
			t.Errorf("%s: d=%s, %v", from, v.Domain, err)
		}
	}
	if _, _, found := keys.Record("fern.example"); found {
		t.Error("a record without a key")
	}
}

func TestKeysRefused(t *testing.T) {
	t.Parallel()
	made := generate(t)
	good := pkcs8(t, made.ed25519())
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(made.ed25519().Public())
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(pkcs1(made.rsa()))
	block.Bytes[len(block.Bytes)/2] ^= 1 // not in the text, which might then no longer be PEM
	damaged := pem.EncodeToMemory(block)
	for _, test := range []struct {
		name, file string
		text       []byte
		mode       os.FileMode
		want       string
	}{
		{"readable by all", "shop.example/a.pem", good, 0o644, "chmod 600"},
		{"writable by the group", "shop.example/a.pem", good, 0o660, "chmod 600"},
		{"weak", "shop.example/a.pem", pkcs8(t, weak), 0o600, "1024 bits"},
		{"damaged", "shop.example/a.pem", damaged, 0o600, "can be read"},
		{"cut off", "shop.example/a.pem", good[:len(good)/2], 0o600, "no PEM"},
		{"empty", "shop.example/a.pem", nil, 0o600, "no PEM"},
		{"of another kind", "shop.example/a.pem", pkcs8(t, curve), 0o600, "RSA or Ed25519"},
		{"public", "shop.example/a.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}),
			0o600, "public"},
		{"encrypted", "shop.example/a.pem",
			pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: public}), 0o600, "encrypted"},
		{"no domain", "shop/a.pem", good, 0o600, "not a domain"},
		{"not in a folder", "shop.example", good, 0o600, "folder named by the domain"},
		{"odd selector", "shop.example/A b.pem", good, 0o600, "selector"},
		{"long selector", "shop.example/" + strings.Repeat("a.", 37) + "pem", good, 0o600, "at most 71"},
		{"long domain", strings.Repeat("a.", 33) + "example/a.pem", good, 0o600, "at most 71"},
		{"no key", "shop.example/readme.txt", good, 0o600, "0 .pem"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			keep(t, dir, test.file, test.text, test.mode)
			keep(t, dir, "oak.example/a.pem", good, 0o600)
			keys, err := smtp.LoadKeys(dir)
			folder, _, _ := strings.Cut(test.file, "/")
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(),
				filepath.Join(dir, folder)) {
				t.Errorf("error %v, want one with %q and %q", err, test.want, folder)
			}
			if len(keys.Domains()) != 0 {
				t.Error("half of the keys are there")
			}
		})
	}
	two := t.TempDir()
	keep(t, two, "shop.example/a.pem", good, 0o600)
	keep(t, two, "shop.example/b.pem", good, 0o600)
	if _, err := smtp.LoadKeys(two); err == nil || !strings.Contains(err.Error(), "2 .pem") {
		t.Errorf("two keys: %v", err)
	}
	if _, err := smtp.LoadKeys(filepath.Join(two, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

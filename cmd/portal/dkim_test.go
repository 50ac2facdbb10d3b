package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// keyFolder returns a directory of DKIM keys with one for shop.example.
func keyFolder(t *testing.T) (dir string, key *rsa.PrivateKey) {
	t.Helper()
	dir = t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "shop.example"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	if err := os.WriteFile(filepath.Join(dir, "shop.example", "2026a.pem"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, key
}

func TestDKIMRecord(t *testing.T) {
	t.Parallel()
	dir, key := keyFolder(t)
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)
	call(t, nil, "dkim", "record", "Shop.Example.", "--dkim", dir).want(t, exitOK,
		"2026a._domainkey.shop.example", text, "IN TXT \"v=DKIM1")
	var got struct{ Name, Text, Zone string }
	if err := json.Unmarshal([]byte(call(t, nil, "dkim", "record", "shop.example", "--dkim", dir,
		"--json").out), &got); err != nil {
		t.Fatal(err)
	}
	_, strings_, _ := strings.Cut(got.Zone, " IN TXT ")
	joined := ""
	for _, part := range strings.Split(strings.Trim(strings_, `"`), `" "`) {
		if len(part) > 255 {
			t.Errorf("a string of %d bytes", len(part))
		}
		joined += part
	}
	if joined != text || got.Text != text {
		t.Errorf("the zone says %q, the text %q", joined, got.Text)
	}
	call(t, nil, "dkim", "record", "other.example", "--dkim", dir).want(t, exitFailure,
		"There is no key for other.example", "shop.example")
	call(t, nil, "dkim", "record", "other.example").want(t, exitUsage, "--dkim")
	if err := os.Chmod(filepath.Join(dir, "shop.example", "2026a.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	call(t, nil, "dkim", "record", "shop.example", "--dkim", dir).want(t, exitUsage, "--dkim", "chmod 600")
}

// TestServeSigns checks that a shop's email is signed with the key of its domain.
func TestServeSigns(t *testing.T) {
	t.Parallel()
	dir, store := "", shopStore(t)
	dir, _ = keyFolder(t)
	office, taken := openPostOffice(t)
	server := start(t, nil, "serve", "--store", store, "--addr", "127.0.0.1:0", "--smtp",
		"smtp://"+office+"?starttls=off", "--dkim", dir)
	base := server.wait("listens on ")
	call(t, nil, "import", "orders", writeFile(t, "o.ndjson", orderLine(1001)), "--store",
		store).want(t, exitOK)
	response, err := http.Post(base+"/sign-in", "application/x-www-form-urlencoded",
		strings.NewReader("email=jana%40example.com"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	text := strings.Join(strings.Fields(<-taken), " ")
	if !strings.Contains(text, "DKIM-Signature:") || !strings.Contains(text, "d=shop.example") ||
		!strings.Contains(text, "s=2026a") {
		t.Errorf("the mail:\n%s", text)
	}
}

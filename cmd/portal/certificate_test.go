package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair holds the paths of a certificate and its key.
type pair struct{ cert, key string }

func newPair(t *testing.T, name string) pair {
	t.Helper()
	dir := t.TempDir()
	p := pair{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
	p.renew(t, name, time.Now().Add(time.Hour))
	return p
}

func (p pair) flags() []string { return []string{"--tls-cert", p.cert, "--tls-key", p.key} }

// renew writes a new certificate for this machine with the given name.
func (p pair) renew(t *testing.T, name string, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"shop.example"}, IsCA: true,
		BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{p.cert: {Type: "CERTIFICATE", Bytes: cert},
		p.key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// trust returns a client's TLS configuration that trusts the certificate.
func (p pair) trust(t *testing.T) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(p.cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}

// shown returns the name in the certificate that a server presents.
func shown(t *testing.T, address string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestServeTLS(t *testing.T) {
	t.Parallel()
	files := newPair(t, "first")
	server := start(t, nil, append([]string{"serve", "--store", shopStore(t), "--smtp", "smtp://mail.example",
		"--addr", "127.0.0.1:0"}, files.flags()...)...)
	address := server.wait("listens on https://")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: files.trust(t),
		ForceAttemptHTTP2: true}}
	response, err := client.Get("https://" + address + "/healthz")
	if err != nil || response.StatusCode != http.StatusOK || response.ProtoMajor != 1 {
		t.Fatalf("%v %v", response, err)
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close() // keeps an idle connection open
	old := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	if conn, err := tls.Dial("tcp", address, old); err == nil {
		conn.Close()
		t.Error("the server speaks TLS 1.1")
	}
	if response, err := http.Get("http://" + address + "/healthz"); err == nil {
		response.Body.Close()
		t.Errorf("plain HTTP is answered with %d", response.StatusCode)
	}
	files.renew(t, "second", time.Now().Add(time.Hour))
	server.wait("TLS certificate reloaded")
	if got := shown(t, address); got != "second" {
		t.Errorf("shows the certificate %q", got)
	}
	call(t, nil, "health", "--addr", address, "--tls-cert", files.cert).want(t, exitOK, "ok")
	stopping := time.Now()
	if status := server.end(); status != exitOK || time.Since(stopping) > drainTime/2 {
		t.Errorf("status %d after %s", status, time.Since(stopping))
	}
}

// TestRefresh replaces the files with valid and with broken ones.
func TestRefresh(t *testing.T) {
	t.Parallel()
	files := newPair(t, "first")
	c, err := readCertificate(files.cert, files.key)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	c.log = slog.New(slog.NewTextHandler(&log, nil))
	write := func(file, text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	other := newPair(t, "other")
	key, _ := os.ReadFile(other.key)
	for _, step := range []struct {
		name   string
		change func()
		want   string // name in the certificate
		log    string // "" for no line
	}{
		{"unchanged", func() {}, "first", ""},
		{"renewed", func() { files.renew(t, "second", time.Now().Add(time.Hour)) }, "second", "reloaded"},
		{"cut off", func() { write(files.cert, "-----BEGIN") }, "second", "still using the previous one"},
		{"looked at again", func() {}, "second", ""},
		{"whole, but the key is another's",
			func() { files.renew(t, "third", time.Now().Add(time.Hour)); write(files.key, string(key)) },
			"second", "still using the previous one"},
		{"gone", func() { os.Remove(files.cert) }, "second", "still using the previous one"},
		{"back, but too old", func() { files.renew(t, "fourth", time.Now().Add(-time.Hour)) },
			"fourth", "has expired"},
	} {
		step.change()
		log.Reset()
		c.refresh(t.Context())
		if got := c.current.Load().Leaf.Subject.CommonName; got != step.want {
			t.Errorf("%s: the certificate is %q, want %q", step.name, got, step.want)
		}
		if step.log == "" && log.Len() > 0 || !strings.Contains(log.String(), step.log) {
			t.Errorf("%s: the log says %q", step.name, log.String())
		}
	}
}

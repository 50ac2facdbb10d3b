package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// healthCommand checks the server on this machine, for containers without curl.
type healthCommand struct {
	Addr    string `help:"The address that the server listens on." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	TLSCert string `name:"tls-cert" help:"The server's certificate, if it serves TLS itself." placeholder:"FILE"`
	Ready   bool   `help:"Check readiness (/readyz), not only whether the server responds (/healthz)." setting:"health-ready"`
}

// Help implements kong.HelpProvider.
func (healthCommand) Help() string {
	return `Checks the local server's health and prints the answer. Exits with status 1 if the check fails. Reads the same settings as "portal serve".

  portal health --addr 127.0.0.1:8080
  portal health --ready

Do not use --ready for automatic restarts: a restart does not bring back a mail server.`
}

// healthTime is the time limit for a response.
const healthTime = 10 * time.Second

// Run sends the request and prints the response.
func (c healthCommand) Run(ctx context.Context, w *environment) error {
	client, scheme, err := c.client()
	if err != nil {
		return err
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+reachable(c.Addr)+path, nil)
	if err != nil {
		return failf("--addr: %q is not an address.", c.Addr)
	}
	response, err := client.Do(request)
	if err != nil {
		return failf("No response from %s: %s.", c.Addr, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	w.say("%s", strings.TrimSpace(string(body)))
	if response.StatusCode != http.StatusOK || err != nil {
		return failf("The server responded with status %d.", response.StatusCode)
	}
	return nil
}

// client trusts only the server's own certificate and ignores its names and dates: the server is on this
// machine, and a restart would not renew the certificate.
func (c healthCommand) client() (client *http.Client, scheme string, err error) {
	if c.TLSCert == "" {
		return &http.Client{Transport: &http.Transport{}}, "http", nil
	}
	text, err := os.ReadFile(c.TLSCert)
	if err != nil {
		return nil, "", failf("--tls-cert: %s.", unreadable(err))
	}
	leaf, err := firstCertificate(text)
	if err != nil {
		return nil, "", failf("--tls-cert: %s: %s.", c.TLSCert, err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	settings := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots,
		Time: func() time.Time { return leaf.NotBefore }}
	for _, name := range leaf.DNSNames {
		settings.ServerName = strings.Replace(name, "*", "any", 1)
	}
	for _, address := range leaf.IPAddresses {
		settings.ServerName = address.String()
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: settings}}, "https", nil
}

// firstCertificate returns the server's own certificate from a file that may contain a chain.
func firstCertificate(text []byte) (*x509.Certificate, error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, errors.New("it contains no certificate")
}

package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"
)

// Secrets holds the credentials that the URL must not contain; they come from the environment or a file.
// Both are "" for a server without sign-in.
type Secrets struct{ User, Password string }

// Values of the option starttls.
const (
	required      = "required"
	opportunistic = "opportunistic"
	off           = "off"
)

const (
	// timeout applies to connecting and to each message separately; two timeouts are shorter than a lease
	// in the outbox.
	timeout    = 45 * time.Second
	maxTimeout = 50 * time.Second
)

// ErrNoPassword means the URL names a user but no password was given.
var ErrNoPassword = errors.New("there is a user but no password")

// Parse reads the URL of a mail server:
//
//	smtp://[user@]host[:587][?starttls=required|opportunistic|off]
//	smtps://[user@]host[:465]
//
// STARTTLS is required unless the URL says otherwise. With a user it is always required, unless the host is
// this machine. Further options: ca=FILE, a PEM file of roots to trust instead of the system's; helo=NAME,
// this machine's name in EHLO; timeout=45s, for connecting and for each message, at most 50 seconds. A
// password in the URL is rejected, because command lines and settings are visible to others. No error
// repeats the URL. For a user without a password the error is ErrNoPassword.
func Parse(text string, secrets Secrets) (*Sender, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return nil, errors.New("smtp: the mail server is written smtp://host:587 or smtps://host:465")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return nil, errors.New("smtp: behind host and port only options may follow, as in smtp://host:587?starttls=required")
	}
	s := &Sender{host: u.Hostname(), timeout: timeout, Now: time.Now}
	for _, read := range []func(*url.URL) error{s.readScheme, s.readPort, s.readOptions} {
		if err := read(u); err != nil {
			return nil, fmt.Errorf("smtp: %w", err)
		}
	}
	if err := s.readSecrets(u, secrets); err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	return s, nil
}

func (s *Sender) readScheme(u *url.URL) error {
	starttls := u.Query().Get("starttls")
	switch u.Scheme {
	case "smtps":
		s.implicit, s.port = true, 465
		if starttls != "" {
			return errors.New("smtps:// is encrypted from the first byte; starttls= belongs to smtp://")
		}
		return nil
	case "smtp":
		s.port = 587
	default:
		return errors.New("the scheme is smtp:// or smtps://")
	}
	switch starttls {
	case "":
		s.starttls = required
	case required, opportunistic, off:
		s.starttls = starttls
	default:
		return errors.New("starttls= is required, opportunistic or off")
	}
	return nil
}

func (s *Sender) readPort(u *url.URL) error {
	if u.Port() == "" {
		return nil
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || port < 1 || port > 65535 {
		return errors.New("the port is a number from 1 to 65535")
	}
	s.port = port
	return nil
}

func (s *Sender) readOptions(u *url.URL) error {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("the options behind ? cannot be read")
	}
	s.tls = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	for name, given := range values {
		if len(given) != 1 || given[0] == "" {
			return fmt.Errorf("option %s= has one value", name)
		}
		switch name {
		case "starttls": // read with the scheme
		case "ca":
			s.tls.RootCAs, err = roots(given[0])
		case "helo":
			if s.helo = given[0]; !isGreeting(s.helo) {
				err = errors.New("helo= is a host name, as in account.shop.example, or an address in brackets, as in [192.0.2.7]")
			}
		case "timeout":
			s.timeout, err = wait(given[0])
		default:
			err = fmt.Errorf("option %s= is unknown; there are starttls, ca, helo and timeout", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func wait(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > maxTimeout {
		return 0, fmt.Errorf("timeout= is a time of at most %s, as in 30s", maxTimeout)
	}
	return d, nil
}

func roots(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("ca=: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("ca=%s holds no certificate in PEM", file)
	}
	return pool, nil
}

func (s *Sender) readSecrets(u *url.URL, secrets Secrets) error {
	if _, given := u.User.Password(); given {
		return errors.New("the password must not stand in the URL, where process lists and logs show it; give it apart")
	}
	s.user, s.password = secrets.User, secrets.Password
	if name := u.User.Username(); name != "" {
		if s.user != "" && s.user != name {
			return errors.New("the URL names another user than the one given apart")
		}
		s.user = name
	}
	switch {
	case s.user == "" && s.password != "":
		return errors.New("there is a password but no user")
	case s.user != "" && s.password == "":
		return ErrNoPassword
	case s.user != "" && !s.implicit && s.starttls != required && !s.local():
		return fmt.Errorf("starttls=%s could show the password to the network; with a user it must be required", s.starttls)
	}
	return nil
}

// local reports whether the server runs on this machine.
func (s *Sender) local() bool {
	return s.host == "localhost" || net.ParseIP(s.host).IsLoopback()
}

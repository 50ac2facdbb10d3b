package smtp_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
)

// server is an in-process mail server that can be told to misbehave.
type server struct {
	addr     string
	ca       string // PEM file
	user     string // "" requires no sign-in
	password string
	ended    chan struct{} // gets a value for each finished session, unless it is full
	came     func()        // called for each message if not nil

	mu          sync.Mutex
	trouble     trouble
	fault       fault
	boxes       []letter
	connections int
}

// letter is an email as it arrived.
type letter struct {
	from, to string
	raw      []byte
	utf8     bool   // sent with SMTPUTF8
	helo     string // name the client gave
}

// trouble is how the server misbehaves; a nil error means a 250.
type trouble struct {
	mail, rcpt, data error
	dropped          bool            // the server closes the connection once the whole message has arrived
	stall            chan struct{}   // MAIL waits for it
	slow             chan struct{}   // DATA waits for it before reading
	read             chan error      // result of reading DATA
	greylist         map[string]bool // recipients refused once, as all are at first; nil refuses none
}

// kind is the way in which the server can be reached.
type kind struct {
	implicit, plain bool
	utf8            bool // offers SMTPUTF8
	user, password  string
}

func serve(t testing.TB, k kind) *server {
	t.Helper()
	s := &server{user: k.user, password: k.password, ended: make(chan struct{}, 100)}
	certificate, ca := certify(t)
	s.ca = ca
	smtpd := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.connections++
		return &session{server: s, conn: c}, nil
	}))
	smtpd.Domain, smtpd.EnableSMTPUTF8 = "mx.test", k.utf8
	smtpd.ErrorLog = quiet{}
	settings := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	if !k.plain && !k.implicit {
		smtpd.TLSConfig = settings
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	if k.implicit {
		smtpd.AllowInsecureAuth = true // the server cannot see the encryption below it
		l = wires{tls.NewListener(doors{l, s}, settings), s}
	}
	done := make(chan error, 1)
	go func() { done <- smtpd.Serve(l) }()
	t.Cleanup(func() {
		_ = smtpd.Close()
		<-done
	})
	return s
}

func (s *server) set(to trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = to
}

func (s *server) got() ([]letter, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boxes, s.connections
}

func (s *server) now() trouble {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

type session struct {
	*server
	conn     *gosmtp.Conn
	in       bool
	from, to string
	utf8     bool
}

func (s *session) AuthMechanisms() []string {
	if s.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.user || password != s.password {
			return gosmtp.ErrAuthFailed
		}
		s.in = true
		return nil
	}), nil
}

func (s *session) Mail(from string, options *gosmtp.MailOptions) error {
	if s.user != "" && !s.in {
		return gosmtp.ErrAuthRequired
	}
	t := s.now()
	if t.stall != nil {
		<-t.stall
	}
	s.from, s.utf8 = from, options.UTF8
	return t.mail
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.to = to
	t := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.greylist != nil && !t.greylist[to] {
		t.greylist[to] = true
		return answer(451, "greylisted, come back later")
	}
	return t.rcpt
}

func (s *session) Data(r io.Reader) error {
	t := s.now()
	if t.slow != nil {
		<-t.slow
	}
	raw, err := io.ReadAll(r)
	if t.read != nil {
		t.read <- err
	}
	if err != nil {
		return err
	}
	if t.data != nil {
		return t.data
	}
	if f := s.bad(); f.at == atEnd && f.answer != "" {
		return nil // the wire decides what the client gets
	}
	s.mu.Lock()
	s.boxes = append(s.boxes, letter{from: s.from, to: s.to, raw: bytes.Clone(raw), utf8: s.utf8,
		helo: s.conn.Hostname()})
	s.mu.Unlock()
	if s.came != nil {
		s.came()
	}
	if t.dropped {
		_ = s.conn.Conn().Close()
	}
	return nil
}

func (*session) Reset() {}

func (s *session) Logout() error {
	select {
	case s.ended <- struct{}{}:
	default:
	}
	return nil
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// answer returns a refusal with a code.
func answer(code int, text string) error {
	return &gosmtp.SMTPError{Code: code, EnhancedCode: gosmtp.EnhancedCode{code / 100, 7, 1}, Message: text}
}

// certify creates a certificate for 127.0.0.1 and a file with its root.
func certify(t testing.TB) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mx.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// closedPort returns an address on which nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr())
}

package smtp_test

import (
	"bytes"
	"io"
	"net"
	"strings"
)

// These are the stages of a session at which a server can misbehave, named after the client's last step.
const (
	atTLS     = "TLS"
	atGreet   = "greeting"
	atEHLO    = "EHLO"
	atAuth    = "AUTH"
	atMail    = "MAIL"
	atRcpt    = "RCPT"
	atData    = "DATA"
	atMessage = "message" // part of it has arrived
	atEnd     = "end"     // all of it has arrived
)

// fault replaces the server's answer at a stage with another one, with silence until stall is closed, or
// otherwise with the end of the connection.
type fault struct {
	at     string
	answer string
	stall  chan struct{}
}

func (s *server) misbehave(f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *server) bad() fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}

// doors accepts connections below TLS.
type doors struct {
	net.Listener
	server *server
}

func (d doors) Accept() (net.Conn, error) {
	c, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &door{Conn: c, server: d.server}, nil
}

type door struct {
	net.Conn
	server *server
}

func (d *door) Read(p []byte) (int, error) {
	if f := d.server.bad(); f.at == atTLS {
		if f.stall != nil {
			<-f.stall
		}
		_ = d.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return d.Conn.Read(p)
}

// wires accepts connections between TLS and SMTP, whose answers can be read and replaced.
type wires struct {
	net.Listener
	server *server
}

func (w wires) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &wire{Conn: c, server: w.server, stage: atGreet}, nil
}

type wire struct {
	net.Conn
	server *server
	stage  string
	tail   []byte // last bytes of the message
	mute   bool   // drops the rest of a replaced answer
}

// Read tracks the client's stage.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.mute = false
	switch {
	case n == 0:
	case w.stage == atMessage:
		w.tail = append(w.tail, p[:n]...)
		if bytes.HasSuffix(w.tail, []byte("\r\n.\r\n")) {
			w.stage = atEnd
		}
		if w.server.bad().at == atMessage {
			_ = w.Close()
			return 0, io.ErrUnexpectedEOF
		}
	default:
		w.stage, _, _ = strings.Cut(strings.TrimSpace(string(p[:n])), " ")
	}
	return n, err
}

// Write sends an answer or carries out the fault.
func (w *wire) Write(p []byte) (int, error) {
	f := w.server.bad()
	switch {
	case w.mute:
		return len(p), nil
	case f.at != w.stage:
		if w.stage == atData && bytes.HasPrefix(p, []byte("354")) {
			w.stage, w.tail = atMessage, nil
		}
		return w.Conn.Write(p)
	case f.answer != "":
		w.mute = true
		if _, err := w.Conn.Write([]byte(f.answer + "\r\n")); err != nil {
			return 0, err
		}
		return len(p), nil
	case f.stall != nil:
		<-f.stall
	}
	_ = w.Close()
	return 0, io.ErrUnexpectedEOF
}

package web

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// conn is a client's connection. It checks each header strictly as it is read, since fasthttp accepts a
// bare LF as the end of a line; and it passes on no byte beyond a header or a body of known length, so that
// it knows where the next request begins. One goroutine reads and serves; any goroutine may close.
type conn struct {
	net.Conn
	peers *peers
	peer  netip.Addr

	scan   headerScan
	rest   []byte // read, not yet passed on
	body   int    // bytes of the body still to read; chunked if the length is unknown, 0 in a header
	served int    // requests
	fault  error  // in a header: nothing more is read

	begun    bool // the request has begun to arrive
	handling bool // the request is complete
	arriving bool // counted, since it needs more than one packet; written under the lock of peers
	left     bool // the connection is no longer counted; under the lock of peers

	lingers atomic.Bool
	closing sync.Once
}

// chunked marks a body of unknown length, sent in chunks.
const chunked = -1

// tlsConn is a conn that speaks TLS, in a form that fasthttp recognises.
type tlsConn struct {
	*conn
	*tls.Conn
}

// Read implements net.Conn.
func (c *tlsConn) Read(p []byte) (int, error) { return c.conn.Read(p) }

// Close implements net.Conn.
func (c *tlsConn) Close() error { return c.conn.Close() }

// connOf returns the connection of a request, or nil in a test without one.
func connOf(ctx *fasthttp.RequestCtx) *conn {
	switch c := ctx.Conn().(type) {
	case *conn:
		return c
	case *tlsConn:
		return c.conn
	}
	return nil
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if c.fault != nil {
		return 0, c.fault
	}
	if c.body > 0 && len(p) > c.body {
		p = p[:c.body]
	}
	n, err := c.take(p)
	switch {
	case n == 0 || c.body == chunked:
	case c.body > 0:
		c.body -= n
	default:
		n = c.scanned(p[:n])
	}
	return n, err
}

// scanned reads the next bytes of a header, returns how many belong to it, and keeps the rest.
func (c *conn) scanned(data []byte) int {
	n, done, err := c.scan.feed(data)
	if c.fault = err; err != nil {
		return len(data)
	}
	if done {
		c.rest = append(append([]byte(nil), data[n:]...), c.rest...)
		c.body = c.scan.length
		c.scan = headerScan{headers: c.scan.headers + 1}
	}
	return n
}

// take reads the bytes left over, or else from the client. A request that needs a second packet counts as
// arriving slowly.
func (c *conn) take(p []byte) (int, error) {
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		if c.rest = c.rest[n:]; len(c.rest) == 0 {
			c.rest = nil
		}
		return n, nil
	}
	if c.begun && !c.arriving && !c.handling {
		if !c.peers.arrive(c) {
			c.fault = errCrowded
			return 0, c.fault
		}
	}
	n, err := c.Conn.Read(p)
	c.begun = c.begun || n > 0
	return n, err
}

// handle notes that the request is complete, header and body.
func (c *conn) handle() {
	if c == nil {
		return
	}
	c.begun, c.handling = false, true
	if c.arriving {
		c.peers.arrived(c)
	}
}

// next notes that the request was answered and that a header follows.
func (c *conn) next() {
	if c != nil {
		c.handling = false
		c.body = 0
	}
}

// errPipelined refuses a request sent after a body of unknown length, before the response to the first
// request. Its header was not checked.
var errPipelined = errors.New("a request behind a chunked body")

// headerFault returns the fault in the header of the current request, or nil.
func (c *conn) headerFault() error {
	if c == nil {
		return nil
	}
	c.served++
	if c.fault == nil && c.served > c.scan.headers {
		return errPipelined
	}
	return c.fault
}

// asksAPI reports whether a header that could not be read completely is for the API.
func (c *conn) asksAPI() bool { return c != nil && c.scan.asksAPI() }

// linger makes Close wait for the rest of what the client sends: closing a connection with unread bytes
// resets it, and the client may never see the response.
func (c *conn) linger() {
	if c != nil {
		c.lingers.Store(true)
	}
}

// The limits of the wait in Close.
const (
	lingerTime  = 2 * time.Second
	lingerBytes = 32 << 20 // more than a form with photos may have
)

// Close implements net.Conn.
func (c *conn) Close() (err error) {
	c.closing.Do(func() {
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.lingers.Load() {
			if half.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
				_, _ = io.Copy(io.Discard, io.LimitReader(c.Conn, lingerBytes)) // only to wait until the client is done
			}
		}
		err = c.Conn.Close()
		c.peers.leave(c)
	})
	return err
}

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

// conn is a client's connection. It reads each header as it comes in, strictly, since fasthttp takes a bare
// LF for the end of a line; and it hands on no byte beyond a header or a body of known length, so that it
// sees where the next request begins. One goroutine reads and serves; any may close.
type conn struct {
	net.Conn
	peers *peers
	peer  netip.Addr

	scan   headerScan
	rest   []byte // read, and not handed on yet
	body   int    // bytes of the body that are still to come; chunked for those of unknown number, 0 for a header
	served int    // requests
	fault  error  // of a header: nothing more is read

	begun    bool // the request has begun to arrive
	handling bool // it is complete
	arriving bool // it is counted, since it takes more than one packet; written under the lock of peers
	left     bool // the connection is not counted any more; under the lock of peers

	lingers atomic.Bool
	closing sync.Once
}

// chunked is the length of a body in chunks.
const chunked = -1

// tlsConn is a conn that speaks TLS, as fasthttp recognises it.
type tlsConn struct {
	*conn
	*tls.Conn
}

// Read implements net.Conn.
func (c *tlsConn) Read(p []byte) (int, error) { return c.conn.Read(p) }

// Close implements net.Conn.
func (c *tlsConn) Close() error { return c.conn.Close() }

// connOf is the connection that a request came by, nil in a test without one.
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

// scanned reads the next bytes of a header and returns how many belong to it. The rest waits.
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

// take reads what is left over, else from the client. A request that needs a second packet counts as one
// that arrives slowly.
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

// next notes that the request was answered, and that a header comes next.
func (c *conn) next() {
	if c != nil {
		c.handling = false
		c.body = 0
	}
}

// errPipelined says that a request was sent behind a body of unknown length, before that one's answer. Its
// header went by unread.
var errPipelined = errors.New("a request behind a chunked body")

// headerFault is what is wrong with the header of the request to be served.
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

// asksAPI reports whether the header that could not be read to its end asks for the API.
func (c *conn) asksAPI() bool { return c != nil && c.scan.asksAPI() }

// linger makes Close wait for what the client still sends: a connection that is closed with bytes unread is
// reset, and the client may never see the answer.
func (c *conn) linger() {
	if c != nil {
		c.lingers.Store(true)
	}
}

// The most that a closed connection waits for its client.
const (
	lingerTime  = time.Second
	lingerBytes = 8 << 20
)

// Close implements net.Conn.
func (c *conn) Close() (err error) {
	c.closing.Do(func() {
		if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.lingers.Load() {
			if half.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
				_, _ = io.Copy(io.Discard, io.LimitReader(c.Conn, lingerBytes)) // to see whether it is done is all it is for
			}
		}
		err = c.Conn.Close()
		c.peers.leave(c)
	})
	return err
}

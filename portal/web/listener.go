package web

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Connections limits the connections that clients keep open. A peer is an IPv4 address or a /64 IPv6
// network. For trusted proxies only the total applies.
type Connections struct {
	Total    int // maximum number open at the same time; 0 for DefaultTotal
	PerPeer  int // per peer; 0 for DefaultPerPeer
	Arriving int // per peer, with a request that has begun and is incomplete; 0 for DefaultArriving
}

// Default limits of connections. A connection with a half-sent request uses about 30 KiB.
const (
	DefaultTotal    = 4096
	DefaultPerPeer  = 128
	DefaultArriving = 32
)

func (c Connections) orDefault() Connections {
	return Connections{
		Total:    positiveOr(c.Total, DefaultTotal),
		PerPeer:  positiveOr(c.PerPeer, DefaultPerPeer),
		Arriving: positiveOr(c.Arriving, DefaultArriving),
	}
}

func positiveOr(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// errCrowded closes a connection whose peer has too many half-sent requests.
var errCrowded = errors.New("too many unfinished requests from one address")

// peers counts the connections. It is safe for concurrent use.
type peers struct {
	bounds  Connections
	trusted []netip.Prefix
	log     *slog.Logger

	mu     sync.Mutex
	open   int
	of     map[netip.Addr]*held
	logged time.Time
}

// held counts the connections of one peer.
type held struct{ open, arriving int }

func newPeers(config Config) *peers {
	return &peers{bounds: config.Connections.orDefault(), trusted: config.Trusted, log: config.Log,
		of: map[netip.Addr]*held{}}
}

// enter counts a new connection and reports whether to keep it. peer is the zero Addr if only the total
// applies.
func (p *peers) enter(at net.Addr) (peer netip.Addr, ok bool) {
	peer = p.peerOf(at)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open >= p.bounds.Total {
		p.refused("total")
		return peer, false
	}
	if peer.IsValid() {
		h := p.of[peer]
		if h == nil {
			h = &held{}
			p.of[peer] = h
		}
		if h.open >= p.bounds.PerPeer {
			p.refused("one address")
			return peer, false
		}
		h.open++
	}
	p.open++
	return peer, true
}

// arrive counts a request that needs more than one packet, and reports whether it may continue.
func (p *peers) arrive(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.of[c.peer]
	if h == nil || c.left {
		return true
	}
	if h.arriving >= p.bounds.Arriving {
		p.refused("unfinished requests of one address")
		return false
	}
	h.arriving++
	c.arriving = true
	return true
}

// arrived reverses arrive.
func (p *peers) arrived(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h := p.of[c.peer]; h != nil && c.arriving && !c.left {
		h.arriving--
	}
	c.arriving = false
}

// leave reverses enter, and arrive if arrived has not done so.
func (p *peers) leave(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open--
	c.left = true
	h := p.of[c.peer]
	if h == nil {
		return
	}
	if c.arriving {
		h.arriving--
	}
	if h.open--; h.open <= 0 {
		delete(p.of, c.peer)
	}
}

// refused logs at most once a minute, without the address. The caller holds the lock.
func (p *peers) refused(bound string) {
	if now := time.Now(); now.Sub(p.logged) > time.Minute {
		p.logged = now
		p.log.Warn("connection refused: too many are open; if they come from a reverse proxy, name it in --trusted-proxies",
			"bound", bound, "open", p.open)
	}
}

func (p *peers) peerOf(at net.Addr) netip.Addr {
	tcp, ok := at.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	address := tcp.AddrPort().Addr().Unmap().WithZone("")
	if slices.ContainsFunc(p.trusted, func(proxies netip.Prefix) bool { return proxies.Contains(address) }) {
		return netip.Addr{}
	}
	if address.Is6() {
		return netip.PrefixFrom(address, 64).Masked().Addr()
	}
	return address
}

// listener returns the connections within the limits and closes the others immediately.
type listener struct {
	net.Listener
	peers *peers
}

// acceptPause is the wait before the next Accept when the machine has run out of file descriptors.
const acceptPause = 50 * time.Millisecond

// Accept implements net.Listener. A temporary error, such as a lack of file descriptors, does not stop the
// server.
func (l *listener) Accept() (net.Conn, error) {
	for {
		inner, err := l.Listener.Accept()
		var number syscall.Errno
		if errors.As(err, &number) && number.Temporary() {
			<-time.After(acceptPause)
			continue
		}
		if err != nil {
			return nil, err
		}
		peer, ok := l.peers.enter(inner.RemoteAddr())
		if !ok {
			_ = inner.Close() // nothing was read or written
			continue
		}
		c := &conn{Conn: inner, peers: l.peers, peer: peer}
		if secure, ok := inner.(*tls.Conn); ok {
			return &tlsConn{conn: c, Conn: secure}, nil
		}
		return c, nil
	}
}

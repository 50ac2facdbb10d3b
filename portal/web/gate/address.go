package gate

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// peerOf returns the remote address of the connection.
func peerOf(c *fiber.Ctx) netip.Addr {
	if tcp, ok := c.Context().RemoteAddr().(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func (g *Gate) trusts(address netip.Addr) bool {
	return address.IsValid() &&
		slices.ContainsFunc(g.trusted, func(proxies netip.Prefix) bool { return proxies.Contains(address) })
}

// clientOf walks X-Forwarded-For from its right end, where the nearest proxy wrote, for as long as the
// entries come from trusted proxies. The first address that is not a trusted proxy's is the client's.
// Entries further left are only the client's claim.
func (g *Gate) clientOf(c *fiber.Ctx, peer netip.Addr) netip.Addr {
	client := peer
	hops := forwardedFor(c)
	for i := len(hops) - 1; i >= 0 && g.trusts(client); i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			return client
		}
		client = hop
	}
	return client
}

// forwardedFor joins the lists of all X-Forwarded-For headers.
func forwardedFor(c *fiber.Ctx) []string {
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	return hops
}

// parseHop reads an address with or without a port or brackets.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr().Unmap().WithZone(""), true
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return address.Unmap().WithZone(""), err == nil
}

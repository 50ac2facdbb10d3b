package smtp

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"
)

// hello returns this machine's name for EHLO: the one in the URL, otherwise the host name, otherwise
// Domain. Many servers reject names that cannot be resolved, or treat them as a sign of spam (RFC 5321,
// 4.1.1.1).
func (s *Sender) hello(ctx context.Context) string {
	if s.helo != "" {
		return s.helo
	}
	machine, err := os.Hostname()
	if err == nil && isPublicName(machine) {
		return machine
	}
	if s.Domain != nil {
		if domain := s.Domain(ctx); isPublicName(domain) {
			return domain
		}
	}
	if err != nil || !isGreeting(machine) {
		return "localhost"
	}
	return machine
}

// isPublicName reports whether a host name has a domain that is not reserved for local networks.
func isPublicName(name string) bool {
	name = strings.ToLower(name)
	local := []string{"local", "localdomain", "localhost", "internal", "lan", "home"}
	_, err := netip.ParseAddr(name)
	return err != nil && domainShape.MatchString(name) && !slices.Contains(local,
		name[strings.LastIndexByte(name, '.')+1:])
}

// isGreeting reports whether a name is valid in EHLO: a host name, or an address in brackets.
func isGreeting(name string) bool {
	literal, bracketed := strings.CutPrefix(name, "[")
	if bracketed {
		literal, bracketed = strings.CutSuffix(literal, "]")
		_, err := netip.ParseAddr(strings.TrimPrefix(literal, "IPv6:"))
		return bracketed && err == nil
	}
	return selectorShape.MatchString(strings.ToLower(name))
}

package credential

import (
	"slices"
	"time"
)

// SessionInfo describes one signed-in browser to its owner.
type SessionInfo struct {
	ID         string // identifies the session, grants no access
	Device     string // "Firefox, Windows", "" when unknown
	Network    string // "192.0.2.0/24", "" when unknown
	SignedInAt time.Time
	SeenAt     time.Time // to within five minutes
	Current    bool      // the session that makes the request
}

const sessionIDLength = 12

func (s Session) ID() string { return s.Hash[:sessionIDLength] }

// SessionInfos returns the active sessions, most recently used first.
func (a *Credentials) SessionInfos(now time.Time) []SessionInfo {
	var infos []SessionInfo
	for _, s := range a.Sessions {
		if s.live(now) {
			infos = append(infos, SessionInfo{
				ID: s.ID(), Device: s.Device, Network: s.Network, SignedInAt: s.SignedInAt, SeenAt: s.SeenAt,
			})
		}
	}
	slices.SortStableFunc(infos, func(a, b SessionInfo) int { return b.SeenAt.Compare(a.SeenAt) })
	return infos
}

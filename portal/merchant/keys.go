package merchant

import (
	"context"
	"slices"
	"strings"
	"time"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/staff"
	"postern/portal/validate"
)

// KeyRow is an API key with who created it.
type KeyRow struct {
	portal.KeyInfo
	Creator string // the email of the member of staff, or the id of one who left; "" for nobody known
	Expired bool
}

// Keys lists the shop's API keys, oldest first.
func (s Staff) Keys(ctx context.Context) ([]KeyRow, error) {
	if !s.May(staff.PermissionKeys) {
		return nil, denied()
	}
	roster, _, err := s.rosters().Get(ctx, staff.RosterKey)
	if err != nil {
		return nil, strangerIfMissing(err)
	}
	found, err := s.app.Keys(ctx, s.shop.ID)
	rows := make([]KeyRow, len(found))
	for i, key := range found {
		rows[i] = KeyRow{KeyInfo: key, Expired: !key.ExpiresAt.IsZero() && !s.app.Now().Before(key.ExpiresAt)}
		if m, there := roster.ByID(key.By.ID); there && key.By.Kind == audit.Staff {
			rows[i].Creator = m.Email
		}
	}
	return rows, err
}

// Key returns one of the shop's API keys, or validate.NotFound.
func (s Staff) Key(ctx context.Context, id string) (KeyRow, error) {
	rows, err := s.Keys(ctx)
	at := slices.IndexFunc(rows, func(row KeyRow) bool { return row.ID == id })
	if err == nil && at < 0 {
		err = validate.NewError(validate.NotFound, "api_keys.gone")
	}
	if err != nil {
		return KeyRow{}, err
	}
	return rows[at], nil
}

// NewKey is the form of a new API key. Expires is the last day on which it works, "" for never.
type NewKey struct {
	Name, Expires string
	Scopes        []portal.Scope
}

// CreateKey creates an API key and returns it. It cannot be shown again. It needs a fresh second factor.
// Field errors are at "name", "scope" and "expires".
func (s Staff) CreateKey(ctx context.Context, in NewKey) (string, error) {
	if err := s.mayChangeKeys(ctx); err != nil {
		return "", err
	}
	f := &validate.Validator{}
	options := []portal.KeyOption{portal.KeyScopes(in.Scopes...)}
	if strings.TrimSpace(in.Name) == "" {
		f.Reject("name", "api_keys.name.missing")
	}
	if len(in.Scopes) == 0 {
		f.Reject("scope", "api_keys.scopes.none")
	}
	if day := f.Day("expires", in.Expires, s.shop.Location()); !day.IsZero() {
		at := validate.Dawn(day.AddDate(0, 0, 1))
		if !at.After(s.app.Now()) {
			f.Reject("expires", "api_keys.expires.past")
		}
		options = append(options, portal.KeyExpiry(at))
	}
	if err := validate.InvalidFields(f.Rejected); err != nil {
		return "", err
	}
	return s.app.CreateKey(ctx, s.shop.ID, in.Name, s.groupAct(audit.KeyCreated), options...)
}

// RevokeKey revokes an API key, effective immediately; validate.NotFound if there is none. It needs a fresh
// second factor.
func (s Staff) RevokeKey(ctx context.Context, id string) error {
	if err := s.mayChangeKeys(ctx); err != nil {
		return err
	}
	return s.app.RevokeKey(ctx, s.shop.ID, id, s.groupAct(audit.KeyRevoked))
}

func (s Staff) mayChangeKeys(ctx context.Context) error {
	if err := s.requireFresh(); err != nil {
		return err
	}
	return s.requireStill(ctx, staff.PermissionKeys)
}

// LastDay returns the last day on which the key works, the zero time for one that works for ever.
func (k KeyRow) LastDay() time.Time {
	if k.ExpiresAt.IsZero() {
		return time.Time{}
	}
	return k.ExpiresAt.Add(-time.Millisecond)
}

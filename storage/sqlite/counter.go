package sqlite

import (
	"database/sql"
	"errors"
	"time"

	"postern/storage"
)

const (
	lookCounter  = `SELECT n, expires FROM _counters WHERE key = ? AND expires > ?`
	applyCount   = `INSERT INTO _counters (key, n, expires) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET n = CASE WHEN expires > ?4 THEN n ELSE 0 END + ?2, expires = CASE WHEN expires > ?4 THEN expires ELSE ?3 END RETURNING n, expires`
	sweepExpired = `DELETE FROM _counters WHERE key IN (SELECT key FROM _counters WHERE expires <= ? ORDER BY expires LIMIT ?)`
)

// countAll applies the counts in order and then removes some expired counters: more than the counts can
// have created, so that their number falls.
func countAll(c *conn, now time.Time, counts []storage.Count, tallies []storage.Tally) error {
	changed := 0
	for i, count := range counts {
		if count.By != 0 {
			changed++
		}
		var err error
		if tallies[i], err = applyOne(c, now.UnixMilli(), count); err != nil {
			return err
		}
	}
	if changed == 0 {
		return nil
	}
	return c.exec(sweepExpired, now.UnixMilli(), 2*changed+2)
}

func applyOne(c *conn, now int64, count storage.Count) (storage.Tally, error) {
	var n, expires int64
	if count.By != 0 {
		err := c.row(applyCount, []any{count.Key, count.By, count.Expires.UnixMilli(), now}, &n, &expires)
		return storage.Tally{N: n, Expires: time.UnixMilli(expires).UTC()}, err
	}
	err := c.row(lookCounter, []any{count.Key, now}, &n, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		n, expires, err = 0, count.Expires.UnixMilli(), nil
	}
	return storage.Tally{N: n, Expires: time.UnixMilli(expires).UTC()}, err
}

package web

import (
	"context"
	"time"

	"postern/portal"
	"postern/portal/web/gate"
)

// takeUpload takes the one slot of a customer.
func (in *intake) takeUpload(ctx context.Context, customer *portal.Shopper) error {
	sender := customer.FormOwner()
	if _, busy := in.inbox.uploads.LoadOrStore(sender, true); busy {
		return errNoSlot()
	}
	in.sender = sender
	err := in.takeFree()
	if err == nil {
		err = customer.BeginUpload(ctx)
	}
	if err != nil {
		in.release()
	}
	return err
}

// hurry gives the client of a form with files a short time for its next bytes.
func (in *intake) hurry() {
	if in.sender != "" && in.conn != nil {
		_ = in.conn.SetReadDeadline(in.pace.next(time.Now())) // a broken connection fails at the next read
	}
}

// pace is how fast a form with files must arrive: after a pause at the beginning, at uploadRate on average,
// without a longer pause.
type pace struct {
	start, end time.Time
	pause      time.Duration
}

// uploadRate is in bytes a second, the uplink of a phone with bad reception.
const uploadRate = 64 << 10

// newPace returns the pace of a body that begins now. reading is the site's time limit of a body.
func newPace(reading time.Duration, route gate.Route) pace {
	now := time.Now()
	return pace{start: now, end: now.Add(max(reading, route.Reading)), pause: reading / 2}
}

// next returns when the next bytes must have arrived.
func (p pace) next(now time.Time) time.Time {
	if next := now.Add(p.pause); next.Before(p.end) {
		return next
	}
	return p.end
}

// isSlow reports whether fewer bytes have arrived than should have.
func (p pace) isSlow(now time.Time, arrived int) bool {
	return float64(arrived) < (now.Sub(p.start)-p.pause).Seconds()*uploadRate
}

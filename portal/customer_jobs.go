package portal

import (
	"context"

	"postern/portal/job"
)

// The kinds of jobs on customers' documents.
const (
	kindChangeNotice    = "change_notice"  // args: what
	kindEmailMoved      = "email_moved"    // args: entry, of the outbox
	kindEmailUndone     = "email_undone"   // args: email
	kindErasureNotice   = "erasure_notice" //
	kindErasure         = "erasure"
	kindReleaseEmails   = "release_emails"
	kindForgetAddresses = "forget_addresses"
	kindVATCheck        = "vat_check"
)

func (w Worker) customerJobs() job.Source {
	return job.Documents[Customer]{
		Collection: customerCollection(),
		Open:       w.app.customerDocs,
		List:       func(c *Customer) *job.List { return &c.Work },
		Settle:     func(c *Customer) { c.settle(w.app.now()) },
		Kinds: map[string]job.Kind[Customer]{
			kindChangeNotice:    {Do: inShop(w.app, w.postChangeNotice)},
			kindEmailMoved:      {Do: inShop(w.app, w.postEmailMoved)},
			kindEmailUndone:     {Do: inShop(w.app, w.postEmailUndone)},
			kindErasureNotice:   {Do: inShop(w.app, w.postErasureNotices)},
			kindErasure:         {Do: inShop(w.app, w.erase), Slow: true},
			kindReleaseEmails:   {Do: inShop(w.app, w.releaseEmails)},
			kindForgetAddresses: {Do: forgetAddresses},
			kindVATCheck:        {Do: inShop(w.app, w.checkVAT), Slow: true, Retry: retryVAT()},
		},
	}
}

// releaseEmails releases the emails with an expired reservation.
func (w Worker) releaseEmails(ctx context.Context, shop Shop, t job.Task[Customer]) (job.Finish[Customer], error) {
	return nil, w.releaseFormer(ctx, shop, t.Key)
}

// forgetAddresses does nothing itself: any change of a customer drops the addresses that have expired.
func forgetAddresses(context.Context, job.Task[Customer]) (job.Finish[Customer], error) {
	return nil, nil
}

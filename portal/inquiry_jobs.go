package portal

import (
	"context"

	"postern/mail"
	"postern/portal/job"
	"postern/storage"
)

// The mails of an inquiry. Their entries' keys name it, so that they carry nothing of it and can be sent
// again.
const (
	kindInquiryEmails  = "inquiry_emails"
	mailInquiryTold    = "inquiry_told"
	mailInquiryReceipt = "inquiry_receipt"
	inquiryToldEntry   = "inquiry-told-"
	inquiryReceipt     = "inquiry-receipt-"
)

func (w Worker) inquiryJobs() job.Source {
	return job.Documents[inquiry]{
		Collection: inquiryCollection(),
		Open:       w.app.inquiryDocs,
		List:       func(in *inquiry) *job.List { return &in.Work },
		Kinds:      map[string]job.Kind[inquiry]{kindInquiryEmails: {Do: inShop(w.app, w.postInquiry)}},
	}
}

// postInquiry mails an inquiry to the shop, and of a request a receipt to who sent it. The entries' keys
// make twice once.
func (w Worker) postInquiry(ctx context.Context, shop Shop, t job.Task[inquiry]) (job.Finish[inquiry], error) {
	in, now := t.Doc, w.app.now()
	c, err := w.app.customer(ctx, shop.ID, in.Customer)
	if err == nil && shop.Brand.SupportEmail != "" {
		err = w.post(ctx, shop, inquiryToldEntry+t.Key, mail.Entry{
			Kind: mailInquiryTold, To: shop.Brand.SupportEmail, Lang: shop.Language, CreatedAt: now,
		})
	}
	if err == nil && in.Channel == channelRequests {
		err = w.post(ctx, shop, inquiryReceipt+t.Key, mail.Entry{Kind: mailInquiryReceipt, To: c.Email, Lang: in.Lang, CreatedAt: now})
	}
	return nil, ifFound(err)
}

// post puts a mail into the outbox, due at once.
func (w Worker) post(ctx context.Context, shop Shop, key string, e mail.Entry) error {
	_, err := mail.NewOutbox(w.app.engine, shop.ID).AddOnce(ctx, key, e)
	return err
}

// eraseRequests deletes all messages and requests of a customer. Doing it twice, or again after a crash,
// ends the same.
func (w Worker) eraseRequests(ctx context.Context, shop, customer string) error {
	docs := w.app.inquiryDocs(shop)
	for {
		page, err := storage.Find[struct{}](ctx, docs, storage.Query{Index: inquiriesByOrder, Equal: []any{customer}, Limit: readBatch})
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		if err := eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{}]) error {
			return remove(ctx, docs, hit.Key)
		}); err != nil {
			return err
		}
	}
}

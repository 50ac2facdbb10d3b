package portal

import (
	"context"

	"postern/mail"
	"postern/storage"
)

// The mails of an inquiry. Their entries' keys name it, so that they carry nothing of it and can be sent again.
const (
	jobInquiry         = "mail"
	mailInquiryTold    = "inquiry_told"
	mailInquiryReceipt = "inquiry_receipt"
	inquiryToldEntry   = "inquiry-told-"
	inquiryReceipt     = "inquiry-receipt-"
)

// inquiries puts the mails of new inquiries into the outbox, and then takes the jobs out. The entries' keys make twice once.
func (w Worker) inquiries(ctx context.Context, shop Shop) (done int, err error) {
	prefix := jobInquiry
	page, err := storage.Find[struct{}](ctx, w.app.inquiryDocs(shop.ID), storage.Query{Index: inquiriesByTodo, Prefix: &prefix, Limit: todoBatch})
	if err != nil {
		return 0, err
	}
	return len(page.Hits), eachAtOnce(ctx, page.Hits, func(ctx context.Context, hit storage.Hit[struct{}]) error {
		return ifFound(w.tellInquiry(ctx, shop, hit.Key))
	})
}

// tellInquiry mails an inquiry to the shop, and of a request a receipt to who sent it.
func (w Worker) tellInquiry(ctx context.Context, shop Shop, id string) error {
	docs := w.app.inquiryDocs(shop.ID)
	in, _, err := docs.Get(ctx, id)
	if err != nil {
		return err
	}
	c, err := w.app.customer(ctx, shop.ID, in.Customer)
	now := w.app.now()
	if err == nil && shop.Brand.SupportEmail != "" {
		err = w.post(ctx, shop, inquiryToldEntry+id, mail.Entry{Kind: mailInquiryTold, To: shop.Brand.SupportEmail, Lang: shop.Language, CreatedAt: now})
	}
	if err == nil && in.Channel == channelRequests {
		err = w.post(ctx, shop, inquiryReceipt+id, mail.Entry{Kind: mailInquiryReceipt, To: c.Email, Lang: in.Lang, CreatedAt: now})
	}
	if ifFound(err) != nil {
		return err
	}
	_, err = docs.Change(ctx, id, func(in *inquiry) error {
		in.Todo = nil
		return nil
	})
	return err
}

// post puts a mail into the outbox, due at once.
func (w Worker) post(ctx context.Context, shop Shop, key string, e mail.Entry) error {
	_, err := mail.NewOutbox(w.app.engine, shop.ID).AddOnce(ctx, key, e)
	return err
}

// eraseRequests deletes all messages and requests of a customer. Doing it twice, or again after a crash, ends the same.
func (w Worker) eraseRequests(ctx context.Context, shop, customer string) error {
	docs := w.app.inquiryDocs(shop)
	for {
		page, err := storage.Find[struct{}](ctx, docs, storage.Query{Index: inquiriesByOrder, Equal: []any{customer}, Limit: todoBatch})
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

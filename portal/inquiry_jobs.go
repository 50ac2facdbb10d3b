package portal

import (
	"context"

	"postern/mail"
	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/storage"
)

// The emails about an inquiry. The outbox key contains the inquiry's id, so that the entry holds none of
// its content and can be sent again.
const (
	kindInquiryEmails  = "inquiry_emails"
	mailInquiryTold    = "inquiry_told"
	mailInquiryReceipt = "inquiry_receipt"
	inquiryToldEntry   = "inquiry-told-"
	inquiryReceipt     = "inquiry-receipt-"

	mailAnswer         = "answer"
	mailRequestDecided = "request_declined" // the name is in stored entries
	answerEntry        = "inquiry-answer-"
	decidedEntry       = "request-" // then the state, "-" and the request's key

	inquiryNews = "news" // the argument of kindInquiryEmails: the decided state; none for a new inquiry
)

func (w Worker) inquiryJobs() job.Source {
	return job.Documents[inquiry.Inquiry]{
		Collection: inquiry.Collection(),
		Open:       w.app.inquiryDocs,
		List:       func(in *inquiry.Inquiry) *job.List { return &in.Work },
		Kinds: map[string]job.Kind[inquiry.Inquiry]{
			kindInquiryEmails: {Do: inShop(w.app, w.postInquiry)},
			audit.KindRecord:  recordsActs[inquiry.Inquiry](w.app),
		},
	}
}

// postInquiry emails an inquiry to the shop and, for a request, a receipt to the customer; an answer of the
// shop goes to the customer. Repeating it adds no second email, since the outbox keys are the same.
func (w Worker) postInquiry(ctx context.Context, shop shop.Shop,
	t job.Task[inquiry.Inquiry]) (job.Finish[inquiry.Inquiry], error) {
	in, now := t.Doc, w.app.now()
	c, err := w.app.customer(ctx, shop.ID, in.Customer)
	switch {
	case err != nil:
		return nil, ifFound(err)
	case in.Channel == inquiry.ChannelAnswers:
		return nil, w.postAnswer(ctx, shop, t)
	case in.Channel == inquiry.ChannelRequests:
		if err := w.noteRequest(ctx, shop, in); err != nil {
			return nil, ifFound(err)
		}
	}
	switch {
	case t.Job.Args[inquiryNews] != "":
		return nil, w.post(ctx, shop, decidedEntry+t.Job.Args[inquiryNews]+"-"+t.Key,
			mail.Entry{Kind: mailRequestDecided, To: c.LetterEmail(), Lang: in.Lang, CreatedAt: now})
	}
	if shop.Brand.SupportEmail != "" {
		err = w.post(ctx, shop, inquiryToldEntry+t.Key, mail.Entry{
			Kind: mailInquiryTold, To: shop.Brand.SupportEmail, Lang: shop.Language, CreatedAt: now,
		})
	}
	if err == nil && in.Channel == inquiry.ChannelRequests {
		err = w.post(ctx, shop, inquiryReceipt+t.Key,
			mail.Entry{Kind: mailInquiryReceipt, To: c.LetterEmail(), Lang: in.Lang, CreatedAt: now})
	}
	return nil, ifFound(err)
}

// noteRequest remembers a request, which the list of orders shows.
func (w Worker) noteRequest(ctx context.Context, shop shop.Shop, in inquiry.Inquiry) error {
	asked := customer.Asked{Order: in.Order, Kind: in.Kind, At: in.At, State: in.Record("").State()}
	_, err := w.app.changeCustomer(ctx, shop.ID, in.Customer, func(c *customer.Customer) error {
		if !c.NoteRequest(asked, w.app.now()) {
			return storage.ErrUnchanged
		}
		return nil
	})
	return err
}

// postAnswer marks the conversation as unread and emails the shop's message to the customer.
func (w Worker) postAnswer(ctx context.Context, shop shop.Shop, t job.Task[inquiry.Inquiry]) error {
	now := w.app.now()
	c, err := w.app.changeCustomer(ctx, shop.ID, t.Doc.Customer, func(c *customer.Customer) error {
		if !c.NoteAnswer(t.Doc.Order, t.Doc.At, now) {
			return storage.ErrUnchanged
		}
		return nil
	})
	if err == nil {
		err = w.post(ctx, shop, answerEntry+t.Key, mail.Entry{Kind: mailAnswer, To: c.LetterEmail(), CreatedAt: now})
	}
	return ifFound(err)
}

// post adds an email to the outbox, due immediately.
func (w Worker) post(ctx context.Context, shop shop.Shop, key string, e mail.Entry) error {
	_, err := w.app.outbox(shop.ID).AddOnce(ctx, key, e)
	return err
}

// eraseInquiries deletes all messages and requests of a customer. It is safe to repeat, also after a crash.
func (w Worker) eraseInquiries(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	docs := w.app.inquiryDocs(shop.ID)
	return eraseFound(ctx, docs, storage.Query{Index: inquiry.ByOrder, Equal: []any{c.ID}},
		func(in inquiry.Inquiry) error { return w.app.recordPending(ctx, shop.ID, in.Work) })
}

package portal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/job"
	"postern/portal/validate"
	"postern/portal/withdrawal"
	"postern/storage"
)

func (a *App) inquiryDocs(shop string) storage.Docs[inquiry.Inquiry] {
	return inquiry.Docs(a.engine, shop)
}

// inquirySent reports whether a form has been sent before. It is a Conflict if its id was used for
// something else.
func (s Shopper) inquirySent(ctx context.Context, id string, in inquiry.Inquiry) (sent bool, err error) {
	doc, _, err := s.app.inquiryDocs(s.shop.ID).Get(ctx, id)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return false, nil
	case err == nil && (!s.customer.Is(doc.Customer) || doc.Order != in.Order || doc.Channel != in.Channel ||
		doc.Kind != in.Kind || doc.ContentHash != in.ContentHash):
		return false, validate.NewError(validate.Conflict, "inquiry.different")
	}
	return err == nil, err
}

// unlessSent returns err, or nil if the form has been stored by now. After the first check, a duplicate of
// this request may have been stored and used up the limit or what can be returned; both requests then get the
// same answer.
func (s Shopper) unlessSent(ctx context.Context, id string, in inquiry.Inquiry, err error) error {
	switch validate.KindOf(err) {
	case validate.Conflict, validate.TooMany, validate.Invalid:
	default:
		return err
	}
	sent, failed := s.inquirySent(ctx, id, in)
	if sent || failed != nil {
		return failed
	}
	return err
}

// inquire stores an inquiry if the limits allow it; the worker emails it. earlier is the number of
// inquiries about the same order in that channel.
func (s Shopper) inquire(ctx context.Context, id string, in inquiry.Inquiry, earlier int) error {
	most := inquiry.MaxMessages
	if in.Channel == inquiry.ChannelRequests {
		most = inquiry.MaxRequests
	}
	if earlier >= most {
		return s.unlessSent(ctx, id, in, validate.NewError(validate.Conflict, "inquiry.full"))
	}
	over, err := s.app.exceeded(ctx,
		[]subjectLimit{s.limitOf(in.Channel, limit(inquiry.InquiriesAnHour, time.Hour))})
	if err != nil {
		return err
	}
	if over[0] {
		return s.unlessSent(ctx, id, in, validate.NewError(validate.TooMany, "inquiry.too_many"))
	}
	in.At = s.app.now().UTC().Truncate(time.Millisecond)
	in.Place = withdrawal.PlaceOf(in.At, storage.NewID())
	in.Work.Add(job.Request{Kind: kindInquiryEmails, At: in.At})
	err = s.app.inquiryDocs(s.shop.ID).Insert(ctx, id, in)
	if errors.Is(err, storage.ErrExists) {
		_, err = s.inquirySent(ctx, id, in)
	}
	return err
}

// Correspondence returns what the customer and the shop wrote about an order. It does not check that the
// order belongs to the customer; for another customer's order the result is empty.
func (s Shopper) Correspondence(ctx context.Context, number string) (inquiry.Correspondence, error) {
	return s.app.correspondence(ctx, s.shop.ID, s.customer, number)
}

func (a *App) correspondence(ctx context.Context, shop string, who customer.Customer, number string) (
	inquiry.Correspondence, error) {
	var c inquiry.Correspondence
	for _, id := range who.IDs() {
		err := a.eachInquiry(ctx, shop, []any{id, number}, func(channel string, r inquiry.Record) {
			if channel == inquiry.ChannelRequests {
				c.Requests = append(c.Requests, r)
			} else { // a message of either side
				c.Messages = append(c.Messages, r)
			}
		})
		if err != nil {
			return c, err
		}
	}
	if len(who.Merged) > 0 {
		byTime := func(a, b inquiry.Record) int { return a.At.Compare(b.At) }
		slices.SortStableFunc(c.Requests, byTime)
		slices.SortStableFunc(c.Messages, byTime)
	}
	return c, nil
}

func (a *App) eachInquiry(ctx context.Context, shop string, equal []any,
	do func(channel string, r inquiry.Record)) error {
	query := storage.Query{Index: inquiry.ByOrder, Equal: equal,
		Limit: inquiry.MaxMessages + inquiry.MaxRequests}
	for {
		page, err := storage.Find[inquiry.Inquiry](ctx, a.inquiryDocs(shop), query)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			do(hit.Head.Channel, hit.Head.Record(hit.Key))
		}
		if query.Cursor = page.Next; page.Next == "" {
			return nil
		}
	}
}

// Messages lists the customers' messages that follow after, or all of them for "". An after that did not
// come from Next is Invalid.
func (f Feed) Messages(ctx context.Context, after string) (inquiry.MessagePage, error) {
	found, err := f.inquiries(ctx, inquiry.ChannelMessages, after)
	return inquiry.MessagePage{Messages: found.list, Next: found.next, More: found.more}, err
}

// Requests lists the customers' requests that follow after, or all of them for "". An after that did not
// come from Next is Invalid.
func (f Feed) Requests(ctx context.Context, after string) (inquiry.RequestPage, error) {
	found, err := f.inquiries(ctx, inquiry.ChannelRequests, after)
	return inquiry.RequestPage{Requests: found.list, Next: found.next, More: found.more}, err
}

func (f Feed) inquiries(ctx context.Context, channel, after string) (part[inquiry.FeedInquiry], error) {
	found, err := listed(ctx, f.app.inquiryDocs(f.shop.ID), listing[inquiry.Inquiry, inquiry.FeedInquiry]{
		query: storage.Query{Index: inquiry.ByChannel, Equal: []any{channel}}, after: after, now: f.app.now(),
		record: func(id string, in inquiry.Inquiry) (inquiry.FeedInquiry, string) {
			return inquiry.FeedInquiry{Record: in.Record(id)}, in.Place
		},
	})
	if err != nil {
		return found, err
	}
	return found, f.nameCustomers(ctx, found.list)
}

// nameCustomers fills in the customers' ids and emails. They stay empty for customers who are being erased.
func (f Feed) nameCustomers(ctx context.Context, list []inquiry.FeedInquiry) error {
	byCustomer := map[string][]*inquiry.FeedInquiry{}
	for i := range list {
		byCustomer[list[i].Customer] = append(byCustomer[list[i].Customer], &list[i])
	}
	return eachAtOnce(ctx, slices.Collect(maps.Keys(byCustomer)), func(ctx context.Context, id string) error {
		c, err := f.app.customer(ctx, f.shop.ID, id)
		for _, inquiry := range byCustomer[id] {
			inquiry.CustomerID, inquiry.Email = c.FeedID, c.Email
		}
		return ifFound(err)
	})
}

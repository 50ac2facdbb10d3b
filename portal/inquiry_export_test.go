package portal

import (
	"context"

	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/shop"
)

// These functions, which erasure and the data export call, are exported for tests.

func (w Worker) EraseInquiries(ctx context.Context, shopID, id string) error {
	return w.eraseInquiries(ctx, shop.Shop{ID: shopID}, customer.Customer{ID: id})
}

// InquiryData returns the messages and the requests of a download.
func (s Shopper) InquiryData(ctx context.Context) (messages, requests []inquiry.Record, err error) {
	var data personData
	err = s.addInquiries(ctx, &data)
	return data.Messages, data.Requests, err
}

package portal_test

import (
	"testing"
	"time"

	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
)

// TestOrderActions checks for each state of an order which actions are offered, by which link or request,
// and which are refused and why.
func TestOrderActions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	asked := inquiry.Correspondence{Requests: []inquiry.Record{{Kind: inquiry.RequestReturn}, {Kind: inquiry.RequestCancel, At: at}}}
	all := order.Links{Payment: "https://p.example", Invoice: "https://i.example", Reorder: "https://o.example", Return: "https://r.example", Cancel: "https://c.example"}
	parcel := order.Shipment{URL: "https://t.example", ShippedAt: &at}
	tests := []struct {
		name                        string
		state, payment, fulfillment string
		change                      func(*order.Order)
		sent                        inquiry.Correspondence
		want                        []string
	}{
		{"new and unpaid", "open", "pending", "unfulfilled", nil, inquiry.Correspondence{},
			[]string{"pay no: pay.no_link", "track no: track.not_shipped", "invoice no: invoice.no_link", "return no: return.not_shipped", "cancel asks"}},
		{"new, with all links", "open", "pending", "unfulfilled", func(o *order.Order) { o.Links = all }, inquiry.Correspondence{},
			[]string{"pay https://p.example", "track no: track.not_shipped", "invoice https://i.example", "reorder https://o.example", "return no: return.not_shipped", "cancel https://c.example"}},
		{"on delivery", "open", "pending", "processing", func(o *order.Order) { o.Status.PaymentKind = "cod"; o.Links = all }, inquiry.Correspondence{},
			[]string{"track no: track.not_shipped", "invoice https://i.example", "reorder https://o.example", "return no: return.not_shipped", "cancel https://c.example"}},
		{"a cancellation is asked for", "open", "paid", "on_hold", func(o *order.Order) { o.Links.Cancel = "https://c.example" }, asked,
			[]string{"track no: track.not_shipped", "invoice no: invoice.no_link", "return no: return.not_shipped", "cancel no: cancel.asked"}},
		{"ready for pickup", "open", "paid", "ready_for_pickup", nil, inquiry.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return no: return.not_shipped", "cancel asks"}},
		{"shipped, with all links", "open", "paid", "shipped", func(o *order.Order) { o.Links = all; o.Shipments = []order.Shipment{parcel} }, inquiry.Correspondence{},
			[]string{"track https://t.example", "invoice https://i.example", "reorder https://o.example", "return https://r.example", "cancel no: cancel.shipped"}},
		{"a part shipped, in two parcels", "open", "paid", "partially_shipped", func(o *order.Order) { o.Shipments = []order.Shipment{parcel, parcel} }, asked,
			[]string{"track several", "invoice no: invoice.no_link", "return asks", "cancel no: cancel.shipped"}},
		{"shipped, says the parcel only", "open", "paid", "unfulfilled", func(o *order.Order) { o.Shipments = []order.Shipment{{ShippedAt: &at}} }, inquiry.Correspondence{},
			[]string{"track no: track.no_link", "invoice no: invoice.no_link", "return asks", "cancel no: cancel.shipped"}},
		{"delivered", "completed", "paid", "delivered", nil, inquiry.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return asks", "cancel no: cancel.shipped"}},
		{"a part returned", "completed", "paid", "partially_returned", nil, asked,
			[]string{"invoice no: invoice.no_link", "return asks", "cancel no: cancel.shipped"}},
		{"returned", "completed", "refunded", "returned", func(o *order.Order) { o.Links = all }, inquiry.Correspondence{},
			[]string{"invoice https://i.example", "reorder https://o.example", "return no: return.returned", "cancel no: cancel.shipped"}},
		{"cancelled", "cancelled", "refunded", "unfulfilled", func(o *order.Order) { o.Links = all; o.Links.Invoice = "" }, asked,
			[]string{"reorder https://o.example", "return no: return.cancelled", "cancel no: cancel.cancelled"}},
		{"delivery cancelled", "open", "pending", "cancelled", func(o *order.Order) { o.Links = all }, inquiry.Correspondence{},
			[]string{"invoice https://i.example", "reorder https://o.example", "return no: return.cancelled", "cancel no: cancel.cancelled"}},
		{"digital", "open", "paid", "delivered", func(o *order.Order) { o.IsDigital = true }, inquiry.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return no: return.digital", "cancel no: cancel.digital"}},
		{"nothing known", "open", "unknown", "unknown", nil, inquiry.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return asks", "cancel asks"}},
		{"complete, no more known", "completed", "unknown", "unknown", nil, inquiry.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return asks", "cancel no: cancel.completed"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := order.Order{Status: order.Status{State: test.state, Payment: test.payment, Fulfillment: test.fulfillment}}
			if test.change != nil {
				test.change(&o)
			}
			var got []string
			for _, a := range o.Actions(test.sent.CancelAsked()) {
				got = append(got, a.Name+" "+shown(a))
				if a.Closed == order.CancelAsked && !a.At.Equal(at) {
					t.Errorf("asked at %s", a.At)
				}
				if o.Action(a.Name, test.sent.CancelAsked()) != a || a.IsRequest() != (shown(a) == "asks") {
					t.Errorf("%s by its name is another", a.Name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func shown(a order.Action) string {
	switch {
	case a.Closed != "":
		return "no: " + a.Closed
	case a.URL != "":
		return a.URL
	case a.Name == order.ActionTrack:
		return "several"
	}
	return "asks"
}

// TestOrderLinks checks that a link that is not an absolute web address is dropped with a warning, and that
// valid ones are kept.
func TestOrderLinks(t *testing.T) {
	t.Parallel()
	h := newTestApp(t)
	feed := h.feed()
	links := func(text string) []byte {
		return orderJSON("1", jan, `"total":"12.50","lines"`, `"total":"12.50","links":{`+text+`},"lines"`)
	}
	for _, name := range []string{"reorder", "return", "cancel"} {
		for _, bad := range []string{"javascript:alert(1)", "/return", "ftp://x.example", "https://a:b@x.example", "x"} {
			receipt, err := feed.PutOrder(t.Context(), "1", links(`"`+name+`":"`+bad+`"`))
			want := []validate.FieldError{{Field: "/links/" + name, Key: "url.dropped"}}
			if diff := cmp.Diff(want, receipt.Warnings); err != nil || diff != "" {
				t.Errorf("%s %q: %v %s", name, bad, err, diff)
			}
		}
	}
	if _, err := feed.PutOrder(t.Context(), "1", links(`"reorder":"https://x.example/1","return":"http://x.example/2","cancel":"https://x.example/3?a=b"`)); err != nil {
		t.Fatal(err)
	}
	o, err := h.signIn(jan).Order(t.Context(), "1")
	want := order.Links{Reorder: "https://x.example/1", Return: "http://x.example/2", Cancel: "https://x.example/3?a=b"}
	if err != nil || o.Links != want {
		t.Errorf("%+v, %v", o.Links, err)
	}
}

package portal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
)

// TestOrderActions checks for each state of an order which actions are offered, by which link or request,
// and which are refused and why.
func TestOrderActions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	asked := portal.Correspondence{Requests: []portal.InquiryRecord{{Kind: portal.RequestReturn}, {Kind: portal.RequestCancel, At: at}}}
	all := portal.Links{Payment: "https://p.example", Invoice: "https://i.example", Reorder: "https://o.example", Return: "https://r.example", Cancel: "https://c.example"}
	parcel := portal.Shipment{URL: "https://t.example", ShippedAt: &at}
	tests := []struct {
		name                        string
		state, payment, fulfillment string
		change                      func(*portal.Order)
		sent                        portal.Correspondence
		want                        []string
	}{
		{"new and unpaid", "open", "pending", "unfulfilled", nil, portal.Correspondence{},
			[]string{"pay no: pay.no_link", "track no: track.not_shipped", "invoice no: invoice.no_link", "return no: return.not_shipped", "cancel asks"}},
		{"new, with all links", "open", "pending", "unfulfilled", func(o *portal.Order) { o.Links = all }, portal.Correspondence{},
			[]string{"pay https://p.example", "track no: track.not_shipped", "invoice https://i.example", "reorder https://o.example", "return no: return.not_shipped", "cancel https://c.example"}},
		{"on delivery", "open", "pending", "processing", func(o *portal.Order) { o.Status.PaymentKind = "cod"; o.Links = all }, portal.Correspondence{},
			[]string{"track no: track.not_shipped", "invoice https://i.example", "reorder https://o.example", "return no: return.not_shipped", "cancel https://c.example"}},
		{"a cancellation is asked for", "open", "paid", "on_hold", func(o *portal.Order) { o.Links.Cancel = "https://c.example" }, asked,
			[]string{"track no: track.not_shipped", "invoice no: invoice.no_link", "return no: return.not_shipped", "cancel no: cancel.asked"}},
		{"ready for pickup", "open", "paid", "ready_for_pickup", nil, portal.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return no: return.not_shipped", "cancel asks"}},
		{"shipped, with all links", "open", "paid", "shipped", func(o *portal.Order) { o.Links = all; o.Shipments = []portal.Shipment{parcel} }, portal.Correspondence{},
			[]string{"track https://t.example", "invoice https://i.example", "reorder https://o.example", "return https://r.example", "cancel no: cancel.shipped"}},
		{"a part shipped, in two parcels", "open", "paid", "partially_shipped", func(o *portal.Order) { o.Shipments = []portal.Shipment{parcel, parcel} }, asked,
			[]string{"track several", "invoice no: invoice.no_link", "return asks", "cancel no: cancel.shipped"}},
		{"shipped, says the parcel only", "open", "paid", "unfulfilled", func(o *portal.Order) { o.Shipments = []portal.Shipment{{ShippedAt: &at}} }, portal.Correspondence{},
			[]string{"track no: track.no_link", "invoice no: invoice.no_link", "return asks", "cancel no: cancel.shipped"}},
		{"delivered", "completed", "paid", "delivered", nil, portal.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return asks", "cancel no: cancel.shipped"}},
		{"a part returned", "completed", "paid", "partially_returned", nil, asked,
			[]string{"invoice no: invoice.no_link", "return asks", "cancel no: cancel.shipped"}},
		{"returned", "completed", "refunded", "returned", func(o *portal.Order) { o.Links = all }, portal.Correspondence{},
			[]string{"invoice https://i.example", "reorder https://o.example", "return no: return.returned", "cancel no: cancel.shipped"}},
		{"cancelled", "cancelled", "refunded", "unfulfilled", func(o *portal.Order) { o.Links = all; o.Links.Invoice = "" }, asked,
			[]string{"reorder https://o.example", "return no: return.cancelled", "cancel no: cancel.cancelled"}},
		{"delivery cancelled", "open", "pending", "cancelled", func(o *portal.Order) { o.Links = all }, portal.Correspondence{},
			[]string{"invoice https://i.example", "reorder https://o.example", "return no: return.cancelled", "cancel no: cancel.cancelled"}},
		{"digital", "open", "paid", "delivered", func(o *portal.Order) { o.IsDigital = true }, portal.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return no: return.digital", "cancel no: cancel.shipped"}},
		{"nothing known", "open", "unknown", "unknown", nil, portal.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return asks", "cancel asks"}},
		{"complete, no more known", "completed", "unknown", "unknown", nil, portal.Correspondence{},
			[]string{"invoice no: invoice.no_link", "return asks", "cancel no: cancel.completed"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := portal.Order{Status: portal.Status{State: test.state, Payment: test.payment, Fulfillment: test.fulfillment}}
			if test.change != nil {
				test.change(&o)
			}
			var got []string
			for _, a := range o.Actions(test.sent.CancelAsked()) {
				got = append(got, a.Name+" "+shown(a))
				if a.Closed == portal.CancelAsked && !a.At.Equal(at) {
					t.Errorf("asked at %s", a.At)
				}
				if o.Action(a.Name, test.sent.CancelAsked()) != a || a.Asks() != (shown(a) == "asks") {
					t.Errorf("%s by its name is another", a.Name)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func shown(a portal.Action) string {
	switch {
	case a.Closed != "":
		return "no: " + a.Closed
	case a.URL != "":
		return a.URL
	case a.Name == portal.ActionTrack:
		return "several"
	}
	return "asks"
}

// TestOrderLinks checks that a link that is not an absolute web address is dropped with a warning, and that
// valid ones are kept.
func TestOrderLinks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	feed := h.feed()
	links := func(text string) []byte {
		return orderJSON("1", jan, `"total":"12.50","lines"`, `"total":"12.50","links":{`+text+`},"lines"`)
	}
	for _, name := range []string{"reorder", "return", "cancel"} {
		for _, bad := range []string{"javascript:alert(1)", "/return", "ftp://x.example", "https://a:b@x.example", "x"} {
			receipt, err := feed.PutOrder(t.Context(), "1", links(`"`+name+`":"`+bad+`"`))
			want := []portal.Fault{{Field: "/links/" + name, Key: "url.dropped"}}
			if diff := cmp.Diff(want, receipt.Warnings); err != nil || diff != "" {
				t.Errorf("%s %q: %v %s", name, bad, err, diff)
			}
		}
	}
	if _, err := feed.PutOrder(t.Context(), "1", links(`"reorder":"https://x.example/1","return":"http://x.example/2","cancel":"https://x.example/3?a=b"`)); err != nil {
		t.Fatal(err)
	}
	order, err := h.signIn(jan).Order(t.Context(), "1")
	want := portal.Links{Reorder: "https://x.example/1", Return: "http://x.example/2", Cancel: "https://x.example/3?a=b"}
	if err != nil || order.Links != want {
		t.Errorf("%+v, %v", order.Links, err)
	}
}

package portal

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/inquiry"
	"postern/portal/order"
	"postern/portal/validate"
)

// TestOnlyGoodsAreCountedAndChosen checks the order list, the CSV export, a return and a withdrawal.
func TestOnlyGoodsAreCountedAndChosen(t *testing.T) {
	t.Parallel()
	o := order.Order{Currency: "EUR", Total: 2000, Status: order.Status{Fulfillment: order.Delivered},
		Lines: []order.Line{
			{Name: "Tip", Quantity: "1", Total: 100, Kind: "tip"}, {Name: "Book", Quantity: "2", Total: 2000},
			{Name: "Store credit", Quantity: "-1", Total: -100}, {Name: "Gone", Quantity: "0"},
		}}
	if row := o.Summary(); row.Items != 0 || row.Item != "Book" {
		t.Errorf("the list has %d positions, the first %q", row.Items, row.Item)
	}
	o.Lines[1].Quantity = "1.5"
	if got := (Table{Column: ';', Point: ','}).row(o,
		time.UTC)[5:7]; cmp.Diff([]string{"1,5 × Book", "20,00"}, got) != "" {
		t.Errorf("the table has %q", got)
	}
	o.Lines[1].Quantity = "2"
	for place, want := range []int{0, 1, 0, 0} {
		quantities := map[int]string{place: o.Lines[place].Quantity.String()}
		returned, withdrawn := &validate.Validator{}, &validate.Validator{}
		if got := (Request{Quantities: quantities}).lines(returned, o, inquiry.Correspondence{}.Returnable(order.View{Order: o})); len(got) != want {
			t.Errorf("line %d is returned: %+v", place, got)
		}
		if got := (WithdrawalChoice{Parts: true, Quantities: quantities}).lines(withdrawn, o); len(got) != 0 {
			t.Errorf("line %d, all goods or none, is withdrawn from in parts: %+v", place, got)
		}
		if bad := place != 1; bad != (len(returned.Rejected) > 0) || bad != (len(withdrawn.Rejected) > 0) {
			t.Errorf("line %d: %+v, %+v", place, returned.Rejected, withdrawn.Rejected)
		}
	}
	if got := (WithdrawalChoice{}).lines(&validate.Validator{}, o); got != nil {
		t.Errorf("the whole order is %+v", got)
	}
	o.Lines[1].Withdrawal = "custom_made"
	if right := o.WithdrawalRight(o.PlacedAt, order.Place{Zone: time.UTC}, nil); right.Closed != order.WithdrawalExcluded {
		t.Errorf("an order whose goods are all excluded is %q", right.Closed)
	}
}

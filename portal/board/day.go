package board

import (
	"time"

	"postern/storage"
)

// DayForm is the form of a day, which is its key.
const DayForm = time.DateOnly

// Day is what happened on a day in the shop's time zone, as counted at a time.
type Day struct {
	Day       string           `bson:"day"`
	Zone      string           `bson:"zone"`
	Customers int64            `bson:"customers,omitempty"` // who registered
	SignIns   int64            `bson:"sign_ins,omitempty"`
	Orders    int64            `bson:"orders,omitempty"` // placed on the day
	ByView    map[string]int64 `bson:"views,omitempty"`  // of these orders, by the views of their present status
	At        time.Time        `bson:"at"`
}

// ByDay is the index of days. Its head is the whole document.
const ByDay = "day"

// DayCollection declares the collection of days.
func DayCollection() storage.Collection {
	return storage.Collection{Name: "board_days", Indexes: []storage.Index{{
		Name: ByDay, Fields: []storage.Field{{Path: "day", Kind: storage.String}},
		Head: []string{"day", "zone", "customers", "sign_ins", "orders", "views", "at"},
	}}}
}

// DayDocs opens the days of a shop.
func DayDocs(engine storage.Engine, shop string) storage.Docs[Day] {
	return storage.Open[Day](engine, shop, DayCollection())
}

// IsStale reports whether a day must be counted again at a time: the older it is, the rarer its orders
// change, so a count lasts for a twentieth of the time since the day.
func (d Day) IsStale(zone string, end, now time.Time) bool {
	return d.Zone != zone || now.Sub(d.At) >= max(Life, now.Sub(end)/20)
}

// Add adds a day to a sum of days.
func (d *Day) Add(other Day) {
	d.Customers, d.SignIns = d.Customers+other.Customers, d.SignIns+other.SignIns
	d.Orders += other.Orders
	for view, n := range other.ByView {
		if d.ByView == nil {
			d.ByView = map[string]int64{}
		}
		d.ByView[view] += n
	}
}

// SignIn is a sign-in of a customer, without who it was. Its key is that of the job that recorded it.
type SignIn struct {
	At time.Time `bson:"at"`
}

// SignInsKept is how long sign-ins are kept, longer than the days that are shown.
const SignInsKept = (Lookback + 10) * 24 * time.Hour

// ByTime is the index of sign-ins.
const ByTime = "time"

// SignInCollection declares the collection of sign-ins.
func SignInCollection() storage.Collection {
	return storage.Collection{Name: "sign_ins", Indexes: []storage.Index{
		{Name: ByTime, Fields: []storage.Field{{Path: "at", Kind: storage.Time}}}}}
}

// SignInDocs opens the sign-ins of a shop.
func SignInDocs(engine storage.Engine, shop string) storage.Docs[SignIn] {
	return storage.Open[SignIn](engine, shop, SignInCollection())
}

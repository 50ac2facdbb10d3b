package admin

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"postern/portal/money"
	"postern/portal/order"
	"postern/portal/web/page"
)

// chart is the data of partials/chart: bars with their values in a table, which says the same.
type chart struct {
	page.Words
	ID      string // unique on the page
	Title   string
	Total   page.Link // leads to the list; without a path it is text
	Summary string    // what the picture says, for those who do not see it
	Width   int       // of the picture, in its units; the height is 100
	Bars    []bar
	Ticks   []string // of the vertical axis, from the top: the greatest value, half of it, 0
	First   string   // label of the first bar
	Last    string
	Head    [2]string // of the table's columns
	Rows    []chartRow
}

// bar is a bar in the units of the picture, with its text.
type bar struct {
	X, Y, Width, Height int
	Text                string
}

// chartRow is a row of the table. Value leads to the list; without a path it is text.
type chartRow struct {
	Label string
	Value page.Link
}

// point is a value to be drawn. Label is in the table, Short at the axis.
type point struct {
	Label, Short string
	N            int64
	Text, Path   string // of the value
}

// The measures of a picture.
const (
	chartHeight = 100
	barStep     = 10
	barWidth    = 7
)

// draw fills the chart with points. The axis ends at top, or with 0 at a round number above the greatest
// value.
func (c chart) draw(points []point, top int64, tick func(int64) string) chart {
	for _, p := range points {
		top = max(top, p.N)
	}
	top = roundUp(top)
	for i, p := range points {
		height := int((p.N*chartHeight + top/2) / top)
		if p.N > 0 {
			height = max(height, 1)
		}
		c.Bars = append(c.Bars, bar{X: i*barStep + (barStep-barWidth)/2, Y: chartHeight - height,
			Width: barWidth, Height: height, Text: p.Label + ": " + p.Text})
		c.Rows = append(c.Rows, chartRow{Label: p.Label, Value: page.Link{Label: p.Text, Path: p.Path}})
	}
	slices.Reverse(c.Rows) // the latest first, as in every list
	c.Width, c.Ticks = len(points)*barStep, []string{tick(top), tick(top / 2), tick(0)}
	if len(points) > 0 {
		c.First, c.Last = points[0].Short, points[len(points)-1].Short
	}
	return c
}

// roundUp returns the next 2, 4, 10, 20, 40, 100 and so on, of which half is a whole number.
func roundUp(n int64) int64 {
	for unit := int64(1); ; unit *= 10 {
		for _, step := range []int64{2, 4, 10} {
			if n <= step*unit {
				return step * unit
			}
		}
	}
}

// monthsDrawn is the number of months in the chart of what a customer spent.
const monthsDrawn = 24

// spending draws what the customer spent in each month up to the last one with an order, for each currency.
// The table of months says the same.
func (p *customerView) spending(counts order.Counts) {
	names := slices.Sorted(maps.Keys(counts.Months))
	last, err := time.Parse(order.MonthForm, names[len(names)-1])
	if err != nil || len(names) < 2 {
		return // a bar for itself says nothing
	}
	for i, currency := range p.currencies(counts.Sum()) {
		amount := func(minor int64) string { return p.Money(money.Amount{Minor: minor, Currency: currency}) }
		c := chart{Words: p.Words(), ID: "chart-spent-" + strconv.Itoa(i), Title: p.T("customer.spent_by_month",
			"Currency", currency)}
		var points []point
		var sum int64
		best, months := 0, 0
		for back := monthsDrawn - 1; back >= 0; back-- {
			month := last.AddDate(0, -back, 0)
			if month.Format(order.MonthForm) < names[0] {
				continue
			}
			minor := counts.Months[month.Format(order.MonthForm)].Spent[currency]
			label := month.Format("01/2006")
			points = append(points, point{Label: label, Short: label, N: minor, Text: amount(minor)})
			if minor != 0 {
				months++
			}
			if sum += minor; minor > points[best].N {
				best = len(points) - 1
			}
		}
		if months < 2 {
			continue // the total says as much
		}
		c.Total.Label = amount(sum)
		c.Summary = p.T("board.chart.summary", "What", c.Title, "From", points[0].Label, "To",
			points[len(points)-1].Label, "Sum", c.Total.Label, "Most", points[best].Text, "When", points[best].Label)
		c = c.draw(points, 0, amount)
		c.Rows = nil
		p.Spending = append(p.Spending, c)
	}
}

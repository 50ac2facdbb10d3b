package admin

import (
	"slices"

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

// draw fills the chart with points. The axis ends at top, or with 0 at a round number above the greatest value.
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

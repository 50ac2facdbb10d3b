package admin

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/board"
	"postern/portal/inquiry"
	"postern/portal/merchant"
	"postern/portal/order"
	"postern/portal/staff"
	"postern/portal/validate"
	"postern/portal/web/page"
)

// fewCodes is the number of recovery codes at which the start page asks for new ones.
const fewCodes = 3

// homePage is the start page.
type homePage struct {
	page.Base
	Codes string // the sentence on recovery codes that run out, or ""

	Reads                   bool // the person may read customers
	Requests, Messages, New []waitingRow

	Waiting []waitingNumber
	Counted string // when

	Periods    []page.Item
	PeriodForm page.Form
	PeriodOpen bool      // shows the form, which is in use or has errors
	TooEarly   page.Link // what to show instead of a period that began before the figures
	Period     string
	Pending    bool // some days have not been counted yet
	Charts     []chart
	Orders     []chart // by status, all of one scale
}

// waitingRow is something on the start page that leads to its customer.
type waitingRow struct {
	Path, Text, Quote string
	At                page.Time
}

// waitingNumber is how much of a kind waits for somebody. Path leads to the list.
type waitingNumber struct {
	Path, Label, Number, Note string
	None, Late                bool
}

func (p *homePage) waiting(list []merchant.Waiting) []waitingRow {
	var rows []waitingRow
	for _, w := range list {
		key := "timeline.wrote"
		if w.From == inquiry.FromShop {
			key = "timeline.answered"
		} else if w.Kind != "" {
			key = "timeline.requested." + w.Kind
		}
		rows = append(rows, waitingRow{Path: customerPathOf(w.Customer) + "#letters", At: p.TimeMoment(w.At),
			Text: w.Name + " · " + p.T(key, "Number", w.Order), Quote: w.Text})
	}
	return rows
}

func (h *Handler) home(c *fiber.Ctx, s merchant.Staff) error {
	data := homePage{Base: h.base(c, s, "home", "admin.home.title"), Reads: s.May(staff.PermissionCustomers)}
	data.Wide = true
	if left := s.Factors().Recovery; left <= fewCodes {
		data.Codes = data.T("admin.home.few_codes", "Count", left)
	}
	if !data.Reads {
		return h.pages.Render(c, fiber.StatusOK, "admin/home", data)
	}
	found, err := s.Home(c.UserContext())
	if err != nil {
		return err
	}
	data.Requests, data.Messages = data.waiting(found.Requests), data.waiting(found.Messages)
	for _, row := range found.New {
		data.New = append(data.New, waitingRow{Path: customerPathOf(row.ID), Text: rowName(row),
			At: data.TimeMoment(row.List.CreatedAt)})
	}
	status, err := h.addBoard(c, s, &data)
	if err != nil {
		return err
	}
	return h.pages.Render(c, status, "admin/home", data)
}

// addBoard adds the numbers and charts, and returns the status of the page.
func (h *Handler) addBoard(c *fiber.Ctx, s merchant.Staff, data *homePage) (status int, err error) {
	period := merchant.Period{Name: c.Query("period"), From: c.Query("from"), To: c.Query("to")}
	b, figures, err := s.Board(c.UserContext(), period)
	if err != nil && validate.KindOf(err) != validate.Invalid {
		return 0, err
	}
	data.numbers(s, b, h.app.Now())
	data.periods(period, err)
	data.tooEarly(err, h.app.Now())
	data.charts(figures)
	return page.Refusal(err), nil
}

// waitingPaths returns the lists of what waits.
func waitingPaths() map[string]string {
	return map[string]string{
		board.Messages: page.WithQuery(inboxPath, "show", "messages"),
		board.Requests: page.WithQuery(inboxPath, "show", "requests"),
		board.Returns:  page.WithQuery(inboxPath, "show", "returns"),

		board.Withdrawals: withdrawalsPath,
		board.Emails:      page.WithQuery(emailsPath, "state", "failed"),
		board.VATIDs:      page.WithQuery(customersPath, "vat", "long"),
		board.Jobs:        jobsPath,
	}
}

// numbers fills the numbers of what waits, as far as the person may open their lists.
func (p *homePage) numbers(s merchant.Staff, b board.Board, now time.Time) {
	p.Counted = p.T("count.pending")
	if b.IsKnown() {
		p.Counted = p.T("count.at", "When", b.At)
	}
	for _, kind := range board.Kinds() {
		if kind == board.Jobs && !s.May(staff.PermissionJobs) {
			continue
		}
		n := b.Waiting[kind]
		shown := waitingNumber{Path: waitingPaths()[kind], Label: p.T("board.waiting." + kind), Number: "–",
			None: n.N == 0}
		if b.IsKnown() {
			shown.Number = numberText(p.Base, n)
		}
		if kind == board.Withdrawals && n.N > 0 && !b.RefundBy.IsZero() {
			shown.Late = validate.Midday(now, p.L.Zone()).After(b.RefundBy)
			shown.Note = p.T("withdrawals.refund_by", "Day", p.L.ShortDate(b.RefundBy))
		}
		p.Waiting = append(p.Waiting, shown)
	}
}

// periods fills the choice of a period.
func (p *homePage) periods(chosen merchant.Period, err error) {
	own := chosen.From != "" || chosen.To != ""
	for _, name := range merchant.Periods() {
		item := page.Item{Label: p.T("board.period." + name), Path: page.WithQuery(homePath, "period", name),
			Current: !own && cmp.Or(chosen.Name, merchant.UsualPeriod) == name}
		if name == merchant.UsualPeriod {
			item.Path = homePath
		}
		p.Periods = append(p.Periods, item)
	}
	p.PeriodForm = p.Base.Form(map[string]string{"from": chosen.From, "to": chosen.To}, p.inWords(err)).
		InOrder("period", "from", "to")
	p.PeriodOpen = own || err != nil
}

// tooEarly offers the first day of the figures for a period that began before it.
func (p *homePage) tooEarly(err error, now time.Time) {
	for _, wrong := range validate.FieldErrors(err) {
		first, bad := time.ParseInLocation(time.DateOnly, wrong.Args["Day"], p.L.Zone())
		if bad != nil {
			continue
		}
		last := first.AddDate(0, 0, merchant.LongestPeriod-1) // a change of the clock adds an hour
		if last.After(now) {
			last = now
		}
		p.TooEarly = page.Link{Label: p.T("board.show_from", "Day", p.L.Date(first)),
			Path: page.WithQuery(homePath, "from", day(first), "to", day(last)) + "#figures"}
	}
}

// inWords returns an error with its days as people write them.
func (p *homePage) inWords(err error) error {
	wrong := slices.Clone(validate.FieldErrors(err))
	for i := range wrong {
		if at, bad := time.ParseInLocation(time.DateOnly, wrong[i].Args["Day"], p.L.Zone()); bad == nil {
			wrong[i].Args = map[string]string{"Day": p.L.Date(at)}
		}
	}
	return validate.InvalidFields(wrong)
}

// longestByDay is the number of days up to which each has a bar; of more, each month has one.
const longestByDay = 92

// span is a bar's first and last day with what happened.
type span struct {
	first, last time.Time
	board.Day
}

// spans returns the bars of a period: days, or months.
func spans(f merchant.Figures) []span {
	var list []span
	for i, day := range f.Days {
		noon := f.First.AddDate(0, 0, i)
		last := len(list) - 1
		if len(f.Days) > longestByDay && last >= 0 && list[last].first.Month() == noon.Month() {
			list[last].Add(day)
			list[last].last = noon
			continue
		}
		list = append(list, span{first: noon, last: noon, Day: day})
	}
	return list
}

// charts draws what happened in a period. Every number leads to its list.
func (p *homePage) charts(f merchant.Figures) {
	p.Pending = f.Pending
	p.Period = p.T("board.between", "From", p.L.Date(f.First), "To", p.L.Date(f.Last))
	list := spans(f)
	customers := func(s span) string {
		return page.WithQuery(customersPath, "registered_from", day(s.first), "registered_to", day(s.last))
	}
	visits := func(s span) string {
		return page.WithQuery(customersPath, "sort", "visited", "visited_from", day(s.first), "visited_to",
			day(s.last))
	}
	p.Charts = []chart{
		p.chart("customers", list, customers, func(s span) int64 { return s.Customers }, 0),
		p.chart("sign_ins", list, visits, func(s span) int64 { return s.SignIns }, 0),
		p.chart("orders", list, ordersIn(""), func(s span) int64 { return s.Orders }, 0),
	}
	top := int64(0)
	for _, s := range list {
		top = max(top, s.Orders)
	}
	for _, view := range order.Views() {
		p.Orders = append(p.Orders, p.chart("orders_"+view, list, ordersIn(view),
			func(s span) int64 { return s.ByView[view] }, top))
	}
}

func day(noon time.Time) string { return noon.Format(board.DayForm) }

// ordersIn returns the list of the orders of a bar, "" for every status.
func ordersIn(view string) func(span) string {
	return func(s span) string {
		return page.WithQuery(ordersPath, "status", view, "from", day(s.first), "to", day(s.last))
	}
}

// chart draws one number of each bar. The axis ends at top or above.
func (p *homePage) chart(id string, list []span, path func(span) string, of func(span) int64,
	top int64) chart {
	c := chart{Words: p.Words(), ID: "chart-" + id, Title: p.T("board.chart." + id),
		Head: [2]string{p.T("board.day"), p.T("board.chart." + id)}}
	byMonth := len(list) > 0 && !list[0].first.Equal(list[len(list)-1].last) && isByMonth(list)
	if byMonth {
		c.Head[0] = p.T("customer.month")
	}
	var points []point
	var sum int64
	best := 0
	for i, s := range list {
		label := p.L.Date(s.first)
		short := p.L.ShortDate(s.first)
		if byMonth {
			label = s.first.Format("01/2006")
			short = label
		}
		points = append(points, point{Label: label, Short: short, N: of(s), Text: p.L.Number(of(s)), Path: path(s)})
		if sum += of(s); of(s) > of(list[best]) {
			best = i
		}
	}
	whole := span{first: list[0].first, last: list[len(list)-1].last}
	c.Total = page.Link{Label: p.L.Number(sum), Path: path(whole)}
	c.Summary = p.T("board.chart.summary", "What", c.Title, "From", p.L.Date(whole.first), "To",
		p.L.Date(whole.last), "Sum", p.L.Number(sum), "Most", points[best].Text, "When", points[best].Label)
	return c.draw(points, top, func(n int64) string { return strconv.FormatInt(n, 10) })
}

// isByMonth reports whether the bars are months.
func isByMonth(list []span) bool {
	for _, s := range list {
		if !s.first.Equal(s.last) {
			return true
		}
	}
	return false
}

package shopper

import (
	"bufio"
	"context"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/page"
)

const (
	exportPath     = "/privacy/export"
	exportDataPath = "/privacy/export/data.json"
	exportCSVPath  = "/privacy/export/orders.csv"
	erasePath      = "/privacy/erase"
	keepPath       = "/privacy/keep"
)

// exportTime is how long a download may take to be made: longer than a page, since it holds all orders.
const exportTime = 5 * time.Minute

func (h *Handler) mountDataRights(router fiber.Router) {
	router.Get(exportPath, fresh(h.export))
	router.Get(exportDataPath, fresh(h.exportData))
	router.Get(exportCSVPath, fresh(h.exportCSV))
	router.Get(erasePath, fresh(h.eraseForm))
	router.Post(erasePath, fresh(h.erase))
	router.Post(keepPath, signedIn(h.keepAccount))
}

// exportPage offers the downloads.
type exportPage struct {
	page.Base
	Data string // the paths of all there is, and of the orders
	CSV  string
	Part bool // the orders are those of a list with a filter
}

func (h *Handler) export(c *fiber.Ctx, s portal.Shopper) error {
	query := orderQueryOf(c)
	data := exportPage{Base: h.base(c, s, "", "export.title"), Data: exportDataPath, Part: query != portal.OrderQuery{}}
	data.CSV = withQuery(exportCSVPath, "period", query.Period, "from", query.From, "to", query.To, "status", query.Status, "search", query.Search)
	return h.pages.Render(c, fiber.StatusOK, "shopper/export", data)
}

func (h *Handler) exportData(c *fiber.Ctx, s portal.Shopper) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
	return download(c, s, "data.json", s.Export)
}

func (h *Handler) exportCSV(c *fiber.Ctx, s portal.Shopper) error {
	query := orderQueryOf(c)
	if err := s.CheckOrderQuery(query); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	return download(c, s, "orders.csv", func(ctx context.Context, to io.Writer) error { return s.OrdersCSV(ctx, query, to) })
}

// download sends a file while it is being written. What breaks in the middle can no longer be told but by the file's end.
func download(c *fiber.Ctx, s portal.Shopper, name string, write func(context.Context, io.Writer) error) error {
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+s.Shop().ID+"-"+name+`"`)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), exportTime)
	c.Context().SetBodyStreamWriter(func(to *bufio.Writer) {
		defer cancel()
		if write(ctx, to) == nil {
			_ = to.Flush() // the reader is gone, then
		}
	})
	return nil
}

// erasePage asks once more before the account is erased.
type erasePage struct {
	page.Base
	Email string
}

func (h *Handler) eraseForm(c *fiber.Ctx, s portal.Shopper) error {
	if s.Customer().Erasure.Pending() {
		return seeOther(c, privacyPath)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/erase", erasePage{Base: h.base(c, s, "", "erase.title"), Email: s.Customer().Email})
}

func (h *Handler) erase(c *fiber.Ctx, s portal.Shopper) error {
	if _, err := s.AskErasure(c.UserContext()); err != nil {
		return err
	}
	return done(c, privacyPath, "erasure.asked")
}

func (h *Handler) keepAccount(c *fiber.Ctx, s portal.Shopper) error {
	if err := s.KeepAccount(c.UserContext()); err != nil {
		return err
	}
	return done(c, privacyPath, "erasure.kept")
}

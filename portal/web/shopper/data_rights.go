package shopper

import (
	"context"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	exportPath     = "/privacy/export"
	exportDataPath = "/privacy/export/data.json"
	exportCSVPath  = "/privacy/export/orders.csv"
	erasePath      = "/privacy/erase"
	keepPath       = "/privacy/keep"
)

func (h *Handler) dataRightsRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.StepUp, exportPath, fresh(h.export)),
		gate.Get(gate.StepUp, exportDataPath, offered(h.exportData)),
		gate.Get(gate.StepUp, exportCSVPath, offered(h.exportCSV)),
		gate.Get(gate.StepUp, erasePath, fresh(h.eraseForm)),
		gate.Post(gate.StepUp, erasePath, fresh(h.erase)),
		gate.Post(gate.Customer, keepPath, signedIn(h.keepAccount)),
	}
}

// offered passes a recently confirmed customer to a file's handler. It sends anyone else through the
// sign-in or the code to the page that offers the file: a browser keeps showing the previous page during a
// download, so the customer would see no result.
func offered(next func(*fiber.Ctx, portal.Shopper) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		s, err := gate.Shopper(c)
		switch {
		case err == nil && s.RecentlyVerified():
			return next(c, s)
		case err == nil:
			return seeOther(c, withQuery(confirmPath, "to", listPath(exportPath, orderQueryOf(c))))
		case validate.KindOf(err) == validate.SignIn:
			return seeOther(c, withQuery(signInPath, "to", listPath(exportPath, orderQueryOf(c))))
		}
		return err
	}
}

// exportPage offers the downloads.
type exportPage struct {
	page.Base
	Data string // path of the full export
	CSV  string // path of the orders as CSV
	Part bool   // the orders come from a filtered list
}

func (h *Handler) export(c *fiber.Ctx, s portal.Shopper) error {
	query := orderQueryOf(c)
	data := exportPage{Base: h.base(c, s, "privacy", "export.title"), Data: exportDataPath,
		Part: query != order.Query{}}
	data.CSV = listPath(exportCSVPath, query)
	return h.pages.Render(c, fiber.StatusOK, "shopper/export", data)
}

func (h *Handler) exportData(c *fiber.Ctx, s portal.Shopper) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSONCharsetUTF8)
	return h.download(c, s, "data.json", s.Export)
}

func (h *Handler) exportCSV(c *fiber.Ctx, s portal.Shopper) error {
	query := orderQueryOf(c)
	if err := s.CheckOrderQuery(query); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/csv; charset=utf-8")
	table := tableOf(h.base(c, s, "privacy", "export.title").L.Lang())
	return h.download(c, s, "orders.csv",
		func(ctx context.Context, to io.Writer) error { return s.OrdersCSV(ctx, query, table, to) })
}

// tableOf returns the CSV format that spreadsheets expect in a language's countries.
func tableOf(lang string) portal.Table {
	if lang == "en" {
		return portal.Table{Column: ',', Point: '.'}
	}
	return portal.Table{Column: ';', Point: ','}
}

func (h *Handler) download(c *fiber.Ctx, s portal.Shopper, name string,
	write func(context.Context, io.Writer) error) error {
	return page.Download(c, s.Shop().ID+"-"+name, h.app.LostDownload, write)
}

// erasePage asks for confirmation before the account is deleted.
type erasePage struct {
	page.Base
	Back  string // path of the page before
	Email string
	Date  time.Time
}

func (h *Handler) eraseForm(c *fiber.Ctx, s portal.Shopper) error {
	if s.Customer().Erasure.Pending() {
		return seeOther(c, rightsPath(s))
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/erase",
		erasePage{Base: h.base(c, s, "privacy", "delete_account.title"), Back: rightsPath(s),
			Email: s.Customer().Email,
			Date:  s.ErasureDate()})
}

func (h *Handler) erase(c *fiber.Ctx, s portal.Shopper) error {
	if _, err := s.RequestErasure(c.UserContext()); err != nil {
		return err
	}
	return done(c, rightsPath(s), "delete_account.requested")
}

func (h *Handler) keepAccount(c *fiber.Ctx, s portal.Shopper) error {
	if err := s.CancelErasure(c.UserContext()); err != nil {
		return err
	}
	return done(c, rightsPath(s), "delete_account.cancelled")
}

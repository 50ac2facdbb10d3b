package shopper

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
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

// The times of a download: of all of it, since it holds all orders, and of a part of exportBuffer bytes to
// be read.
const (
	exportTime   = 10 * time.Minute
	readTime     = 30 * time.Second
	exportBuffer = 32 << 10
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

// offered gives a handler of a file a fresh customer; anyone else is led, by way of the sign-in or the
// code, to the page that offers the file: a file takes no page's place, so that the one before it would
// stay as if nothing had come of it.
func offered(next func(*fiber.Ctx, portal.Shopper) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		s, err := gate.Shopper(c)
		switch {
		case err == nil && s.Fresh():
			return next(c, s)
		case err == nil:
			return seeOther(c, withQuery(confirmPath, "to", listPath(exportPath, orderQueryOf(c))))
		case portal.KindOf(err) == portal.SignIn:
			return seeOther(c, withQuery(signInPath, "to", listPath(exportPath, orderQueryOf(c))))
		}
		return err
	}
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
	table := tableOf(h.base(c, s, "", "export.title").L.Lang())
	return h.download(c, s, "orders.csv", func(ctx context.Context, to io.Writer) error { return s.OrdersCSV(ctx, query, table, to) })
}

// tableOf is how spreadsheets in a language's countries read CSV.
func tableOf(lang string) portal.Table {
	if lang == "en" {
		return portal.Table{Column: ',', Point: '.'}
	}
	return portal.Table{Column: ';', Point: ','}
}

// download sends a file while it is being written. What breaks in the middle breaks the connection, so that
// no file looks whole that is not. A slow reader has time as long as it reads.
func (h *Handler) download(c *fiber.Ctx, s portal.Shopper, name string, write func(context.Context, io.Writer) error) error {
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+s.Shop().ID+"-"+name+`"`)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), exportTime)
	from, to := io.Pipe()
	connection := c.Context().Conn()
	go func() {
		defer cancel()
		out := bufio.NewWriterSize(unhurried{to, connection}, exportBuffer)
		err := errors.Join(safely(func() error { return write(ctx, out) }), out.Flush())
		if err != nil && !errors.Is(err, io.ErrClosedPipe) { // nobody reads any more
			h.app.LostDownload(ctx, err)
		}
		to.CloseWithError(err)
	}()
	c.Context().SetBodyStream(from, -1)
	return nil
}

// safely turns a panic into an error: no one else is around a download to catch it.
func safely(do func() error) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("panic: %v", failure)
		}
	}()
	return do()
}

// unhurried gives its connection time anew with everything that is written.
type unhurried struct {
	io.Writer
	connection net.Conn
}

func (u unhurried) Write(part []byte) (int, error) {
	if u.connection != nil {
		if err := u.connection.SetWriteDeadline(time.Now().Add(readTime)); err != nil {
			return 0, err
		}
	}
	return u.Writer.Write(part)
}

// erasePage asks once more before the account is erased.
type erasePage struct {
	page.Base
	Email string
	Date  time.Time
}

func (h *Handler) eraseForm(c *fiber.Ctx, s portal.Shopper) error {
	if s.Customer().Erasure.Pending() {
		return seeOther(c, privacyPath)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/erase", erasePage{Base: h.base(c, s, "", "delete_account.title"), Email: s.Customer().Email, Date: s.ErasureDate()})
}

func (h *Handler) erase(c *fiber.Ctx, s portal.Shopper) error {
	if _, err := s.AskErasure(c.UserContext()); err != nil {
		return err
	}
	return done(c, privacyPath, "delete_account.requested")
}

func (h *Handler) keepAccount(c *fiber.Ctx, s portal.Shopper) error {
	if err := s.KeepAccount(c.UserContext()); err != nil {
		return err
	}
	return done(c, privacyPath, "delete_account.cancelled")
}

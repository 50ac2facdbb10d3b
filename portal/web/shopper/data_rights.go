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

// Limits of a download: exportTime is for the whole file, which holds every order; readTime is for the
// client to read one part of exportBuffer bytes.
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

// download streams a file while it is being written. An error midway breaks the connection, so that a
// truncated file never looks complete. A slow client may take as long as it needs while it keeps reading.
func (h *Handler) download(c *fiber.Ctx, s portal.Shopper, name string,
	write func(context.Context, io.Writer) error) error {
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+s.Shop().ID+"-"+name+`"`)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), exportTime)
	from, to := io.Pipe()
	connection := c.Context().Conn()
	go func() {
		defer cancel()
		out := bufio.NewWriterSize(unhurried{to, connection}, exportBuffer)
		err := errors.Join(safely(func() error { return write(ctx, out) }), out.Flush())
		if err != nil && !errors.Is(err, io.ErrClosedPipe) { // the client has stopped reading
			h.app.LostDownload(ctx, err)
		}
		to.CloseWithError(err)
	}()
	c.Context().SetBodyStream(from, -1)
	return nil
}

// safely turns a panic into an error, since the server's recovery does not cover a download.
func safely(do func() error) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("panic: %v", failure)
		}
	}()
	return do()
}

// unhurried extends the connection's write deadline with every write.
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

// erasePage asks for confirmation before the account is deleted.
type erasePage struct {
	page.Base
	Email string
	Date  time.Time
}

func (h *Handler) eraseForm(c *fiber.Ctx, s portal.Shopper) error {
	if s.Customer().Erasure.Pending() {
		return seeOther(c, privacyPath)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/erase",
		erasePage{Base: h.base(c, s, "privacy", "delete_account.title"), Email: s.Customer().Email,
			Date: s.ErasureDate()})
}

func (h *Handler) erase(c *fiber.Ctx, s portal.Shopper) error {
	if _, err := s.RequestErasure(c.UserContext()); err != nil {
		return err
	}
	return done(c, privacyPath, "delete_account.requested")
}

func (h *Handler) keepAccount(c *fiber.Ctx, s portal.Shopper) error {
	if err := s.CancelErasure(c.UserContext()); err != nil {
		return err
	}
	return done(c, privacyPath, "delete_account.cancelled")
}

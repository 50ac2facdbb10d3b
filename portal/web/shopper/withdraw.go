package shopper

import (
	"errors"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/portal/withdrawal"
)

const (
	withdrawPath        = "/withdraw"
	withdrawConfirmPath = "/withdraw/confirm"
)

func (h *Handler) withdrawRoutes() []gate.Route {
	return []gate.Route{
		gate.Get(gate.Public, withdrawPath, h.withdraw),
		gate.Post(gate.Public, withdrawPath, h.stateWithdrawal),
		gate.Get(gate.Public, withdrawConfirmPath, h.withdraw),
		gate.Post(gate.Public, withdrawConfirmPath, h.confirmWithdrawal),
		gate.Get(gate.Customer, "/orders/:number/withdraw", signedIn(h.withdrawOrder)),
		perLine(gate.Post(gate.Customer, "/orders/:number/withdraw", signedIn(h.chooseWithdrawal))),
		gate.Get(gate.Customer, "/orders/:number/withdraw/confirm", signedIn(h.withdrawOrder)),
		perLine(gate.Post(gate.Customer, "/orders/:number/withdraw/confirm",
			signedIn(h.confirmOrderWithdrawal))),
	}
}

// withdrawPage takes a statement from anyone. For a signed-in customer the name and address are filled in.
type withdrawPage struct {
	page.Base
	Form page.Form
}

// confirmWithdrawalPage repeats the statement and has a single button that sends it.
type confirmWithdrawalPage struct {
	page.Base
	Facts  []withdrawal.StatementFact
	Action string
	Again  string        // path of the first step, which shows the statement again for editing
	Kept   []page.Hidden // the statement, and the ID that prevents a second submission
}

// withdrawnPage confirms receipt.
type withdrawnPage struct {
	page.Base
	withdrawal.Receipt
	Facts []withdrawal.StatementFact
	Order string // path of the order's page, "" for a visitor
}

// RefundDue returns the last day for the refund, if the customer may withdraw.
func (p withdrawnPage) RefundDue() time.Time {
	return order.Place{Zone: p.Shop.Location(), Country: p.Shop.HomeCountry()}.RefundDue(p.At)
}

func (h *Handler) withdraw(c *fiber.Ctx) error {
	values := map[string]string{}
	if s, err := gate.Shopper(c); err == nil {
		values["name"], values["email"] = s.Customer().Name(), s.Customer().Email
	}
	return h.showWithdraw(c, fiber.StatusOK, values, nil)
}

func (h *Handler) showWithdraw(c *fiber.Ctx, status int, values map[string]string, err error) error {
	if gate.Shop(c).NoWithdrawal {
		return &validate.Error{Kind: validate.NotFound, Key: "withdrawal.off"}
	}
	b, broken := h.openBase(c, "withdraw.title")
	if broken != nil {
		return broken
	}
	form := b.Form(values, asked(err)).InOrder("name", "number", "email", "goods")
	form.Labels = map[string]string{
		"name": b.T("withdraw.name"), "number": b.T("withdraw.number"), "email": b.T("withdraw.email"),
		"goods": b.T("withdraw.only"),
	}
	return h.pages.Render(c, status, "shopper/withdraw", withdrawPage{Base: b, Form: form})
}

// asked returns err with sentences that say what to enter where the name or the order number is missing.
func asked(err error) error {
	var given *validate.Error
	if !errors.As(err, &given) {
		return err
	}
	made := *given
	made.Fields = slices.Clone(given.Fields)
	for i, f := range made.Fields {
		if f.Key == "text.required" && (f.Field == "name" || f.Field == "number") {
			made.Fields[i].Key = "withdraw." + f.Field + ".missing"
		}
	}
	return &made
}

// statement reads the statement from the form or from the confirmation's hidden fields.
func (h *Handler) statement(c *fiber.Ctx, b page.Base) withdrawal.Statement {
	return withdrawal.Statement{
		Name: c.FormValue("name"), Number: c.FormValue("number"), Email: c.FormValue("email"),
		Goods: c.FormValue("goods"), Lang: b.L.Lang(),
	}
}

// again returns the path of a first step for a customer who returns from the second to edit the statement.
func again(path string) string { return path + "/?again=yes" }

func isAgain(c *fiber.Ctx) bool { return c.Query("again") != "" }

// mendWithdraw shows the form again with the field errors of err, if any. It returns any other error to the
// site.
func (h *Handler) mendWithdraw(c *fiber.Ctx, err error) error {
	if status := refusal(err); status != 0 {
		return h.showWithdraw(c, status, page.Values(c, "name", "number", "email", "goods"), err)
	}
	return err
}

// stateWithdrawal is the first step: it checks the statement and shows it for confirmation. It stores
// nothing.
func (h *Handler) stateWithdrawal(c *fiber.Ctx) error {
	if isAgain(c) {
		return h.mendWithdraw(c, nil)
	}
	b, err := h.openBase(c, "withdraw.confirm.title")
	if err != nil {
		return err
	}
	s, id, err := gate.Visitor(c).PrepareWithdrawal(h.statement(c, b))
	if err != nil {
		return h.mendWithdraw(c, err)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/withdraw-confirm", confirmWithdrawalPage{
		Base: b, Facts: s.Facts(b.L), Action: withdrawConfirmPath, Again: again(withdrawPath),
		Kept: []page.Hidden{{Name: "form", Value: id}, {Name: "name", Value: s.Name},
			{Name: "number", Value: s.Number},
			{Name: "email", Value: s.Email}, {Name: "goods", Value: s.Goods}},
	})
}

// confirmWithdrawal is the second step: it accepts the statement, whichever order it is about.
func (h *Handler) confirmWithdrawal(c *fiber.Ctx) error {
	b, err := h.openBase(c, "withdraw.done.title")
	if err != nil {
		return err
	}
	receipt, err := gate.Visitor(c).Withdraw(c.UserContext(), c.FormValue("form"), h.statement(c, b))
	if err != nil {
		return h.mendWithdraw(c, err)
	}
	return h.pages.Render(c, fiber.StatusOK, "shopper/withdrawn", withdrawnPage{
		Base: b, Receipt: receipt, Facts: receipt.Statement.Facts(b.L),
	})
}

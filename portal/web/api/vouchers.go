package api

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
)

func (h *Handler) voucherRoutes() []gate.Route {
	const path, vouchers = "/vouchers/:code", portal.ScopeVouchers
	return []gate.Route{
		route(fiber.MethodGet, path, vouchers, h.voucher),
		route(fiber.MethodPut, path, vouchers, h.putVoucher),
		route(fiber.MethodDelete, path, vouchers, h.deleteVoucher),
		route(fiber.MethodPost, path+"/redeem", vouchers, h.redeem),
		route(fiber.MethodGet, path+"/redeem/:order", vouchers, h.redemption),
		route(fiber.MethodDelete, path+"/redeem/:order", vouchers, h.giveBack),
	}
}

func (h *Handler) voucher(c *fiber.Ctx, feed portal.Feed) error {
	code, err := only(c, "code")
	if err != nil {
		return err
	}
	record, err := feed.Voucher(c.UserContext(), code)
	if err != nil {
		return err
	}
	return c.JSON(record)
}

func (h *Handler) putVoucher(c *fiber.Ctx, feed portal.Feed) error {
	return h.put(c, feed, portal.Feed.PutVoucher, "code")
}

func (h *Handler) deleteVoucher(c *fiber.Ctx, feed portal.Feed) error {
	code, err := only(c, "code")
	if err != nil {
		return err
	}
	if err := feed.DeleteVoucher(c.UserContext(), code); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// redeem takes a use of a voucher for an order. A repeat for the same order is answered with the same bytes.
func (h *Handler) redeem(c *fiber.Ctx, feed portal.Feed) error {
	code, err := only(c, "code")
	if err != nil {
		return err
	}
	body, err := jsonBody(c)
	if err != nil {
		return err
	}
	record, err := feed.Redeem(c.UserContext(), code, body)
	if err != nil {
		return err
	}
	return c.JSON(record)
}

func (h *Handler) redemption(c *fiber.Ctx, feed portal.Feed) error {
	code, number, err := usePath(c)
	if err != nil {
		return err
	}
	record, err := feed.Redemption(c.UserContext(), code, number)
	if err != nil {
		return err
	}
	return c.JSON(record)
}

func (h *Handler) giveBack(c *fiber.Ctx, feed portal.Feed) error {
	code, number, err := usePath(c)
	if err != nil {
		return err
	}
	if err := feed.GiveBack(c.UserContext(), code, number); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// usePath returns the code and the order's number in the path of a redemption.
func usePath(c *fiber.Ctx) (code, number string, err error) {
	if code, err = only(c, "code"); err == nil {
		number, err = gate.Param(c, "order")
	}
	return code, number, err
}

package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"postern/portal"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/shop"
)

// customerShow shows a customer's account.
type customerShow struct {
	customerArg
	JSON bool `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run prints what staff need to help a customer on the phone, and no secrets.
func (c customerShow) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(_ portal.Operator, shop shop.Shop, account portal.CustomerAccount) error {
		return describeCustomer(shop, account).print(w, c.JSON)
	})
}

func describeCustomer(shop shop.Shop, a portal.CustomerAccount) card {
	var c card
	c.add("id", a.ID)
	c.add("customer-id", a.FeedID)
	c.add("shop", shop.ID)
	c.add("email", a.Email)
	c.addList("earlier-emails", a.EarlierEmails)
	c.add("name", strings.TrimSpace(a.Title+" "+a.Name()))
	c.add("phone", a.Phone)
	c.add("birth-date", a.BirthDate)
	c.add("language", a.Language)
	c.add("company", a.Company.Name)
	c.add("vat-id", a.Company.VATID)
	c.add("vat-status", string(a.VAT.Status))
	c.add("addresses", strconv.Itoa(len(a.Addresses)))
	c.add("orders", strconv.FormatInt(a.Orders, 10))
	c.add("registered-by", registeredBy(a.Customer))
	c.add("created", moment(a.CreatedAt))
	c.add("changed", moment(a.ChangedAt))
	c.add("erasure", moment(a.Erasure.At))
	sessions := []string{}
	for _, s := range a.Sessions {
		sessions = append(sessions, sessionLine(s))
	}
	c.addList("sessions", sessions)
	return c
}

func registeredBy(c customer.Customer) string {
	if c.Registered {
		return "the customer"
	}
	return "the shop"
}

func sessionLine(s credential.SessionInfo) string {
	device := s.Device
	if device == "" {
		device = "unknown browser"
	}
	return fmt.Sprintf("%s, signed in %s, last seen %s", device, moment(s.SignedInAt), moment(s.SeenAt))
}

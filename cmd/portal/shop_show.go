package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postern/portal"
	"postern/portal/shop"
)

// shopShow shows the settings of a shop.
type shopShow struct {
	storeFlag
	ID   string `arg:"" optional:"" help:"The shop's id; optional if there is only one shop."`
	JSON bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run prints the settings, each under the name of its flag.
func (c shopShow) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator) error {
		shop, err := pick(ctx, operator, c.ID, "portal shop show ID")
		if err != nil {
			return err
		}
		return describe(shop).print(w, c.JSON)
	})
}

func describe(shop shop.Shop) card {
	var c card
	c.add("id", shop.ID)
	c.add("name", shop.Name)
	c.add("base-url", shop.BaseURL)
	c.addWords("hosts", shop.Hosts)
	c.add("storefront-url", shop.StorefrontURL)
	c.addWords("allowed-origins", shop.AllowedOrigins)
	c.add("sender-name", shop.SenderName)
	c.add("sender-email", shop.SenderEmail)
	c.add("language", shop.Language)
	c.addWords("languages", shop.Languages)
	c.add("time-zone", shop.TimeZone)
	c.add("currency", shop.Currency)
	c.add("vat-id", shop.VATID)
	c.add("country", shop.Country)
	c.add("reorder-url", shop.ReorderURL)
	c.add("link-life", showLife(shop.LinkLife))
	c.add("registration", registration(shop))
	c.addWords("required-fields", shop.RequiredFields)
	c.add("first-order-mail", showSwitch(shop.FirstOrderMail))
	c.addWords("order-email", shop.OrderEmails)
	c.addList("return-reason", shop.ReturnReasons)
	c.add("withdrawal", showSwitch(!shop.NoWithdrawal))
	c.add("staff-names", showSwitch(shop.StaffNames))
	c.add("events", showSwitch(shop.Events))
	c.add("logo", showLogo(shop.Brand))
	c.add("accent", shop.Brand.Accent)
	c.add("support-email", shop.Brand.SupportEmail)
	footer := []string{}
	for _, link := range shop.Brand.Footer {
		text := link.Label + "=" + link.URL
		if link.Lang != "" {
			text = link.Lang + ":" + text
		}
		footer = append(footer, text)
	}
	c.addList("footer", footer)
	c.add("created", shop.CreatedAt.UTC().Format(time.RFC3339))
	return c
}

func showLogo(b shop.Brand) string {
	if b.LogoHash == "" {
		return ""
	}
	return fmt.Sprintf("%d x %d pixels", b.LogoWidth, b.LogoHeight)
}

// showLife formats a duration for --link-life.
func showLife(life time.Duration) string {
	if life%day == 0 {
		return fmt.Sprintf("%dd", life/day)
	}
	text := strings.TrimSuffix(life.String(), "0s")
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

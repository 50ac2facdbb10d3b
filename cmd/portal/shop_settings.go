package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"postern/portal"
	"postern/portal/shop"
	"postern/templates/i18n"
)

// shopGroup holds the subcommands for shops.
type shopGroup struct {
	Create shopCreate `cmd:"" help:"Create a shop."`
	List   shopList   `cmd:"" help:"List the shops."`
	Show   shopShow   `cmd:"" help:"Show all settings of a shop."`
	Set    shopSet    `cmd:"" help:"Change settings of a shop; a running server applies them within two seconds."`
}

// shopFlags are the settings of a shop; nil leaves a setting unchanged.
type shopFlags struct {
	Name           *string  `setting:"shop-name" help:"The shop's name, as customers know it."`
	BaseURL        *string  `setting:"shop-base-url" name:"base-url" help:"The portal's URL, such as https://account.shop.example. Links in emails begin with it." placeholder:"URL"`
	Hosts          *string  `setting:"shop-hosts" help:"Additional host names of the portal, separated by commas." placeholder:"HOST,…"`
	StorefrontURL  *string  `setting:"shop-storefront-url" name:"storefront-url" help:"The shop's URL. Product pictures are loaded from there." placeholder:"URL"`
	AllowedOrigins *string  `setting:"shop-allowed-origins" help:"Additional origins that pictures may be loaded from and a sign-in may lead to, separated by commas." placeholder:"URL,…"`
	SenderName     *string  `setting:"shop-sender-name" help:"The sender's name in emails; default: the shop's name." placeholder:"NAME"`
	SenderEmail    *string  `setting:"shop-sender-email" help:"The sender's email." placeholder:"EMAIL"`
	Language       *string  `setting:"shop-language" help:"The default language: en, sk, cs, pl or de." placeholder:"LANG"`
	Languages      *string  `setting:"shop-languages" help:"The languages offered, separated by commas; a new shop offers en,sk,cs,pl,de." placeholder:"LANG,…"`
	TimeZone       *string  `setting:"shop-time-zone" help:"The shop's time zone, such as Europe/Bratislava." placeholder:"ZONE"`
	Currency       *string  `setting:"shop-currency" help:"The shop's currency, such as EUR." placeholder:"CODE"`
	VATID          *string  `setting:"shop-vat-id" name:"vat-id" help:"The shop's own VAT ID. VIES needs it to give a consultation number for each check of a customer's VAT ID." placeholder:"VATID"`
	Country        *string  `setting:"shop-country" help:"The shop's country, such as SK: its public holidays count when a period set by law ends. Default: the country of the VAT ID." placeholder:"COUNTRY"`
	ReorderURL     *string  `setting:"shop-reorder-url" name:"reorder-url" help:"A link to the shop's cart for buying the same again, such as https://shop.example/cart?add={skus}. In it, {skus} becomes the SKUs parted by commas, {items} the SKUs with quantities (PEN:2,INK:1) and {number} the order's number. An empty text removes it." placeholder:"URL"`
	LinkLife       *string  `setting:"shop-link-life" help:"How long a sign-in link is valid, from 10m to 14d, such as 12h." placeholder:"TIME"`
	Registration   *string  `setting:"shop-registration" help:"Whether people without orders can register: open or closed." placeholder:"open|closed"`
	RequiredFields *string  `setting:"shop-required-fields" help:"What people who register are asked for, separated by commas: title, names, birth_date, phone, company." placeholder:"FIELD,…"`
	FirstOrderMail *string  `setting:"shop-first-order-mail" help:"Whether a customer's first order sends an email with a link to it: on or off." placeholder:"on|off"`
	OrderEmails    []string `setting:"shop-order-email" name:"order-email" sep:"," help:"A kind of email about orders that customers get: received, paid, shipped, pickup, delivered, cancelled, refunded or return. Repeat the flag for more; none switches all off, as in a new shop." placeholder:"KIND"`
	ReturnReasons  []string `setting:"shop-return-reason" name:"return-reason" sep:";" help:"A reason that customers can choose when they return something, as they read it. Repeat the flag for more; none restores the built-in reasons, which are in the customer's language." placeholder:"TEXT"`
	Withdrawal     *string  `setting:"shop-withdrawal" help:"Whether customers can withdraw from a contract online: on (the default) or off. EU law requires it of every shop that sells to consumers; off is for shops that sell to businesses only." placeholder:"on|off"`
	StaffNames     *string  `setting:"shop-staff-names" help:"Whether customers see the email of the person on your staff who viewed or changed their account, and not only the role: on or off." placeholder:"on|off"`
	Events         *string  `setting:"shop-events" help:"Whether the shop's system may send what customers do in the shop (visits, products viewed, changes of the cart), for staff to see: on or off, as in a new shop. Tell your customers before you switch it on. What was sent is deleted after 90 days." placeholder:"on|off"`
	Logo           *string  `setting:"shop-logo" help:"A PNG, JPEG or WebP file of the logo; none removes it." placeholder:"FILE"`
	Accent         *string  `setting:"shop-accent" help:"The colour of buttons and links, such as #2f6b4f." placeholder:"COLOUR"`
	SupportEmail   *string  `setting:"shop-support-email" help:"The email that customers can write to." placeholder:"EMAIL"`
	Footer         []string `setting:"shop-footer" sep:";" help:"A link in the footer of every page, label=URL. With a language before it, sk:label=URL, it is on the pages in that language, in place of those without one. Repeat the flag for more; none removes all." placeholder:"[LANG:]LABEL=URL"`
	InsecureHTTP   bool     `name:"insecure-http" help:"Allow a plain http base URL on a host other than this machine."`
}

// none is the value that removes a setting.
const none = "none"

func (f shopFlags) options() []portal.Option {
	if f.InsecureHTTP {
		return []portal.Option{portal.WithInsecureHTTP()}
	}
	return nil
}

// settings converts the flags to the product's settings. It reports all invalid values at once, with the
// help command to see.
func (f shopFlags) settings(see string) (shop.Settings, error) {
	var wrong problems
	s := shop.Settings{
		Name: f.Name, BaseURL: f.BaseURL, Hosts: split(f.Hosts), StorefrontURL: f.StorefrontURL,
		AllowedOrigins: split(f.AllowedOrigins),
		SenderName:     f.SenderName, SenderEmail: f.SenderEmail, Language: f.Language,
		Languages: split(f.Languages),
		TimeZone:  f.TimeZone, Currency: f.Currency, VATID: f.VATID, Accent: f.Accent,
		Country: f.Country, ReorderURL: f.ReorderURL,
		SupportEmail: f.SupportEmail,
		LinkLife:     readLife(f.LinkLife, &wrong), Registration: readRegistration(f.Registration, &wrong),
		RequiredFields: split(f.RequiredFields), Withdrawal: readSwitch("--withdrawal", f.Withdrawal, &wrong),
		Logo: readLogo(f.Logo, &wrong), Footer: readFooter(f.Footer, &wrong),
		Events:         readSwitch("--events", f.Events, &wrong),
		FirstOrderMail: readSwitch("--first-order-mail", f.FirstOrderMail, &wrong),
		StaffNames:     readSwitch("--staff-names", f.StaffNames, &wrong),
		OrderEmails:    readList(f.OrderEmails), ReturnReasons: readList(f.ReturnReasons),
	}
	return s, wrong.usage(see)
}

// split parses a comma-separated list. An empty text is an empty list.
func split(text *string) *[]string {
	if text == nil {
		return nil
	}
	list := []string{}
	for part := range strings.SplitSeq(*text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return &list
}

// readList parses a repeated flag. A single none is an empty list.
func readList(list []string) *[]string {
	if list == nil {
		return nil
	}
	read := []string{}
	if len(list) == 1 && list[0] == none {
		return &read
	}
	for _, text := range list {
		if text = strings.TrimSpace(text); text != "" {
			read = append(read, text)
		}
	}
	return &read
}

const day = 24 * time.Hour

// parseLife parses a duration that may be in days: "14d" or "30m".
func parseLife(text string) (time.Duration, error) {
	days, found := strings.CutSuffix(text, "d")
	if !found {
		return time.ParseDuration(text)
	}
	const most = 10000
	n, err := strconv.Atoi(days)
	return time.Duration(min(max(n, 0), most)) * day, err
}

// readLife reads the duration of --link-life.
func readLife(text *string, wrong *problems) *time.Duration {
	if text == nil {
		return nil
	}
	life, err := parseLife(*text)
	if err != nil {
		wrong.add("--link-life: %q is not a duration such as 14d, 12h or 30m.", *text)
		return nil
	}
	return &life
}

func readRegistration(text *string, wrong *problems) *bool {
	switch {
	case text == nil:
		return nil
	case *text == "open":
		return new(true)
	case *text == "closed":
		return new(false)
	}
	wrong.add("--registration: must be open or closed, not %q.", *text)
	return nil
}

// readSwitch parses on or off. A JSON file may contain true or false.
func readSwitch(flag string, text *string, wrong *problems) *bool {
	if text == nil {
		return nil
	}
	switch *text {
	case on, "true":
		return new(true)
	case off, "false":
		return new(false)
	}
	wrong.add("%s: must be on or off, not %q.", flag, *text)
	return nil
}

const on, off = "on", "off"

// showSwitch formats a value for readSwitch.
func showSwitch(value bool) string {
	if value {
		return on
	}
	return off
}

func readLogo(name *string, wrong *problems) *[]byte {
	if name == nil {
		return nil
	}
	file := []byte{}
	if *name != none && *name != "" {
		var err error
		if file, err = os.ReadFile(*name); err != nil {
			wrong.add("--logo: %s.", err)
		}
		if err == nil && len(file) == 0 {
			wrong.add("--logo: %s is empty; to remove the logo, use --logo none.", *name)
		}
	}
	return &file
}

func readFooter(list []string, wrong *problems) *[]shop.FooterLink {
	if list == nil {
		return nil
	}
	links := []shop.FooterLink{}
	if len(list) == 1 && list[0] == none {
		return &links
	}
	for _, text := range list {
		label, address, found := strings.Cut(text, "=")
		if !found {
			wrong.add("--footer: %q is not label=URL, such as Terms=https://shop.example/terms.", text)
			continue
		}
		link := shop.FooterLink{Label: strings.TrimSpace(label), URL: strings.TrimSpace(address)}
		if lang, rest, _ := strings.Cut(link.Label, ":"); slices.Contains(i18n.Tags(), lang) {
			link.Lang, link.Label = lang, strings.TrimSpace(rest)
		}
		links = append(links, link)
	}
	return &links
}

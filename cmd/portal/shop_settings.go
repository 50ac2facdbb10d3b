package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"postern/portal"
)

// shopGroup holds the sub-commands on shops.
type shopGroup struct {
	Create shopCreate `cmd:"" help:"Create a shop."`
	List   shopList   `cmd:"" help:"List the shops."`
	Show   shopShow   `cmd:"" help:"Show all settings of a shop."`
	Set    shopSet    `cmd:"" help:"Change settings of a shop; a running server sees them within two seconds."`
}

// shopFlags are the settings of a shop; nil leaves one as it is.
type shopFlags struct {
	Name           *string  `setting:"shop-name" help:"The name customers know."`
	BaseURL        *string  `setting:"shop-base-url" name:"base-url" help:"The portal's own address, which all links in mails begin with: https://account.shop.example." placeholder:"URL"`
	Hosts          *string  `setting:"shop-hosts" help:"Further hosts the portal answers on, separated by commas." placeholder:"HOST,…"`
	StorefrontURL  *string  `setting:"shop-storefront-url" name:"storefront-url" help:"The shop's own address; pictures of its products are shown from there." placeholder:"URL"`
	AllowedOrigins *string  `setting:"shop-allowed-origins" help:"Further origins that pictures come from and a sign-in may lead to, separated by commas." placeholder:"URL,…"`
	SenderName     *string  `setting:"shop-sender-name" help:"The sender's name in mails; the shop's name unless set." placeholder:"NAME"`
	SenderEmail    *string  `setting:"shop-sender-email" help:"The sender's address in mails." placeholder:"EMAIL"`
	Language       *string  `setting:"shop-language" help:"The language of customers who wish none: en, sk, cs, pl or de." placeholder:"LANG"`
	Languages      *string  `setting:"shop-languages" help:"The languages offered, separated by commas; a new shop offers en,sk,cs,pl,de." placeholder:"LANG,…"`
	TimeZone       *string  `setting:"shop-time-zone" help:"The time zone that days and years begin in, such as Europe/Bratislava." placeholder:"ZONE"`
	Currency       *string  `setting:"shop-currency" help:"The currency, such as EUR." placeholder:"CODE"`
	VATID          *string  `setting:"shop-vat-id" name:"vat-id" help:"The shop's own VAT ID; with it VIES gives a consultation number for each customer's VAT ID it is asked for." placeholder:"VATID"`
	LinkLife       *string  `setting:"shop-link-life" help:"How long a sign-in link works, from 10m to 14d: 14d, 12h, 30m." placeholder:"TIME"`
	Registration   *string  `setting:"shop-registration" help:"Whether an address without orders may make an account: open or closed." placeholder:"open|closed"`
	RequiredFields *string  `setting:"shop-required-fields" help:"What somebody who made an account so is asked for, separated by commas: title, names, birth_date, phone, company." placeholder:"FIELD,…"`
	FirstOrderMail *string  `setting:"shop-first-order-mail" help:"Whether a customer's first order sends a mail with a link to it: on or off." placeholder:"on|off"`
	Withdrawal     *string  `setting:"shop-withdrawal" help:"Whether consumers find the function to withdraw from a contract, which EU law wants of every shop that sells to them: on or off. A new shop has it; off is for one that sells to businesses only." placeholder:"on|off"`
	Logo           *string  `setting:"shop-logo" help:"A PNG, JPEG or WebP file with the logo; none removes it." placeholder:"FILE"`
	Accent         *string  `setting:"shop-accent" help:"The colour of buttons and links, such as #2f6b4f." placeholder:"COLOUR"`
	SupportEmail   *string  `setting:"shop-support-email" help:"Where customers write to." placeholder:"EMAIL"`
	Footer         []string `setting:"shop-footer" sep:";" help:"A link at the foot of every page, label=URL; may be given several times. none removes all." placeholder:"LABEL=URL"`
	InsecureHTTP   bool     `name:"insecure-http" help:"Allow a base URL of plain http on another host than this machine."`
}

// none removes what is set.
const none = "none"

func (f shopFlags) options() []portal.Option {
	if f.InsecureHTTP {
		return []portal.Option{portal.WithInsecureHTTP()}
	}
	return nil
}

// settings turns the flags into what the product takes; what cannot be read is told at once, all of it, with the command to see.
func (f shopFlags) settings(see string) (portal.ShopSettings, error) {
	var wrong faults
	s := portal.ShopSettings{
		Name: f.Name, BaseURL: f.BaseURL, Hosts: split(f.Hosts), StorefrontURL: f.StorefrontURL, AllowedOrigins: split(f.AllowedOrigins),
		SenderName: f.SenderName, SenderEmail: f.SenderEmail, Language: f.Language, Languages: split(f.Languages),
		TimeZone: f.TimeZone, Currency: f.Currency, VATID: f.VATID, Accent: f.Accent, SupportEmail: f.SupportEmail,
		LinkLife: readLife(f.LinkLife, &wrong), Registration: readRegistration(f.Registration, &wrong),
		RequiredFields: split(f.RequiredFields), Withdrawal: readSwitch("--withdrawal", f.Withdrawal, &wrong),
		Logo: readLogo(f.Logo, &wrong), Footer: readFooter(f.Footer, &wrong), FirstOrderMail: readSwitch("--first-order-mail", f.FirstOrderMail, &wrong),
	}
	return s, wrong.usage(see)
}

// split reads a list separated by commas; an empty text is the empty list.
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

const day = 24 * time.Hour

// readLife reads a duration, with days: "14d" or "30m".
func readLife(text *string, wrong *faults) *time.Duration {
	if text == nil {
		return nil
	}
	life, err := time.ParseDuration(*text)
	if days, found := strings.CutSuffix(*text, "d"); found {
		var n int
		n, err = strconv.Atoi(days)
		life = time.Duration(min(max(n, 0), 1000)) * day
	}
	if err != nil {
		wrong.add("--link-life: %q is no time; write it as 14d, 12h or 30m.", *text)
		return nil
	}
	return &life
}

func readRegistration(text *string, wrong *faults) *bool {
	switch {
	case text == nil:
		return nil
	case *text == "open":
		return new(true)
	case *text == "closed":
		return new(false)
	}
	wrong.add("--registration: it is open or closed, not %q.", *text)
	return nil
}

// readSwitch reads what is on or off; a file of JSON may say true or false.
func readSwitch(flag string, text *string, wrong *faults) *bool {
	if text == nil {
		return nil
	}
	switch *text {
	case on, "true":
		return new(true)
	case off, "false":
		return new(false)
	}
	wrong.add("%s: it is on or off, not %q.", flag, *text)
	return nil
}

const on, off = "on", "off"

// showSwitch writes it as readSwitch takes it.
func showSwitch(value bool) string {
	if value {
		return on
	}
	return off
}

func readLogo(name *string, wrong *faults) *[]byte {
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
			wrong.add("--logo: %s is empty; to remove the logo say --logo none.", *name)
		}
	}
	return &file
}

func readFooter(list []string, wrong *faults) *[]portal.FooterLink {
	if list == nil {
		return nil
	}
	links := []portal.FooterLink{}
	if len(list) == 1 && list[0] == none {
		return &links
	}
	for _, text := range list {
		label, address, found := strings.Cut(text, "=")
		if !found {
			wrong.add("--footer: %q is not label=URL, as in Terms=https://shop.example/terms.", text)
			continue
		}
		links = append(links, portal.FooterLink{Label: strings.TrimSpace(label), URL: strings.TrimSpace(address)})
	}
	return &links
}

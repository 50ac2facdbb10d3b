package page

import (
	"html/template"
	"strconv"

	"postern/static"
)

// Approximate sizes of a page's head and foot in bytes.
const (
	roomForHead = 4 << 10
	roomForFoot = 2 << 10
)

// files holds the URLs of the files that every page loads.
type files struct{ style, script string }

func findFiles() (files, error) {
	style, err := static.URL("css/portal.css")
	if err != nil {
		return files{}, err
	}
	script, err := static.URL("js/portal.js")
	return files{style, script}, err
}

// Head returns the markup before the content of every page: layout/head.
func (b Base) Head() template.HTML {
	var m Markup
	m.Grow(roomForHead)
	m.Raw("<!doctype html>\n<html lang=\"").Text(b.L.Lang()).Raw("\">\n<head>\n")
	b.document(&m)
	m.Raw("</head>\n<body").If(b.Solo, ` class="solo"`).Raw(">\n<a class=\"skip\" href=\"#main\">").Text(b.T("base.skip")).Raw("</a>\n")
	m.Raw("<header class=\"top\">\n<div class=\"bar\">\n")
	b.brand(&m)
	if b.SignedIn {
		b.account(&m)
	}
	m.Raw("</div>\n")
	if b.SignedIn {
		b.navigation(&m)
	}
	m.Raw("</header>\n<main id=\"main\" class=\"page").If(b.Wide, " wide").Raw("\" tabindex=\"-1\">\n")
	if b.Flash != nil {
		b.flash(&m)
	}
	return m.HTML()
}

// document writes the content of the head element.
func (b *Base) document(m *Markup) {
	m.Raw(`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>`).Text(b.Title)
	if b.Shop.Name != "" {
		m.Raw(" – ").Text(b.Shop.Name)
	}
	m.Raw("</title>\n<link rel=\"stylesheet\" href=\"").URL(b.files.style).Raw("\">\n")
	if b.BrandStyle != "" {
		m.Raw(`<link rel="stylesheet" href="`).URL(b.BrandStyle).Raw("\">\n")
	}
	m.Raw(`<script type="module" src="`).URL(b.files.script).Raw("\"></script>\n")
}

// brand writes the shop's logo, or its name if it has none.
func (b *Base) brand(m *Markup) {
	if b.Shop.Name == "" {
		return
	}
	m.Raw(`<a class="brand" href="`).URL(b.Home()).Raw("\">\n")
	if logo := b.Shop.Brand.LogoPath(); logo != "" {
		m.Raw(`<img src="`).URL(logo).Raw(`" alt="`).Text(b.Shop.Name).Raw(`" width="`).Text(strconv.Itoa(b.Shop.Brand.LogoWidth)).
			Raw(`" height="`).Text(strconv.Itoa(b.Shop.Brand.LogoHeight)).Raw("\">\n")
	} else {
		m.Text(b.Shop.Name).Raw("\n")
	}
	m.Raw("</a>\n")
}

// account writes the signed-in customer's menu.
func (b *Base) account(m *Markup) {
	m.Raw("<details class=\"menu\">\n<summary>").Put(b.Icon("person")).Raw(` <span class="menu-who" dir="auto">`).Text(b.Who).Raw("</span>").
		Put(b.Icon("down")).Raw(` <span class="hidden">`).Text(b.T("menu.label")).Raw("</span></summary>\n")
	m.Raw("<div class=\"menu-list\">\n<p class=\"menu-email\">").Text(b.Email).Raw("</p>\n<ul>\n")
	m.Item("/profile", b.T("nav.profile"), false)
	m.Item("/privacy", b.T("nav.privacy"), false)
	m.Item("/security", b.T("menu.devices"), false)
	if b.Shop.StorefrontURL != "" {
		m.Item(b.Shop.StorefrontURL, b.T("menu.storefront"), false)
	}
	m.Raw(`<li><form method="post" action="/sign-out"><button class="menu-item">`).Text(b.T("menu.sign_out")).
		Raw("</button></form></li>\n</ul>\n</div>\n</details>\n")
}

func (b *Base) navigation(m *Markup) {
	m.Raw(`<nav class="nav" aria-label="`).Text(b.T("nav.label")).Raw("\"><ul>\n")
	m.Item("/orders", b.T("nav.orders"), b.Nav == "orders")
	m.Item("/addresses", b.T("nav.addresses"), b.Nav == "addresses")
	m.Item("/company", b.T("nav.company"), b.Nav == "company")
	m.Item("/profile", b.T("nav.profile"), b.Nav == "profile")
	m.Item("/security", b.T("nav.security"), b.Nav == "security")
	m.Raw("</ul></nav>\n")
}

// flash writes the confirmation.
func (b *Base) flash(m *Markup) {
	m.Raw(`<div class="flash" role="status">`).Put(b.Icon("done")).Raw("<p>").Text(b.Flash.Text).Raw("</p>")
	if undo := b.Flash.Undo; undo != nil {
		m.Raw("\n<form method=\"post\" action=\"").URL(undo.Path).Raw(`">`)
		for _, field := range undo.Fields {
			m.Raw(`<input type="hidden" name="`).Text(field.Name).Raw(`" value="`).Text(field.Value).Raw(`">`)
		}
		m.Raw(`<button class="link">`).Text(undo.Label).Raw("</button></form>")
	}
	m.Raw("</div>\n")
}

// Foot returns the markup after the content of every page: layout/foot.
func (b Base) Foot() template.HTML {
	var m Markup
	m.Grow(roomForFoot)
	m.Raw("</main>\n<footer class=\"foot\">\n")
	if withdraw := b.Withdraw(); withdraw != "" {
		m.Raw(`<p><a href="`).URL(withdraw).Raw(`">`).Text(b.T("withdraw.here")).Raw("</a></p>\n")
	}
	if email := b.Shop.Brand.SupportEmail; email != "" {
		m.Raw("<p>").Text(b.T("footer.help")).Raw(` <a href="mailto:`).Text(email).Raw(`">`).Text(email).Raw("</a></p>\n")
	}
	if links := b.Shop.Brand.Footer; len(links) > 0 {
		m.Raw("<ul class=\"foot-links\">\n")
		for _, link := range links {
			m.Item(link.URL, link.Label, false)
		}
		m.Raw("</ul>\n")
	}
	switch {
	case len(b.Languages) == 0:
	case b.SignedIn:
		b.profileLanguages(&m)
	default:
		b.visitorLanguages(&m)
	}
	m.Raw("</footer>\n</body>\n</html>\n")
	return m.HTML()
}

// profileLanguages writes buttons that save the language in the customer's profile.
func (b *Base) profileLanguages(m *Markup) {
	m.Raw(`<form class="languages" method="post" action="/profile/language" aria-label="`).Text(b.T("footer.language")).
		Raw("\">\n<input type=\"hidden\" name=\"back\" value=\"").Text(b.Here).Raw("\">\n")
	for _, choice := range b.Languages {
		m.Raw(`<button name="lang" value="`).Text(choice.Lang).Raw(`" lang="`).Text(choice.Lang).Raw(`"`).
			If(choice.Present, ` aria-current="true"`).Raw(">").Text(choice.Name).Raw("</button>\n")
	}
	m.Raw("</form>\n")
}

// visitorLanguages writes links that carry the language in the URL.
func (b *Base) visitorLanguages(m *Markup) {
	m.Raw(`<nav class="languages" aria-label="`).Text(b.T("footer.language")).Raw("\">\n")
	for _, choice := range b.Languages {
		m.Raw(`<a href="`).URL(b.inLanguage(choice.Lang)).Raw(`" lang="`).Text(choice.Lang).Raw(`" hreflang="`).Text(choice.Lang).Raw(`"`).
			If(choice.Present, ` aria-current="true"`).Raw(">").Text(choice.Name).Raw("</a>\n")
	}
	m.Raw("</nav>\n")
}

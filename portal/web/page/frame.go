package page

import (
	"html/template"
	"strconv"
)

// Conditions that a page's head and foot test.
const (
	frameSingleCard = 1 << iota
	frameWide
	frameSignedIn
	frameUnread
	frameAs
	frameChoice // and higher: the position of the present language
)

// head is the data of layout/frame-head.
type head struct {
	Words
	Area                              *Area
	Nav                               string
	SingleCard, Wide, SignedIn        bool
	Unread                            bool
	Title, ShopName, BrandStyle, Home string
	Logo, LogoWidth, LogoHeight       string
	DisplayName, Email, Storefront    string
	Role                              string
	As                                *AsBanner
}

// AsBanner tells staff on every page of a customer that they are signed in as that customer, how long, and
// what they may do.
type AsBanner struct {
	Name, Text string // whose pages these are, and everything else
	Short      string // Name where there is little room
	End        string // path of the form that ends it
	Write      bool   // whether they may change the profile, the company and the addresses
}

// Frame is embedded in the data of a page that is kept as a whole: the HTML before and after its content.
type Frame struct {
	Words
	Head, Foot template.HTML
	Flash      *Flash // nil: it is part of Head
}

// Frame returns the frame of a page that is kept as a whole. It is written with the page, from what b is
// then.
func (b *Base) Frame(gaps *Gaps) (Frame, error) {
	f := Frame{Words: b.Words()}
	f.Head = gaps.Written(func(out Output) error {
		shape, inner, data := b.head()
		return b.WriteFragment(out, shape, inner, data)
	})
	if b.Flash != nil {
		flash, err := b.Partial("partials/flash", b.Flash)
		if err != nil {
			return f, err
		}
		f.Head += gaps.HTML(flash)
	}
	f.Foot = gaps.Written(func(out Output) error {
		shape, inner, data := b.foot()
		return b.WriteFragment(out, shape, inner, data)
	})
	return f, nil
}

// Head returns the HTML before the content of every page, without the confirmation.
func (b Base) Head() (template.HTML, error) {
	shape, gaps, data := b.head()
	return b.Fragment(shape, gaps, data)
}

func (b *Base) head() (Shape, *Gaps, *head) {
	gaps, brand := b.Gaps(), b.Shop.Brand
	data := head{
		Words: b.Words(), Area: b.Area, Nav: b.Nav, SingleCard: b.SingleCard, Wide: b.Wide,
		SignedIn: b.SignedIn, Unread: len(b.Unread) > 0,
		Title: gaps.Text(b.documentTitle()), ShopName: gaps.Text(b.Shop.Name), BrandStyle: gaps.Text(b.BrandStyle),
		Home: gaps.Text(b.Home()), Logo: gaps.Text(brand.LogoPath()),
		LogoWidth:   gaps.Text(strconv.Itoa(brand.LogoWidth)),
		LogoHeight:  gaps.Text(strconv.Itoa(brand.LogoHeight)),
		DisplayName: gaps.Text(b.DisplayName), Email: gaps.Text(b.Email),
		Storefront: gaps.Text(b.Shop.StorefrontURL),
	}
	if b.As != nil {
		data.As = &AsBanner{Name: gaps.Text(b.As.Name), Short: gaps.Text(b.As.Short), Text: gaps.Text(b.As.Text),
			End: gaps.Text(b.As.End)}
	}
	if b.Area.Role != "" {
		data.Role = b.T(b.Area.Role)
	}
	shape := Shape{Template: "layout/frame-head", Variant: b.Area.Name + "/" + b.Nav, Flags: b.frameFlags()}
	return shape, gaps, &data
}

// documentTitle returns the title of the document, which says first that a form was refused: a screen reader
// reads it out before anything else. For staff who are signed in as a customer it begins with that.
func (b Base) documentTitle() string {
	if b.As != nil {
		as := b
		as.As = nil
		return b.T("impersonation.document_title", "Name", b.DisplayName, "Title", as.documentTitle())
	}
	if b.refused != nil && *b.refused {
		return b.T("form.error_title", "Title", b.Title)
	}
	return b.Title
}

// foot is the data of layout/frame-foot.
type foot struct {
	Words
	Area                               *Area
	SignedIn                           bool
	Withdraw, SupportEmail, CurrentURL string
	Links                              []Link
	Choices                            []languageChoice
}

// languageChoice is a language with the URL of this page in it, for visitors.
type languageChoice struct {
	Choice
	URL string
}

// Foot returns the HTML after the content of every page.
func (b Base) Foot() (template.HTML, error) {
	shape, gaps, data := b.foot()
	return b.Fragment(shape, gaps, data)
}

func (b *Base) foot() (Shape, *Gaps, *foot) {
	gaps, flags, links := b.Gaps(), b.frameFlags(), b.Shop.Brand.FooterIn(b.L.Lang())
	support := b.Shop.Brand.SupportEmail
	if b.Area.Side { // those are for customers
		links, support = nil, ""
	}
	data := foot{
		Words: b.Words(), Area: b.Area, SignedIn: b.SignedIn,
		Withdraw: gaps.Text(b.Withdraw()), SupportEmail: gaps.Text(support),
		CurrentURL: gaps.Text(b.CurrentURL), Links: make([]Link, 0, len(links)),
		Choices: make([]languageChoice, 0, len(b.Languages)),
	}
	for i, choice := range b.Languages {
		made := languageChoice{Choice: choice}
		made.Lang, made.Name = gaps.Text(choice.Lang), gaps.Text(choice.Name)
		if !b.SignedIn {
			made.URL = gaps.Text(b.inLanguage(choice.Lang))
		}
		if choice.Current {
			flags |= frameChoice << i
		}
		data.Choices = append(data.Choices, made)
	}
	for _, link := range links {
		data.Links = append(data.Links, Link{Label: gaps.Text(link.Label), Path: gaps.Text(link.URL)})
	}
	variant := b.Area.Name + "/" + strconv.Itoa(len(data.Choices)) // the other gaps belong to links
	return Shape{Template: "layout/frame-foot", Variant: variant, Flags: flags}, gaps, &data
}

func (b *Base) frameFlags() uint64 {
	var flags uint64
	for _, set := range []struct {
		applies bool
		flag    uint64
	}{{b.SingleCard, frameSingleCard}, {b.Wide, frameWide}, {b.SignedIn, frameSignedIn},
		{len(b.Unread) > 0, frameUnread}, {b.As != nil, frameAs}} {
		if set.applies {
			flags |= set.flag
		}
	}
	return flags
}

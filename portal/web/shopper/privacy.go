package shopper

import (
	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/validate"
	"postern/portal/web/page"
)

const privacyPath = "/privacy"

// privacyPage shows the customer's consents. Withdrawing a consent is as easy as giving it.
type privacyPage struct {
	page.Base
	Form     page.Form // holds the error if a choice was not saved
	Consents []consentChoice
	History  []consentLine
	Activity []activityLine
	Pager    *page.Pager // of the activity
	Erasing  string      // a sentence with the date of the account's deletion, "" if none is scheduled
}

// consentChoice is one purpose and its button.
type consentChoice struct {
	Purpose  customer.Purpose
	Name     string
	Sentence string // the exact sentence that the customer agrees to
	Version  string // of the sentence
	State    string
	Given    bool
}

// consentLine is one entry of the consent history.
type consentLine struct{ Text, Wording string }

func (h *Handler) privacy(c *fiber.Ctx, s portal.Shopper) error {
	return h.showPrivacy(c, s, fiber.StatusOK, nil)
}

func (h *Handler) showPrivacy(c *fiber.Ctx, s portal.Shopper, status int, err error) error {
	data := privacyPage{Base: h.base(c, s, "privacy", "privacy.title")}
	data.Form = data.Base.Form(nil, err)
	who := s.Customer()
	for _, purpose := range customer.Purposes() {
		data.Consents = append(data.Consents, data.choice(who.Consent(purpose)))
	}
	for _, said := range who.ConsentHistory() {
		data.History = append(data.History, data.line(said))
	}
	if failed := data.addActivity(c, s); failed != nil {
		return failed
	}
	if who.Erasure.Pending() {
		data.Erasing = data.T("delete_account.pending", "When", who.Erasure.At)
	}
	return h.pages.Render(c, status, "shopper/privacy", data)
}

func (p *privacyPage) choice(said customer.Consent) consentChoice {
	sentence := consentSentence(p.Base, said.Purpose)
	return consentChoice{
		Purpose: said.Purpose, Name: p.T("consent.name." + string(said.Purpose)),
		Given:    said.Status == customer.ConsentGiven,
		Sentence: sentence, Version: customer.WordingVersion(sentence),
		State: p.T("consent.state."+string(said.Status), "When", said.At),
	}
}

// consentSentence returns the sentence that a customer agrees to, in the page's language.
func consentSentence(b page.Base, purpose customer.Purpose) string {
	return b.T("consent.sentence."+string(purpose), "Shop", b.Shop.Name)
}

func (p *privacyPage) line(said customer.Consent) consentLine {
	key := "consent.history." + string(said.Status) + "."
	if p.L.Has(key + said.Source) {
		key += said.Source
	} else {
		key += customer.SourceFeed
	}
	line := consentLine{Text: p.T(key, "What", p.T("consent.name."+string(said.Purpose)), "When", said.At,
		"Note", said.Note)}
	if said.Wording != "" {
		line.Wording = p.T("consent.wording", "Wording", said.Wording, "Version", said.Version)
	}
	return line
}

// saveConsent saves one choice. The form's "say" is "give" or "withdraw".
func (h *Handler) saveConsent(c *fiber.Ctx, s portal.Shopper) error {
	purpose := customer.Purpose(c.FormValue("purpose"))
	sentence := consentSentence(h.base(c, s, "privacy", "privacy.title"), purpose)
	if c.FormValue("say") == "give" {
		err := s.GiveConsent(c.UserContext(), purpose, sentence, c.FormValue("wording"))
		if validate.KindOf(err) == validate.Conflict {
			return h.showPrivacy(c, s, fiber.StatusConflict, err)
		}
		if err != nil {
			return err
		}
		return done(c, privacyPath, "consent.given")
	}
	if err := s.WithdrawConsent(c.UserContext(), purpose, sentence); err != nil {
		return err
	}
	return done(c, privacyPath, "consent.withdrawn")
}

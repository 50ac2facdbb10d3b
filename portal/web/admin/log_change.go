package admin

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/note"
	"postern/portal/staff"
	"postern/portal/web/page"
)

// shownChange is the change of a field in words, with the words that stand for the arrow between the values.
// A long one is folded.
type shownChange struct {
	Field, Before, Became, After string
	Long                         bool
}

// longValue is the number of characters from which a value is folded.
const longValue = 80

func (h *Handler) shownChange(b page.Base, change audit.Change) shownChange {
	empty := b.T("log.empty")
	shown := shownChange{Field: fieldName(b, change.Field), Became: b.T("log.became"),
		Before: cmp.Or(h.fieldValue(b, change.Field, change.Before), empty),
		After:  cmp.Or(h.fieldValue(b, change.Field, change.After), empty)}
	shown.Long = slices.ContainsFunc([]string{shown.Before, shown.After}, func(text string) bool {
		return utf8.RuneCountInString(text) > longValue || strings.Contains(text, "\n")
	})
	return shown
}

// fieldKeys names the fields whose names are those of a form.
func fieldKeys() map[string]string {
	return map[string]string{
		"company.name": "company.name", "company.country": "address.label.country",
		"company.registration_number": "company.registration", "company.tax_number": "company.tax",
		"company.vat_id": "company.vat", "role": "staff.role", audit.FieldOrder: "customer.order",
		audit.FieldAccess: "log.field.access",
		"placed_at":       "customer.placed", "total": "customer.total", "enrolled_at": "log.field.enrolled_at",
		"consents.newsletter": "consent.name.newsletter", "consents.partner_offers": "consent.name.partner_offers",
		"withdrawal": "request.decision", "email_kind": "emails.kind", "job": "jobs.kind", "name": "api_keys.name",
		"scopes": "api_keys.scopes", "expires_at": "api_keys.expires",
		"message": "answer.text", "request.return": "request.decision", "request.cancel": "request.decision",
		"tax_exempt.reason": "customer.exempt.reason", "tax_exempt.certificate": "customer.exempt.certificate",
	}
}

// fieldName returns the name of a field in words, or as the API names it.
func fieldName(b page.Base, field string) string {
	group, rest, _ := strings.Cut(field, ".")
	if group == "notes" {
		return b.T("note.text")
	}
	for _, key := range []string{fieldKeys()[field], "activity.field." + field, "activity.field." + group} {
		if key != "" && b.L.Has(key) {
			if group == "tags" {
				return b.T(key) + ": " + rest
			}
			return b.T(key)
		}
	}
	return field
}

// fieldValue returns the value of a field in words.
func (h *Handler) fieldValue(b page.Base, field, value string) string {
	group, _, _ := strings.Cut(field, ".")
	switch {
	case value == "":
		return ""
	case group == "tags":
		return b.T("customers.yes")
	case field == "role" && staff.IsRole(value):
		return b.T("staff.role." + value)
	case field == "language":
		return languageName(b, value)
	case field == "job":
		return jobName(b, value)
	case field == audit.FieldAccess:
		return b.T("log.access." + value)
	case field == "birth_date":
		if day, err := time.ParseInLocation(time.DateOnly, value, b.L.Zone()); err == nil {
			return b.Date(day)
		}
	case field == "company.country":
		if name := h.app.AddressFormats().CountryName(value, b.L.Lang()); name != "" {
			return name
		}
	case group == "consents":
		return consentValue(b, value)
	case group == "request":
		return b.T("return.state." + value)
	case group == "notes":
		text, pinned := note.TextOf(value)
		if pinned {
			text += " (" + b.T("note.pinned") + ")"
		}
		return text
	case group == "addresses":
		var saved customer.SavedAddressWire
		if err := json.Unmarshal([]byte(value), &saved); err == nil {
			return strings.Join(h.app.AddressFormats().Lines(saved.Address, b.L.Lang()), "\n")
		}
	case strings.HasSuffix(field, "_at"):
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return b.L.DateTime(at)
		}
	}
	return value
}

// consentValue returns a consent, which is its status, its time and its source.
func consentValue(b page.Base, value string) string {
	parts := strings.SplitN(value, " ", 3)
	if len(parts) < 2 || !b.L.Has("consent.state."+parts[0]) {
		return value
	}
	at, err := time.Parse(time.RFC3339, parts[1])
	if err != nil {
		return value
	}
	text := b.T("consent.state."+parts[0], "When", at)
	if len(parts) == 3 && parts[2] != "" {
		text += " (" + parts[2] + ")"
	}
	return text
}

// shownDay returns a day of a filter in words, or as it was typed.
func shownDay(b page.Base, text string) string {
	if day, err := time.ParseInLocation(time.DateOnly, text, b.L.Zone()); err == nil {
		return b.L.ShortDate(day)
	}
	return text
}

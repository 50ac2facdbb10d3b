package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/web/gate"
	"postern/templates/i18n"
)

// problem is an error of the API (RFC 9457). Its type is always about:blank, so that the title is the status's phrase.
type problem struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail,omitempty"`
	Code    string         `json:"code,omitempty"`    // message key: stable, for programs
	Request string         `json:"request,omitempty"` // id, as in the log
	Errors  []problemFault `json:"errors,omitempty"`
}

// problemFault is one wrong field of the document, or a wrong parameter of the address.
type problemFault struct {
	Pointer   string `json:"pointer"` // RFC 6901; "" is the whole document
	Parameter string `json:"parameter,omitempty"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
}

const problemType = "application/problem+json"

// writeProblem answers the API. Its sentences are English, for the one who reads the feed's log.
func (s *site) writeProblem(c *fiber.Ctx, f failure) error {
	words := s.words.Localizer("en", gate.Shop(c).Location())
	p := problem{
		Type: "about:blank", Title: http.StatusText(f.status), Status: f.status,
		Code: f.key, Detail: sentence(words, f.key, nil), Request: gate.RequestID(c),
	}
	for _, fault := range f.faults {
		wrong := problemFault{Pointer: fault.Field, Code: fault.Key, Detail: sentence(words, fault.Key, fault.Args)}
		if fault.Field != "" && !strings.HasPrefix(fault.Field, "/") {
			wrong.Pointer, wrong.Parameter = "", fault.Field
		}
		p.Errors = append(p.Errors, wrong)
	}
	if f.kind == portal.SignIn {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="postern"`)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, problemType)
	return c.Status(f.status).Send(body)
}

// sentence is the message of a key, "" when the catalogue has none: a key is for programs, not for people.
func sentence(words *i18n.Localizer, key string, args map[string]string) string {
	if key == "" || !words.Has(key) {
		return ""
	}
	return words.T(key, args)
}

package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
	"postern/portal/web/gate"
)

// problem is an API error (RFC 9457). Its type is a URN derived from its code.
type problem struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail,omitempty"`
	Code    string         `json:"code"`              // stable, for programs
	Scope   string         `json:"scope,omitempty"`   // that the key lacks
	Request string         `json:"request,omitempty"` // id, as in the log
	Errors  []problemError `json:"errors,omitempty"`
}

// problemError is an invalid field of the document or an invalid query parameter.
type problemError struct {
	Pointer   string `json:"pointer"` // RFC 6901; "" is the whole document
	Parameter string `json:"parameter,omitempty"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
}

const (
	problemType = "application/problem+json"
	problemURN  = "urn:postern:error:"
)

// codeOf returns the code of a failure that has no message of its own.
func codeOf(f failure) string {
	switch f.status {
	case http.StatusBadRequest:
		return "request.malformed"
	case http.StatusUnauthorized:
		return "key.required"
	case http.StatusForbidden:
		return "error.denied"
	case http.StatusNotFound:
		return "error.not_found"
	case http.StatusMethodNotAllowed:
		return "request.method"
	case http.StatusRequestTimeout:
		return "request.timeout"
	case http.StatusConflict:
		return "error.conflict"
	case http.StatusGone:
		return "error.gone"
	case http.StatusRequestEntityTooLarge:
		return "error.too_large"
	case http.StatusUnsupportedMediaType:
		return "request.media_type"
	case http.StatusMisdirectedRequest:
		return "error.misdirected"
	case http.StatusUnprocessableEntity:
		return "error.invalid"
	case http.StatusTooManyRequests:
		return "error.too_many"
	case http.StatusRequestHeaderFieldsTooLarge:
		return "request.header"
	case http.StatusServiceUnavailable:
		return "error.unavailable"
	}
	return "error.internal"
}

// writeProblem answers the API. Its sentences are in English, for the developer who reads the feed's log.
func (s *site) writeProblem(c *fiber.Ctx, f failure) error {
	words := s.words.Developer()
	if f.key == "" {
		f.key = codeOf(f)
	}
	p := problem{
		Type: problemURN + f.key, Title: http.StatusText(f.status), Status: f.status,
		Code: f.key, Detail: words.T(f.key, "Count", len(f.fieldErrors), "Scope", f.args["Scope"]),
		Scope:   f.args["Scope"],
		Request: gate.RequestID(c),
	}
	for _, wrong := range f.fieldErrors {
		e := problemError{Pointer: wrong.Field, Code: wrong.Key, Detail: words.T(wrong.Key, wrong.Args)}
		if wrong.Field != "" && !strings.HasPrefix(wrong.Field, "/") {
			e.Pointer, e.Parameter = "", wrong.Field
		}
		p.Errors = append(p.Errors, e)
	}
	if challenge := challengeOf(f); challenge != "" {
		c.Set(fiber.HeaderWWWAuthenticate, challenge)
	}
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, problemType)
	return c.Status(f.status).Send(body)
}

// challengeOf returns the WWW-Authenticate header (RFC 6750, 3) of a failure that another key would avoid, or
// "".
func challengeOf(f failure) string {
	const realm = `Bearer realm="postern"`
	switch {
	case f.args["Scope"] != "":
		return realm + `, error="insufficient_scope", scope="` + f.args["Scope"] + `"`
	case f.kind != validate.SignIn:
		return ""
	case f.key == "key.required":
		return realm // RFC 6750: no error code for a request without a key
	}
	return realm + `, error="invalid_token"`
}

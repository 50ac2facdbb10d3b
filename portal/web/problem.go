package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"postern/portal/validate"
	"postern/portal/web/api"
	"postern/portal/web/gate"
)

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

// writeProblem answers the API.
func (s *site) writeProblem(c *fiber.Ctx, f failure) error {
	p := s.problemOf(f)
	p.Request = gate.RequestID(c)
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

// problemOf describes a failure. Its sentences are in English, for the developer who reads the feed's log.
func (s *site) problemOf(f failure) api.Problem {
	words := s.words.Developer()
	if f.key == "" {
		f.key = codeOf(f)
	}
	p := api.Problem{
		Type: problemURN + f.key, Title: http.StatusText(f.status), Status: f.status,
		Code: f.key, Detail: words.T(f.key, "Count", len(f.fieldErrors), "Scope", f.args["Scope"]),
		Scope: f.args["Scope"],
	}
	for _, wrong := range f.fieldErrors {
		e := api.ProblemError{Pointer: wrong.Field, Code: wrong.Key, Detail: words.T(wrong.Key, wrong.Args)}
		if wrong.Field != "" && !strings.HasPrefix(wrong.Field, "/") {
			e.Pointer, e.Parameter = "", wrong.Field
		}
		p.Errors = append(p.Errors, e)
	}
	return p
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
	case f.key == "":
		return realm // RFC 6750: no error code for a request without a key
	}
	return realm + `, error="invalid_token"`
}

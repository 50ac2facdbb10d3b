// Package vies asks VIES, the VAT Information Exchange System of the European Commission, whether a VAT ID
// is valid, through its REST interface (POST …/check-vat-number). It interprets the responses: only an
// explicit result counts as valid or invalid. Everything else is an error, and the caller asks again later.
//
// It must not know about customers, storage or when to ask again.
package vies

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// DefaultURL is the Commission's URL of the REST interface.
const DefaultURL = "https://ec.europa.eu/taxation_customs/vies/rest-api"

const (
	// Timeout is the time limit of one request: VIES forwards it to the member states, and some respond
	// slowly.
	Timeout   = 30 * time.Second
	maxAnswer = 64 << 10
	maxText   = 500 // characters in a name or an address
)

// Client is a VIES client.
type Client struct {
	url  string
	http *http.Client
}

// New returns a client of the interface at url. A trailing slash is ignored.
func New(url string) Client {
	return Client{url: strings.TrimRight(url, "/"), http: &http.Client{
		Timeout:       Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Answer is the answer of VIES about a VAT ID. Name and Address are "" if the member state does not provide
// them (Germany and Spain). Consultation is the number that proves the request, or "" if there was no
// requester.
type Answer struct {
	Valid                       bool
	Name, Address, Consultation string
}

// UnknownError means that VIES gave no answer. Reason is a code of VIES (MS_UNAVAILABLE,
// MS_MAX_CONCURRENT_REQ, TIMEOUT and the like), or "network" or "answer" from this package.
type UnknownError struct {
	Reason string
	Cause  error
}

// Error returns a message with the reason. It contains no VAT ID.
func (e *UnknownError) Error() string { return "vies: no answer: " + e.Reason }

// Unwrap returns the cause, or nil if VIES itself gave the reason.
func (e *UnknownError) Unwrap() error { return e.Cause }

// Knows reports whether VIES covers a prefix: those of the member states, with EL for Greece, and XI.
func Knows(prefix string) bool {
	return slices.Contains(strings.Fields("AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"), prefix)
}

type question struct {
	CountryCode              string `json:"countryCode"`
	VATNumber                string `json:"vatNumber"`
	RequesterMemberStateCode string `json:"requesterMemberStateCode,omitempty"`
	RequesterNumber          string `json:"requesterNumber,omitempty"`
}

type reply struct {
	CountryCode       string `json:"countryCode"`
	VATNumber         string `json:"vatNumber"`
	Valid             *bool  `json:"valid"`
	RequestIdentifier string `json:"requestIdentifier"`
	Name              string `json:"name"`
	Address           string `json:"address"`
	UserError         string `json:"userError"`
	ErrorWrappers     []struct {
		Error string `json:"error"`
	} `json:"errorWrappers"`
}

// The codes of VIES that are answers, not failures.
const (
	wordValid   = "VALID"
	wordInvalid = "INVALID"
)

// The reasons that concern the request itself.
const (
	ReasonInput     = "INVALID_INPUT"          // VIES rejects the VAT ID as impossible
	ReasonRequester = "INVALID_REQUESTER_INFO" // VIES rejects the requester; a request without one may succeed
)

// Check asks VIES about a VAT ID, given as prefix and body, such as "SK" and "2020317068". requester is the
// shop's own canonical VAT ID, or "". An *UnknownError means that the validity is still unknown.
func (c Client) Check(ctx context.Context, prefix, body, requester string) (Answer, error) {
	q := question{CountryCode: prefix, VATNumber: body}
	if len(requester) > 2 {
		q.RequesterMemberStateCode, q.RequesterNumber = requester[:2], requester[2:]
	}
	text, err := json.Marshal(q)
	if err != nil {
		return Answer{}, fmt.Errorf("vies: question: %w", err)
	}
	r, err := c.ask(ctx, text)
	if err != nil {
		return Answer{}, err
	}
	return r.judge(q)
}

func (c Client) ask(ctx context.Context, question []byte) (reply, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/check-vat-number",
		bytes.NewReader(question))
	if err != nil {
		return reply{}, fmt.Errorf("vies: question: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, &UnknownError{Reason: "network", Cause: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return reply{}, &UnknownError{Reason: "network", Cause: err}
	}
	var r reply
	if err := json.Unmarshal(body, &r); err != nil || len(body) > maxAnswer {
		return reply{}, &UnknownError{Reason: "answer",
			Cause: errors.Join(err, fmt.Errorf("status %d", response.StatusCode))}
	}
	if response.StatusCode != http.StatusOK && len(r.ErrorWrappers) == 0 {
		return reply{}, &UnknownError{Reason: "answer", Cause: fmt.Errorf("status %d", response.StatusCode)}
	}
	return r, nil
}

// judge returns the answer in the reply. It must be about this question and contain no failure code;
// otherwise the result is an *UnknownError.
func (r reply) judge(q question) (Answer, error) {
	failed := r.UserError
	if len(r.ErrorWrappers) > 0 {
		failed = r.ErrorWrappers[0].Error
	}
	switch failed {
	case "", wordValid, wordInvalid:
	default:
		return Answer{}, &UnknownError{Reason: word(failed)}
	}
	if r.Valid == nil || r.CountryCode != q.CountryCode || r.VATNumber != q.VATNumber || r.UserError != "" &&
		*r.Valid != (r.UserError == wordValid) {
		return Answer{}, &UnknownError{Reason: "answer"}
	}
	if !*r.Valid {
		return Answer{Consultation: given(r.RequestIdentifier)}, nil
	}
	return Answer{Valid: true, Name: given(r.Name), Address: given(r.Address),
		Consultation: given(r.RequestIdentifier)}, nil
}

// word returns a reason that is safe to log, whatever VIES sent.
func word(text string) string {
	fit := func(c rune) bool { return c >= 'A' && c <= 'Z' || c == '_' }
	if text == "" || len(text) > 40 || strings.ContainsFunc(text, func(c rune) bool { return !fit(c) }) {
		return "answer"
	}
	return text
}

// given cleans a text of the answer. VIES writes "---" for none.
func given(text string) string {
	lines := strings.FieldsFunc(strings.ToValidUTF8(text, ""),
		func(c rune) bool { return c == '\n' || c == '\r' })
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	joined := []rune(strings.Join(slices.DeleteFunc(lines,
		func(line string) bool { return line == "" }), ", "))
	if text := string(joined[:min(len(joined), maxText)]); strings.Trim(text, "-") != "" {
		return text
	}
	return ""
}

package vies_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal/vies"
)

// TestAnswers checks every kind of answer from VIES or from a proxy in its place.
func TestAnswers(t *testing.T) {
	t.Parallel()
	full := `{"countryCode":"SK","vatNumber":"2020317068","requestDate":"2026-11-21T10:00:00.000Z","valid":true,
		"requestIdentifier":"WAPIAAAAY1","name":"Kniha, s.r.o.","address":"Obchodná 1\n811 06  Bratislava\n"}`
	for name, test := range map[string]struct {
		status int
		body   string
		want   vies.Answer
		reason string // of an UnknownError; "" for an answer
	}{
		"valid":                   {200, full, vies.Answer{Valid: true, Name: "Kniha, s.r.o.", Address: "Obchodná 1, 811 06 Bratislava", Consultation: "WAPIAAAAY1"}, ""},
		"valid, nameless":         {200, `{"countryCode":"SK","vatNumber":"2020317068","valid":true,"name":"---","address":"---","requestIdentifier":""}`, vies.Answer{Valid: true}, ""},
		"not valid":               {200, `{"countryCode":"SK","vatNumber":"2020317068","valid":false,"name":"---"}`, vies.Answer{}, ""},
		"invalid input":           {400, `{"actionSucceed":false,"errorWrappers":[{"error":"INVALID_INPUT"}]}`, vies.Answer{}, vies.ReasonInput},
		"another two minds":       {200, `{"countryCode":"SK","vatNumber":"2020317068","valid":false,"userError":"VALID"}`, vies.Answer{}, "answer"},
		"state down":              {200, `{"actionSucceed":false,"errorWrappers":[{"error":"MS_UNAVAILABLE"}]}`, vies.Answer{}, "MS_UNAVAILABLE"},
		"state busy":              {500, `{"actionSucceed":false,"errorWrappers":[{"error":"MS_MAX_CONCURRENT_REQ"}]}`, vies.Answer{}, "MS_MAX_CONCURRENT_REQ"},
		"all busy":                {200, `{"actionSucceed":false,"errorWrappers":[{"error":"GLOBAL_MAX_CONCURRENT_REQ"}]}`, vies.Answer{}, "GLOBAL_MAX_CONCURRENT_REQ"},
		"service down":            {503, `{"errorWrappers":[{"error":"SERVICE_UNAVAILABLE"}]}`, vies.Answer{}, "SERVICE_UNAVAILABLE"},
		"timeout":                 {200, `{"errorWrappers":[{"error":"TIMEOUT"}]}`, vies.Answer{}, "TIMEOUT"},
		"requester":               {400, `{"errorWrappers":[{"error":"INVALID_REQUESTER_INFO"}]}`, vies.Answer{}, "INVALID_REQUESTER_INFO"},
		"blocked":                 {200, `{"countryCode":"SK","vatNumber":"2020317068","valid":false,"userError":"IP_BLOCKED"}`, vies.Answer{}, "IP_BLOCKED"},
		"unavailable, as a field": {200, `{"countryCode":"SK","vatNumber":"2020317068","valid":false,"userError":"MS_UNAVAILABLE"}`, vies.Answer{}, "MS_UNAVAILABLE"},
		"two minds":               {200, `{"countryCode":"SK","vatNumber":"2020317068","valid":true,"userError":"INVALID"}`, vies.Answer{}, "answer"},
		"of another":              {200, strings.Replace(full, "2020317068", "2020317069", 1), vies.Answer{}, "answer"},
		"of another state":        {200, strings.Replace(full, `"SK"`, `"CZ"`, 1), vies.Answer{}, "answer"},
		"says nothing":            {200, `{"countryCode":"SK","vatNumber":"2020317068"}`, vies.Answer{}, "answer"},
		"valid is a word":         {200, `{"countryCode":"SK","vatNumber":"2020317068","valid":"true"}`, vies.Answer{}, "answer"},
		"no JSON":                 {200, `<html>Service under maintenance</html>`, vies.Answer{}, "answer"},
		"empty":                   {200, ``, vies.Answer{}, "answer"},
		"cut":                     {200, full[:80], vies.Answer{}, "answer"},
		"an error page":           {502, `{}`, vies.Answer{}, "answer"},
		"moved":                   {301, `{}`, vies.Answer{}, "answer"},
		"valid, but 500":          {500, full, vies.Answer{}, "answer"},
		"huge":                    {200, full + strings.Repeat(" ", 70<<10), vies.Answer{}, "answer"},
		"hostile word":            {200, `{"errorWrappers":[{"error":"a\nlevel=ERROR msg=x"}]}`, vies.Answer{}, "answer"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
			}))
			defer server.Close()
			got, err := vies.New(server.URL+"/").Check(t.Context(), "SK", "2020317068", "")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if reason := reasonOf(err); reason != test.reason {
				t.Errorf("reason %q, want %q (%v)", reason, test.reason, err)
			}
		})
	}
}

func reasonOf(err error) string {
	var unknown *vies.UnknownError
	if errors.As(err, &unknown) {
		return unknown.Reason
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// TestQuestion checks the request sent to VIES.
func TestQuestion(t *testing.T) {
	t.Parallel()
	var asked map[string]string
	var path, kind string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, kind, asked = r.Method+" "+r.URL.Path, r.Header.Get("Content-Type"), nil
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		_, _ = w.Write([]byte(`{}`))
	}))
	defer server.Close()
	client := vies.New(server.URL + "/rest-api")
	_, _ = client.Check(t.Context(), "EL", "094259216", "SK2020317068")
	want := map[string]string{"countryCode": "EL", "vatNumber": "094259216", "requesterMemberStateCode": "SK", "requesterNumber": "2020317068"}
	if diff := cmp.Diff(want, asked); diff != "" || path != "POST /rest-api/check-vat-number" || kind != "application/json" {
		t.Errorf("%s %s %s", path, kind, diff)
	}
	_, _ = client.Check(t.Context(), "DE", "136695976", "")
	if diff := cmp.Diff(map[string]string{"countryCode": "DE", "vatNumber": "136695976"}, asked); diff != "" {
		t.Error(diff)
	}
}

// TestSilence checks a VIES that is unreachable, one that does not answer, and one that breaks off its
// answer.
func TestSilence(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"valid":true`))
	}))
	defer broken.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	for name, url := range map[string]string{"silent": silent.URL, "broken": broken.URL, "gone": gone.URL} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if _, err := vies.New(url).Check(ctx, "SK", "2020317068", ""); reasonOf(err) != "network" {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

// TestLongTexts checks that long texts are truncated, not refused.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"countryCode": "SK", "vatNumber": "1", "valid": true, "name": strings.Repeat("ž", 5000)})
	}))
	defer server.Close()
	got, err := vies.New(server.URL).Check(t.Context(), "SK", "1", "")
	if err != nil || got.Name != strings.Repeat("ž", 500) {
		t.Errorf("%d bytes, %v", len(got.Name), err)
	}
}

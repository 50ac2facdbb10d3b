package demo

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// VIES replaces the EU's service in the demo, which contacts no outside service. It knows the VAT IDs of the
// demo's companies, except for one. For Germany, whose register is often busy in reality, it gives no
// answer. It knows no other IDs.
type VIES struct {
	URL string

	server *http.Server
}

// StartVIES serves the register on a port of this machine until Close is called.
func StartVIES(ctx context.Context) (*VIES, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &VIES{URL: "http://" + listener.Addr().String()}
	r.server = &http.Server{Handler: http.HandlerFunc(r.answer), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // ends with Close, and always with an error
	return r, nil
}

// Close ends the register.
func (r *VIES) Close() error { return r.server.Close() }

// answer implements the Commission's REST interface.
func (r *VIES) answer(w http.ResponseWriter, request *http.Request) {
	var asked struct{ CountryCode, VATNumber, RequesterNumber string }
	if err := json.NewDecoder(http.MaxBytesReader(w, request.Body, 4<<10)).Decode(&asked); err != nil {
		http.Error(w, "no question", http.StatusBadRequest)
		return
	}
	said := viesAnswer{CountryCode: asked.CountryCode, VATNumber: asked.VATNumber,
		Name: "---", Address: "---"}
	if asked.CountryCode == "DE" {
		said.Errors = []viesError{{"MS_MAX_CONCURRENT_REQ"}}
	}
	for _, p := range People() {
		if !p.unlisted && p.company.VATID == asked.CountryCode+asked.VATNumber {
			said.Valid, said.Name = true, p.company.Name
		}
	}
	if asked.RequesterNumber != "" {
		said.RequestIdentifier = "DEMO" + asked.VATNumber
	}
	body, err := json.Marshal(said)
	if err != nil {
		http.Error(w, "no answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // fails only if the client has disconnected
}

// viesAnswer is the interface's response. If Errors is set, there is no result.
type viesAnswer struct {
	CountryCode       string      `json:"countryCode"`
	VATNumber         string      `json:"vatNumber"`
	Valid             bool        `json:"valid"`
	RequestIdentifier string      `json:"requestIdentifier,omitzero"`
	Name              string      `json:"name"`
	Address           string      `json:"address"`
	Errors            []viesError `json:"errorWrappers,omitzero"`
}

type viesError struct {
	Error string `json:"error"`
}

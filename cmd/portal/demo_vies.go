package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// demoRegister replaces VIES in the demo, which contacts no outside service. It knows the VAT IDs of the
// demo's companies, except for one. For Germany, whose register is often busy in reality, it gives no
// answer. It knows no other IDs.
type demoRegister struct {
	url    string
	server *http.Server
}

// startDemoRegister serves the register on a port of this machine until stop is called.
func startDemoRegister(ctx context.Context) (*demoRegister, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, failf("Cannot serve the demo's VIES: %s", err)
	}
	r := &demoRegister{url: "http://" + listener.Addr().String()}
	r.server = &http.Server{Handler: http.HandlerFunc(r.answer), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = r.server.Serve(listener) }() // ends with stop, and always with an error
	return r, nil
}

func (r *demoRegister) stop() error { return r.server.Close() }

// answer implements the Commission's REST interface.
func (r *demoRegister) answer(w http.ResponseWriter, request *http.Request) {
	var asked struct{ CountryCode, VATNumber, RequesterNumber string }
	if err := json.NewDecoder(http.MaxBytesReader(w, request.Body, 4<<10)).Decode(&asked); err != nil {
		http.Error(w, "no question", http.StatusBadRequest)
		return
	}
	said := demoAnswer{CountryCode: asked.CountryCode, VATNumber: asked.VATNumber, Name: "---", Address: "---"}
	if asked.CountryCode == "DE" {
		said.Errors = []demoAnswerError{{"MS_MAX_CONCURRENT_REQ"}}
	}
	for _, p := range people() {
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

// demoAnswer is the interface's response. If Errors is set, there is no result.
type demoAnswer struct {
	CountryCode       string            `json:"countryCode"`
	VATNumber         string            `json:"vatNumber"`
	Valid             bool              `json:"valid"`
	RequestIdentifier string            `json:"requestIdentifier,omitzero"`
	Name              string            `json:"name"`
	Address           string            `json:"address"`
	Errors            []demoAnswerError `json:"errorWrappers,omitzero"`
}

type demoAnswerError struct {
	Error string `json:"error"`
}

package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"postern/portal/address"
	"postern/portal/customer"
)

// storefront is an example of a shop whose customers sign in through the portal. Like any shop it needs
// only two URLs and an API key. The sign-in has three steps, each of them a method:
//
//	begin     sends the browser to the portal with the return URL and the hash of a secret that it keeps
//	comeBack  handles the browser's return with a code
//	exchange  sends code and secret from this server, not from the browser, and receives the customer
type storefront struct {
	portal string // base URL of the portal
	own    string // base URL of this shop, an allowed origin in the portal
	key    string // created by "portal apikey create"
	client *http.Client
	page   *template.Template

	mu       sync.Mutex
	sessions map[string]shopCustomer // by cookie; a real shop already has sessions
}

// shopCustomer holds the parts of the portal's response that the shop uses.
type shopCustomer struct {
	ID        string           `json:"customer_id"`
	Email     string           `json:"email"`
	FirstName string           `json:"first_name"`
	Company   customer.Company `json:"company"`
	Addresses []addressDoc     `json:"addresses"`
}

// Delivery returns the address that a checkout would start with, or nil.
func (c shopCustomer) Delivery() *address.Address {
	for _, a := range c.Addresses {
		if a.DefaultShipping {
			return &a.Address
		}
	}
	return nil
}

const (
	shopSession  = "shop"          // cookie with the shop's session
	shopVerifier = "shop-verifier" // cookie with the secret that identifies the browser
)

func newStorefront(portal, own, key string) (*storefront, error) {
	page, err := template.ParseFS(files, "shop.html")
	return &storefront{
		portal: portal, own: own, key: key, page: page, sessions: map[string]shopCustomer{},
		client: &http.Client{Timeout: 10 * time.Second},
	}, err
}

func (s *storefront) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.front)
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, files, "shop.css")
	})
	mux.HandleFunc("GET /sign-in",
		func(w http.ResponseWriter, r *http.Request) { s.begin(w, r, "/signed-in") })
	mux.HandleFunc("GET /signed-in", s.comeBack)
	mux.HandleFunc("POST /sign-out", s.signOut)
	return http.NewCrossOriginProtection().Handler(mux)
}

// begin sends the browser to the portal. The secret stays in a cookie and only its hash is sent (RFC 7636),
// so that nobody else can complete the sign-in.
func (s *storefront) begin(w http.ResponseWriter, r *http.Request, returnTo string) {
	verifier := secretText()
	setShopCookie(w, shopVerifier, verifier)
	hash := sha256.Sum256([]byte(verifier))
	query := url.Values{"return_to": {s.own + returnTo},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(hash[:])}}
	http.Redirect(w, r, s.portal+"/sign-in?"+query.Encode(), http.StatusSeeOther)
}

// comeBack is the page that return_to names. A customer may open a link that was requested here in another
// browser. That browser has no secret, but by now it is signed in at the portal, so a second attempt needs
// no action by the customer. comeBack makes it once, with "again" in the URL. If it fails too, comeBack
// shows an error, which prevents a redirect loop.
func (s *storefront) comeBack(w http.ResponseWriter, r *http.Request) {
	customer, err := s.exchange(r)
	switch {
	case err == nil:
		s.signIn(w, customer)
		http.Redirect(w, r, "/", http.StatusSeeOther) // removes the code from the address bar
	case errors.Is(err, errNotOurs) && r.FormValue("again") == "" && r.FormValue("code") != "":
		s.begin(w, r, "/signed-in?again=yes")
	case errors.Is(err, errNotOurs):
		s.show(w, http.StatusForbidden,
			shopPage{Error: "Signing in did not work. Does your browser keep cookies?"})
	default:
		s.show(w, http.StatusBadGateway,
			shopPage{Error: "The portal does not answer. Try again in a minute."})
	}
}

// errNotOurs means that a code is used, expired, or was issued for another browser.
var errNotOurs = errors.New("the code belongs to another browser")

// exchange gets the customer for a code from the portal. A code works once within a minute, with the same
// return_to and secret as in begin.
func (s *storefront) exchange(r *http.Request) (customer shopCustomer, err error) {
	verifier, err := r.Cookie(shopVerifier)
	if err != nil {
		return customer, errNotOurs
	}
	returnTo := s.own + "/signed-in"
	if r.FormValue("again") != "" {
		returnTo += "?again=yes"
	}
	body, err := json.Marshal(map[string]string{"code": r.FormValue("code"), "return_to": returnTo,
		"code_verifier": verifier.Value})
	if err != nil {
		return customer, err
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodPost, s.portal+"/api/v1/hand-off",
		bytes.NewReader(body))
	if err != nil {
		return customer, err
	}
	request.Header.Set("Authorization", "Bearer "+s.key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := s.client.Do(request)
	if err != nil {
		return customer, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return customer, json.NewDecoder(answer.Body).Decode(&customer)
	case http.StatusGone:
		return customer, errNotOurs
	}
	return customer, fmt.Errorf("the portal responded with %s", answer.Status)
}

// signIn starts a session of the shop and deletes the secret.
func (s *storefront) signIn(w http.ResponseWriter, customer shopCustomer) {
	session := secretText()
	s.mu.Lock()
	s.sessions[session] = customer
	s.mu.Unlock()
	setShopCookie(w, shopVerifier, "")
	setShopCookie(w, shopSession, session)
}

// shopPage is the data of the shop's only page.
type shopPage struct {
	Customer *shopCustomer // nil if not signed in
	Portal   string
	Error    string
}

func (s *storefront) front(w http.ResponseWriter, r *http.Request) {
	var page shopPage
	if cookie, err := r.Cookie(shopSession); err == nil {
		s.mu.Lock()
		if customer, found := s.sessions[cookie.Value]; found {
			page.Customer = &customer
		}
		s.mu.Unlock()
	}
	s.show(w, http.StatusOK, page)
}

func (s *storefront) show(w http.ResponseWriter, status int, page shopPage) {
	page.Portal = s.portal
	w.Header().Set("Content-Type", htmlType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	w.WriteHeader(status)
	_ = s.page.Execute(w, page) // fails only if the browser has disconnected
}

// signOut ends the shop's session. The portal's session is independent and continues.
func (s *storefront) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(shopSession); err == nil {
		s.mu.Lock()
		delete(s.sessions, cookie.Value)
		s.mu.Unlock()
	}
	setShopCookie(w, shopSession, "")
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// setShopCookie sets a session cookie; "" deletes it. A shop on https adds Secure, and __Host- to the name.
func setShopCookie(w http.ResponseWriter, name, value string) {
	cookie := &http.Cookie{ //nolint:gosec // browsers drop Secure cookies on plain http
		Name: name, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// secretText returns 256 random bits as 43 characters, the format of RFC 7636.
func secretText() string {
	secret := make([]byte, sha256.Size)
	rand.Read(secret) // never fails
	return base64.RawURLEncoding.EncodeToString(secret)
}

// ServeStorefront serves the demo's shop on the listener until ctx ends.
func (f *Fixture) ServeStorefront(ctx context.Context, listener net.Listener) error {
	s, err := newStorefront(f.Base, f.Storefront, f.Key)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })() // no need to wait for open pages
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"

	"github.com/valyala/fasthttp"
)

// customer is a customer of the store with a browser.
type customer struct {
	place   int    // position among all customers, from 0
	browser string // the secret in its browser's cookie
	token   string // of the sign-in link, "" for none
	session string // session cookie, "" if not signed in
}

// Cookies of a shop on https.
const (
	browserCookie = "__Host-postern-browser." + shopID
	sessionCookie = "__Host-postern." + shopID
)

// pick returns n different random customers out of the first among.
func pick(n, among int) []customer {
	chosen := make([]customer, min(n, among))
	for i, place := range mathrand.Perm(among)[:len(chosen)] {
		chosen[i] = newCustomer(place)
	}
	return chosen
}

func newCustomer(place int) customer {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails (crypto/rand)
	return customer{place: place, browser: base64.RawURLEncoding.EncodeToString(secret)}
}

func addresses(customers []customer) []string {
	all := make([]string, len(customers))
	for i, c := range customers {
		all[i] = emailOf(c.place)
	}
	return all
}

// askFor requests a link for every customer, each from a different client address as reported by a reverse
// proxy.
func askFor(customers []customer, connections int) load {
	return askAt("/sign-in", customers, connections)
}

// askAt is askFor at a sign-in page, which may be that of staff.
func askAt(path string, customers []customer, connections int) load {
	return load{
		connections: connections, count: len(customers),
		write: func(i int, request *fasthttp.Request) {
			c := customers[i]
			submit(request, path, "email="+emailOf(c.place))
			request.Header.SetCookie(browserCookie, c.browser)
			request.Header.Set("X-Forwarded-For",
				fmt.Sprintf("10.%d.%d.%d", c.place>>16&255, c.place>>8&255, c.place&255))
		},
		read: func(_ int, answer *fasthttp.Response) error {
			return leadsTo(answer, path+"/code?asked=yes")
		},
	}
}

// redeem presses the button on the page of every customer's link, which starts a session.
func redeem(customers []customer, connections int) load {
	return load{
		connections: connections, count: len(customers),
		write: func(i int, request *fasthttp.Request) {
			submit(request, "/sign-in/link", "token="+customers[i].token)
			request.Header.SetCookie(browserCookie, customers[i].browser)
		},
		read: func(i int, answer *fasthttp.Response) error {
			cookie := fasthttp.AcquireCookie()
			defer fasthttp.ReleaseCookie(cookie)
			if err := cookie.ParseBytes(answer.Header.PeekCookie(sessionCookie)); err != nil {
				return fmt.Errorf("no session in an answer with status %d: %w", answer.StatusCode(), err)
			}
			customers[i].session = string(cookie.Value())
			return leadsTo(answer, "/orders")
		},
	}
}

func submit(request *fasthttp.Request, path, form string) {
	request.Header.SetMethod(fasthttp.MethodPost)
	request.SetRequestURI(path)
	request.Header.SetContentType("application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.SetBodyString(form)
}

func leadsTo(answer *fasthttp.Response, path string) error {
	if to := string(answer.Header.Peek("Location")); answer.StatusCode() != fasthttp.StatusSeeOther ||
		to != path {
		return fmt.Errorf("status %d, to %q instead of %q", answer.StatusCode(), to, path)
	}
	return nil
}

// signIn signs customers in by email, with a server that sends email.
func (b *bench) signIn(ctx context.Context, p *process, customers []customer) error {
	b.post.clear()
	if _, err := askFor(customers, b.connections).on(ctx, p); err != nil {
		return err
	}
	if err := b.collect(ctx, customers); err != nil {
		return err
	}
	_, err := redeem(customers, b.connections).on(ctx, p)
	return err
}

// collect waits for the customers' links.
func (b *bench) collect(ctx context.Context, customers []customer) error {
	tokens, err := b.post.wait(ctx, addresses(customers))
	for i, token := range tokens {
		customers[i].token = token
	}
	return err
}

package main

import (
	"context"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"postern/portal"
	"postern/portal/staff"
)

const (
	staffCookie = "__Host-postern-staff." + shopID
	clerkEmail  = "clerk@bench.example"
)

// clerk is a manager of the shop with a browser and a session.
type clerk struct {
	browser, session string
	code             string // that the inviter was shown
}

var (
	shownSecret = regexp.MustCompile(`class="secret"[^>]*>(.*)`)
	tag         = regexp.MustCompile(`<[^>]*>| `)
)

// invite invites a manager to the shop of a store.
func (b *bench) invite(ctx context.Context, app *portal.App) (clerk, error) {
	code, err := app.Operator().InviteStaff(ctx, shopID, clerkEmail, string(staff.Manager))
	return clerk{browser: newCustomer(0).browser, code: code}, err
}

// enter signs the clerk in: by an emailed link, then by setting up an authenticator app.
func (b *bench) enter(ctx context.Context, p *process, c *clerk) error {
	b.post.clear()
	const signIn = "/admin/sign-in"
	if _, err := c.submit(ctx, p, signIn, url.Values{"email": {clerkEmail}}); err != nil {
		return err
	}
	tokens, err := b.post.wait(ctx, []string{clerkEmail})
	if err != nil {
		return err
	}
	if _, err := c.submit(ctx, p, signIn+"/link", url.Values{"token": tokens}); err != nil {
		return err
	}
	page, err := c.get(ctx, p, signIn+"/enrol")
	if err != nil {
		return err
	}
	shown := shownSecret.FindStringSubmatch(page)
	if shown == nil {
		return errors.New("the page shows no secret for an authenticator app")
	}
	plain := tag.ReplaceAllString(shown[1], "")
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(plain)
	if err != nil {
		return err
	}
	code, err := staff.TOTPCode(seed, time.Now())
	if err != nil {
		return err
	}
	_, err = c.submit(ctx, p, signIn+"/enrol", url.Values{"code": {code}, "enrolment": {c.code}})
	return err
}

// write fills in a request of the clerk's browser.
func (c *clerk) write(request *fasthttp.Request) {
	request.Header.SetCookie(browserCookie, c.browser)
	request.Header.SetCookie(staffCookie, c.session)
	request.Header.Set("Accept-Language", "en-GB,en;q=0.8,sk;q=0.5")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
}

// get returns a page.
func (c *clerk) get(ctx context.Context, p *process, path string) (string, error) {
	return c.ask(ctx, p, func(request *fasthttp.Request) { request.SetRequestURI(path) })
}

// submit sends a form and returns where it leads, or the page if it leads nowhere.
func (c *clerk) submit(ctx context.Context, p *process, path string, form url.Values) (string, error) {
	return c.ask(ctx, p, func(request *fasthttp.Request) { submit(request, path, form.Encode()) })
}

func (c *clerk) ask(ctx context.Context, p *process, write func(*fasthttp.Request)) (got string, err error) {
	one := load{
		connections: 1, count: 1,
		write: func(_ int, request *fasthttp.Request) {
			c.write(request)
			write(request)
		},
		read: func(_ int, answer *fasthttp.Response) error {
			c.take(answer)
			got = string(answer.Header.Peek("Location"))
			if answer.StatusCode() != fasthttp.StatusSeeOther {
				got = string(answer.Body())
				return has(answer, fasthttp.StatusOK)
			}
			return nil
		},
	}
	_, err = one.send(ctx, p.address)
	return got, err
}

// take keeps the session that an answer sets.
func (c *clerk) take(answer *fasthttp.Response) {
	cookie := fasthttp.AcquireCookie()
	defer fasthttp.ReleaseCookie(cookie)
	if cookie.ParseBytes(answer.Header.PeekCookie(staffCookie)) == nil && len(cookie.Value()) > 0 {
		c.session = string(cookie.Value())
	}
}

// viewAs is a load of the clerk's on pages that must contain the text.
func (o options) viewAs(c *clerk, path func(i int) string, text string) load {
	return load{
		connections: o.connections, duration: o.duration,
		write: func(i int, request *fasthttp.Request) {
			c.write(request)
			request.SetRequestURI(path(i))
		},
		read: func(i int, answer *fasthttp.Response) error {
			if err := has(answer, fasthttp.StatusOK); err != nil {
				return err
			}
			if !strings.Contains(string(answer.Body()), text) {
				return fmt.Errorf("%s: %q is not on the page of %d bytes", path(i), text, len(answer.Body()))
			}
			return nil
		},
	}
}

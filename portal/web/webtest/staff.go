package webtest

import (
	"encoding/base32"
	"net/http"
	"strings"
	"time"

	"postern/portal/staff"
)

// Employee is a person of a shop's staff with the authenticator app that they set up.
type Employee struct {
	*Browser
	Email    string
	Secret   []byte   // of the app
	Recovery []string // the codes that were shown
	i        *Installation
}

// Enrol invites a person and signs a new browser in as that person does: by link, then by setting up an
// authenticator app with the inviter's code.
func (i *Installation) Enrol(email string, role staff.Role) *Employee {
	i.t.Helper()
	shops, err := i.App.Shops(i.t.Context())
	if err != nil {
		i.t.Fatal(err)
	}
	code, err := i.App.Operator().InviteStaff(i.t.Context(), shops[0].ID, email, string(role))
	if err != nil {
		i.t.Fatalf("invite %s: %v", email, err)
	}
	e := &Employee{Browser: i.Browser(), Email: email, i: i}
	e.OpenLink()
	e.SetUp(code)
	i.Work()
	return e
}

// OpenLink signs the person's browser in by link, up to the second factor.
func (e *Employee) OpenLink() *Page {
	e.t.Helper()
	e.Get("/admin/sign-in").Want(http.StatusOK)
	e.Submit("main form", map[string]string{"email": e.Email}).Want(http.StatusOK)
	e.i.Deliver()
	link := LinkIn(e.i.Mailbox.Last(e.Email))
	if link == "" {
		e.t.Errorf("no link was mailed to %s", e.Email)
		return e.Page
	}
	e.Get(link).Want(http.StatusOK)
	return e.Submit("main form", nil)
}

// SetUp sets up the authenticator app on the page for it, with the inviter's code.
func (e *Employee) SetUp(enrolment string) *Page {
	e.t.Helper()
	text := strings.ReplaceAll(e.Page.Text(".secret"), " ", "")
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text)
	if err != nil || len(secret) == 0 {
		e.t.Errorf("the secret %q: %v", text, err)
	}
	e.Secret = secret
	page := e.Submit("main form", map[string]string{"code": e.Code(),
		"enrolment": enrolment}).Want(http.StatusOK)
	e.Recovery = page.Texts(".secret-codes li")
	return page
}

// Code returns the code that the app shows now.
func (e *Employee) Code() string {
	e.t.Helper()
	code, err := staff.TOTPCode(e.Secret, e.i.Clock.Now())
	if err != nil {
		e.t.Fatal(err)
	}
	return code
}

// SignIn signs the person in with a link and the app. It moves the clock on, because the app's code works
// once.
func (e *Employee) SignIn() *Page {
	e.t.Helper()
	e.i.Clock.Move(time.Minute)
	e.OpenLink()
	return e.Submit("main form", map[string]string{"code": e.Code()}).Want(http.StatusOK)
}

package gate

import (
	"crypto/rand"
	"encoding/base64"
	"regexp"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/shop"
)

// Names of the cookies. A dot and the shop's id follow (no id has a dot): browsers send the cookies of a
// host to each of its ports. On https they have the __Host- prefix, which binds them to the host and to
// Path=/.
const (
	sessionCookieName = "postern"
	browserCookieName = "postern-browser"
	addressCookieName = "postern-address"
	hostPrefix        = "__Host-"
)

// The maximum ages of the cookies.
const (
	sessionAge = 30 * 24 * time.Hour
	browserAge = 365 * 24 * time.Hour
	addressAge = time.Hour // a code works for ten minutes, and another email may follow
)

const secretBytes = 32

var (
	secretShape    = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	requestIDShape = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)
)

// waitingAddress is the value of the address cookie: the email address that this browser last requested a
// link for, so that the page that waits for the email can show it. It is not worth keeping for longer.
type waitingAddress struct {
	email string // "" for none
	typed bool   // as somebody typed it in this browser, and not known from a link
}

// typedMark ends a cookie whose address was typed, sealedMark one whose address is encrypted.
const (
	typedMark  = ".t"
	sealedMark = ".s"
)

func parseWaitingAddress(text string) waitingAddress {
	text, typed := strings.CutSuffix(text, typedMark)
	email, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(email) == 0 {
		return waitingAddress{}
	}
	return waitingAddress{string(email), typed}
}

func (w waitingAddress) String() string {
	text := base64.RawURLEncoding.EncodeToString([]byte(w.email))
	if w.typed {
		text += typedMark
	}
	return text
}

// secretOf returns the secret that identifies this browser, "" if it has no cookie.
func secretOf(c *fiber.Ctx) string {
	r := of(c)
	if r.browser == nil {
		secret := c.Cookies(cookieName(r.shop, browserCookieName))
		if !secretShape.MatchString(secret) {
			secret = ""
		}
		r.browser = &secret
	}
	return *r.browser
}

func waitingOf(c *fiber.Ctx) waitingAddress {
	r := of(c)
	if r.waiting == nil {
		text := c.Cookies(cookieName(r.shop, addressCookieName))
		parsed := parseWaitingAddress(text)
		if sealed, found := strings.CutSuffix(text, sealedMark); found {
			parsed = openWaitingAddress(c, sealed)
		}
		r.waiting = &parsed
	}
	return *r.waiting
}

func sessionOf(c *fiber.Ctx) string {
	r := of(c)
	if r.session == nil {
		value := c.Cookies(cookieName(r.shop, sessionCookieName))
		r.session = &value
	}
	return *r.session
}

// EnsureBrowser sets the browser cookie if there is none. Pages that request or show a link call it.
func EnsureBrowser(c *fiber.Ctx) {
	if secretOf(c) == "" {
		secret := newSecret()
		of(c).browser = &secret
		setCookie(c, browserCookieName, secret, browserAge)
	}
}

// HasBrowser reports whether the browser sent its cookie or was given one in this request.
func HasBrowser(c *fiber.Ctx) bool { return secretOf(c) != "" }

// Pending returns the email address that this browser requested a link for, or "".
func Pending(c *fiber.Ctx) string { return waitingOf(c).email }

// SetPending stores the email address that this browser requested a link for.
func SetPending(c *fiber.Ctx, email string) {
	EnsureBrowser(c)
	setWaiting(c, waitingAddress{email: email}, addressAge)
}

// SetTyped is SetPending for an address that was typed in this browser, where pages may therefore show it.
func SetTyped(c *fiber.Ctx, text string) {
	EnsureBrowser(c)
	setWaiting(c, waitingAddress{text, true}, addressAge)
}

// SetUnseen is SetPending for an address that whoever holds this browser may not know, such as that of an
// ended link: the cookie is encrypted.
func SetUnseen(c *fiber.Ctx, email string) {
	EnsureBrowser(c)
	of(c).waiting = &waitingAddress{email: email}
	sealed := of(c).gate.app.Secret().Seal(sealOfAddress(c), []byte(email))
	setCookie(c, addressCookieName, base64.RawURLEncoding.EncodeToString(sealed)+sealedMark, addressAge)
}

// sealOfAddress binds an encrypted address to the shop and the browser.
func sealOfAddress(c *fiber.Ctx) string { return "pending-address/" + Shop(c).ID + "/" + secretOf(c) }

func openWaitingAddress(c *fiber.Ctx, text string) waitingAddress {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || of(c).gate == nil {
		return waitingAddress{}
	}
	email, err := of(c).gate.app.Secret().Open(sealOfAddress(c), sealed)
	if err != nil {
		return waitingAddress{}
	}
	return waitingAddress{email: string(email)}
}

func setWaiting(c *fiber.Ctx, w waitingAddress, age time.Duration) {
	of(c).waiting = &w
	setCookie(c, addressCookieName, w.String(), age)
}

// Typed returns the address that was typed in this browser to request a link, as it was typed, or "".
func Typed(c *fiber.Ctx) string {
	if w := waitingOf(c); w.typed {
		return w.email
	}
	return ""
}

// SetSession signs the browser in and clears the pending address.
func SetSession(c *fiber.Ctx, in portal.SignedIn) {
	age := in.MaxAge
	if age <= 0 || age > sessionAge {
		age = sessionAge
	}
	setCookie(c, sessionCookieName, in.Cookie, age)
	r := of(c)
	r.session, r.shopper = &in.Cookie, nil
	if Pending(c) != "" {
		setWaiting(c, waitingAddress{}, -time.Second)
	}
}

// ClearSession removes the session cookie.
func ClearSession(c *fiber.Ctx) {
	setCookie(c, sessionCookieName, "", -time.Second)
	r := of(c)
	r.session, r.shopper = new(string), nil
}

// setCookie sets a cookie for the shop's base URL; only the scheme of that URL decides whether the cookie
// is Secure. A negative age deletes the cookie.
func setCookie(c *fiber.Ctx, name, value string, age time.Duration) {
	shop := Shop(c)
	c.Cookie(&fiber.Cookie{
		Name: cookieName(shop, name), Value: value, Path: "/", MaxAge: int(age / time.Second),
		Secure: shop.Secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
}

func cookieName(shop shop.Shop, name string) string {
	name += "." + shop.ID
	if shop.Secure() {
		return hostPrefix + name
	}
	return name
}

func newSecret() string {
	secret := make([]byte, secretBytes)
	rand.Read(secret) // never fails: it would end the process
	return base64.RawURLEncoding.EncodeToString(secret)
}

func newRequestID() string { return strings.ToLower(rand.Text()[:16]) }

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
	hostPrefix        = "__Host-"
)

// The maximum ages of the cookies.
const (
	sessionAge = 30 * 24 * time.Hour
	browserAge = 365 * 24 * time.Hour
)

const secretBytes = 32

var (
	secretShape    = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	requestIDShape = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)
)

// browserCookie is the value of the browser cookie: a secret that identifies this browser, and the email
// address that it last requested a link for, so that the page that waits for the email can show it.
type browserCookie struct {
	secret string // 43 characters of base64url, "" if the browser has no cookie
	email  string
	typed  bool // as somebody typed it in this browser, and not known from a link
}

// typedMark ends a cookie whose address was typed.
const typedMark = ".t"

func parseBrowserCookie(text string) browserCookie {
	text, typed := strings.CutSuffix(text, typedMark)
	secret, encoded, _ := strings.Cut(text, ".")
	if !secretShape.MatchString(secret) {
		return browserCookie{}
	}
	email, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return browserCookie{secret: secret}
	}
	return browserCookie{secret, string(email), typed && len(email) > 0}
}

func (b browserCookie) String() string {
	if b.email == "" {
		return b.secret
	}
	text := b.secret + "." + base64.RawURLEncoding.EncodeToString([]byte(b.email))
	if b.typed {
		text += typedMark
	}
	return text
}

func browserCookieOf(c *fiber.Ctx) browserCookie {
	r := of(c)
	if r.browser == nil {
		parsed := parseBrowserCookie(c.Cookies(cookieName(r.shop, browserCookieName)))
		r.browser = &parsed
	}
	return *r.browser
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
	if browserCookieOf(c).secret == "" {
		setBrowser(c, browserCookie{secret: newSecret()})
	}
}

// HasBrowser reports whether the browser sent its cookie or was given one in this request.
func HasBrowser(c *fiber.Ctx) bool { return browserCookieOf(c).secret != "" }

// Pending returns the email address that this browser requested a link for, or "".
func Pending(c *fiber.Ctx) string { return browserCookieOf(c).email }

// SetPending stores the email address that this browser requested a link for; "" clears it.
func SetPending(c *fiber.Ctx, email string) {
	EnsureBrowser(c)
	b := browserCookieOf(c)
	b.email, b.typed = email, false
	setBrowser(c, b)
}

// SetTyped is SetPending for an address that was typed in this browser, where pages may therefore show it.
func SetTyped(c *fiber.Ctx, text string) {
	EnsureBrowser(c)
	setBrowser(c, browserCookie{browserCookieOf(c).secret, text, true})
}

// Typed returns the address that was typed in this browser to request a link, as it was typed, or "".
func Typed(c *fiber.Ctx) string {
	if b := browserCookieOf(c); b.typed {
		return b.email
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
		SetPending(c, "")
	}
}

// ClearSession removes the session cookie.
func ClearSession(c *fiber.Ctx) {
	setCookie(c, sessionCookieName, "", -time.Second)
	r := of(c)
	r.session, r.shopper = new(string), nil
}

func setBrowser(c *fiber.Ctx, b browserCookie) {
	of(c).browser = &b
	setCookie(c, browserCookieName, b.String(), browserAge)
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

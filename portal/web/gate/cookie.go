package gate

import (
	"crypto/rand"
	"encoding/base64"
	"regexp"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
)

// Names of the cookies; the shop's id follows, behind a dot, which no id has: browsers send the cookies of
// a host to each of its ports. On https they carry the __Host- prefix, which binds them to the host and to
// Path=/.
const (
	sessionCookieName = "postern"
	browserCookieName = "postern-browser"
	hostPrefix        = "__Host-"
)

// The longest lives of the cookies.
const (
	sessionAge = 30 * 24 * time.Hour
	browserAge = 365 * 24 * time.Hour
)

const secretBytes = 32

var (
	secretShape    = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)
	requestIDShape = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)
)

// browserCookie is the browser cookie's value: a secret that tells this browser from others, and the e-mail
// address it last asked a link for, so that the page that waits for the mail can name it.
type browserCookie struct {
	secret string // 43 characters of base64url, "" for a browser without the cookie
	email  string
}

func parseBrowserCookie(text string) browserCookie {
	secret, encoded, _ := strings.Cut(text, ".")
	if !secretShape.MatchString(secret) {
		return browserCookie{}
	}
	email, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return browserCookie{secret: secret}
	}
	return browserCookie{secret, string(email)}
}

func (b browserCookie) String() string {
	if b.email == "" {
		return b.secret
	}
	return b.secret + "." + base64.RawURLEncoding.EncodeToString([]byte(b.email))
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

// EnsureBrowser gives a browser that has none its cookie. Pages that ask for a link or show one call it.
func EnsureBrowser(c *fiber.Ctx) {
	if browserCookieOf(c).secret == "" {
		setBrowser(c, browserCookie{secret: newSecret()})
	}
}

// HasBrowser reports whether the browser brought its cookie, or was given one in this request.
func HasBrowser(c *fiber.Ctx) bool { return browserCookieOf(c).secret != "" }

// Pending is the e-mail address this browser asked a link for; "" when it asked for none.
func Pending(c *fiber.Ctx) string { return browserCookieOf(c).email }

// SetPending keeps the e-mail address that this browser asked a link for; "" forgets it.
func SetPending(c *fiber.Ctx, email string) {
	EnsureBrowser(c)
	b := browserCookieOf(c)
	b.email = email
	setBrowser(c, b)
}

// SetSession signs the browser in, and forgets the address it waited for.
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

// ClearSession takes the session cookie away.
func ClearSession(c *fiber.Ctx) {
	setCookie(c, sessionCookieName, "", -time.Second)
	r := of(c)
	r.session, r.shopper = new(string), nil
}

func setBrowser(c *fiber.Ctx, b browserCookie) {
	of(c).browser = &b
	setCookie(c, browserCookieName, b.String(), browserAge)
}

// setCookie sets a cookie for the shop's base URL, whose scheme alone decides whether it is Secure. A
// negative age ends the cookie.
func setCookie(c *fiber.Ctx, name, value string, age time.Duration) {
	shop := Shop(c)
	c.Cookie(&fiber.Cookie{
		Name: cookieName(shop, name), Value: value, Path: "/", MaxAge: int(age / time.Second),
		Secure: shop.Secure(), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
	})
}

func cookieName(shop portal.Shop, name string) string {
	name += "." + shop.ID
	if shop.Secure() {
		return hostPrefix + name
	}
	return name
}

func newSecret() string {
	secret := make([]byte, secretBytes)
	rand.Read(secret) // never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(secret)
}

func newRequestID() string { return strings.ToLower(rand.Text()[:16]) }

package credential

import (
	"net/netip"
	"strings"

	"postern/portal/secret"
)

// Browser is what a request reveals about its browser.
type Browser struct {
	Secret    string     // of the browser cookie, "" when it brought none
	UserAgent string     // as sent
	IP        netip.Addr // of the client
	Lang      string     // of the page that the request was sent from, "" where that causes no email
}

// Device describes the browser and system to the customer, such as "Firefox, Windows". It is only
// approximate, as it comes from the User-Agent header, and "" if nothing is known.
func (b Browser) Device() string {
	name := firstMatch(b.UserAgent, [][2]string{
		{"DuckDuckGo", "DuckDuckGo"}, {"Ddg/", "DuckDuckGo"}, {"Edg", "Edge"}, {"OPR/", "Opera"},
		{"OPT/", "Opera"},
		{"SamsungBrowser", "Samsung Internet"}, {"Vivaldi", "Vivaldi"}, {"HuaweiBrowser", "Huawei Browser"},
		{"SznProhlizec", "Seznam.cz"}, {"YaBrowser", "Yandex"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
		{"CriOS", "Chrome"}, {"Chrome", "Chrome"}, {"Safari", "Safari"}, {"curl", "curl"},
	})
	system := firstMatch(b.UserAgent, [][2]string{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"},
		{"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"},
	})
	return strings.Trim(name+", "+system, ", ")
}

func firstMatch(text string, marks [][2]string) string {
	for _, mark := range marks {
		if strings.Contains(text, mark[0]) {
			return mark[1]
		}
	}
	return ""
}

// Network is the client's network: /24 of an IPv4 address, /48 of an IPv6 one, "" when unknown.
func (b Browser) Network() string {
	ip := b.IP.Unmap()
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return prefix.String()
}

// Hash identifies the browser in the store; "" without a cookie.
func (b Browser) Hash() string {
	if b.Secret == "" {
		return ""
	}
	return secret.Hash("browser\x00" + b.Secret)
}

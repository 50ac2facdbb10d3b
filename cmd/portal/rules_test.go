package main

import (
	"os"
	"testing"
)

// ruleLevels returns each package and its level. A package imports only lower levels.
func ruleLevels() map[string]int {
	return map[string]int{
		"portal/money": 0, "portal/bank": 1, "portal/vat": 0, "portal/address": 0, "portal/colour": 0, "portal/picture": 0,
		"portal/vies": 0, "portal/secret": 0, "portal/secret/secrettest": 1,
		"portal/clean": 0, "portal/fold": 0, "portal/holiday": 0, "portal/passkey": 0, "portal/passkey/passkeytest": 1,
		"storage": 0, "templates": 0, "templates/i18n": 0, "static": 0,
		"storage/sqlite": 1, "storage/mongodb": 1, "storage/transfer": 1, "storage/storagetest": 2, "mail": 1,
		"mail/smtp": 1, "portal/job": 1, "portal/validate": 1,
		"portal/audit": 2, "portal/shop": 2, "portal/order": 2, "portal/customer": 2, "portal/credential": 2,
		"portal/identifier": 2, "portal/withdrawal": 2, "portal/inquiry": 2, "portal/staff": 2,
		"portal/voucher": 2, "portal/cart": 2, "portal/event": 2,
		"portal/group": 2, "portal/batch": 2, "portal/note": 2, "portal/view": 2, "portal/board": 2,
		"portal":             3,
		"portal/merchant":    4,
		"portal/web/gate":    5,
		"portal/web/page":    6,
		"portal/web/shopper": 7, "portal/web/admin": 7, "portal/web/api": 7,
		"portal/web": 8, "portal/web/webtest": 8, "portal/web/webtest/chrome": 8,
		"cmd/portal/demo": 9,
		"cmd/portal":      10, "cmd/bench": 10,
	}
}

// ruleSameLevel returns the packages of its own level that a package may import as an exception.
func ruleSameLevel() map[string][]string {
	return map[string][]string{
		"mail/smtp":          {"mail"},
		"portal/address":     {"portal/clean"},
		"portal/web/webtest": {"portal/web"},
		"portal/customer":    {"portal/credential", "portal/audit"}, // its tokens; the acts it carries
		"portal/order":       {"portal/audit"},                      // the acts it carries
		"portal/group":       {"portal/audit"},                      // the acts it carries
		"portal/batch":       {"portal/audit"},                      // the actor of its acts
		"portal/note":        {"portal/audit"},                      // the acts it carries
		"portal/view":        {"portal/audit"},                      // the acts it carries
		"portal/withdrawal":  {"portal/order"},                      // the lines that are named
		"portal/inquiry":     {"portal/order"},                      // the lines that are named
		"portal/staff":       {"portal/credential"},                 // its tokens, links and codes
	}
}

// ruleTestsAbove returns the packages of a higher level that the tests of a package may import: the tests of
// portal run every kind of job, and only staff cause some of them.
func ruleTestsAbove() map[string][]string {
	return map[string][]string{"portal": {"portal/merchant"}}
}

// ruleSupport returns the packages that only tests import, from any level.
func ruleSupport() []string {
	return []string{"storage/storagetest", "portal/secret/secrettest", "portal/passkey/passkeytest", "portal/web/webtest",
		"portal/web/webtest/chrome"}
}

// ruleLibraries returns, for each library's import path prefix, the packages that may import it outside
// tests: usually one, so that the library can be replaced there. "portal/web/..." means that directory and
// those below, "..." any package.
func ruleLibraries() map[string][]string {
	return map[string][]string{
		"github.com/Boostport/address":        {"portal/address"},
		"github.com/PuerkitoBio/goquery":      {"portal/web/webtest"},
		"github.com/alecthomas/kong":          {"cmd/portal"},
		"github.com/bojanz/currency":          {"portal/money"},
		"github.com/boombuler/barcode":        {"portal/bank"},
		"github.com/chromedp":                 {"portal/web/webtest/chrome"},
		"github.com/emersion/go-smtp":         {"cmd/bench"},
		"github.com/go-json-experiment/json":  {"portal", "portal/validate"},
		"github.com/go-playground/locales":    {"templates/i18n"},
		"github.com/go-webauthn/webauthn":     {"portal/passkey"},
		"github.com/gofiber/fiber/v2":         {"portal/web/...", "cmd/bench"},
		"github.com/gofiber/template/html/v2": {"portal/web/page"},
		"github.com/google/go-cmp":            {"storage/storagetest"},
		"github.com/google/uuid":              {"storage"},
		"github.com/nicksnyder/go-i18n/v2":    {"templates/i18n"},
		"github.com/nyaruka/phonenumbers":     {"portal/address"},
		"github.com/pquerna/otp":              {"portal/staff"},
		"github.com/prometheus/client_golang": {"cmd/portal"},
		"github.com/rickar/cal/v2":            {"portal/holiday"},
		"github.com/schollz/progressbar/v3":   {"cmd/portal"},
		"github.com/ulikunitz/xz":             {"portal/bank"},
		"github.com/ulule/limiter/v3":         {"portal"},
		"github.com/valyala/fasthttp":         {"portal/web", "cmd/bench"},
		"github.com/vanng822/go-premailer":    {"mail"},
		"github.com/wneessen/go-mail":         {"mail/smtp"},
		"github.com/emersion/go-msgauth":      {"mail/smtp"},
		"go.mongodb.org/mongo-driver/v2":      {"storage/mongodb"},
		"go.mongodb.org/mongo-driver/v2/bson": {"storage/..."},
		"go.opentelemetry.io/otel":            {"cmd/portal"},
		"golang.org/x/image":                  {"portal/picture"},
		"golang.org/x/net/idna":               {"portal/validate", "mail/smtp"},
		"golang.org/x/sync":                   {"..."},
		"golang.org/x/text":                   {"..."},
		"golang.org/x/time":                   {"mail"},
		"modernc.org/sqlite":                  {"storage/sqlite"},
	}
}

// ruleTopLevel returns the allowed entries of the top level, apart from names with a leading dot. Git
// ignores bin, into which README.md builds.
func ruleTopLevel() []string {
	return []string{"bin", "cmd", "portal", "mail", "storage", "templates", "static", "go.mod", "go.sum",
		"README.md", "LICENSE"}
}

type rule struct {
	name  string
	check func(sourceTree) []string
}

func rules() []rule {
	return []rule{
		{"top level", strayEntries},
		{"import direction", importsAgainstDirection},
		{"libraries", librariesElsewhere},
		{"unused exemptions", unusedExemptions},
		{"package comments", packageComments},
		{"package names", vagueNames},
		{"file length", longFiles},
		{"usual lengths", usualLengths},
		{"waiting tests", waitingTests},
		{"template files", templateFiles},
		{"layouts", layouts},
		{"HTML in code", htmlInCode},
		{"redirects", redirectsElsewhere},
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	h, err := readSourceTree(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	if len(h.files) < 10 {
		t.Fatalf("read %d files: this cannot be the whole tree", len(h.files))
	}
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			for _, fault := range r.check(h) {
				t.Error(fault)
			}
		})
	}
}

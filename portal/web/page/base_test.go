package page

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"postern/portal/colour"
	"postern/portal/customer"
	"postern/portal/money"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/static"
	"postern/templates"
)

func baseOf(t *testing.T, request *http.Request, customer *customer.Customer, with func(b Base)) {
	t.Helper()
	pages, _ := testPages(t, templates.Pages)
	serve(t, request, func(c *fiber.Ctx) error {
		with(pages.Base(c, testArea(), testShop(), customer))
		return nil
	})
}

func TestLanguageOfAPage(t *testing.T) {
	t.Parallel()
	slovak := jana()
	slovak.Language = "sk"
	tests := []struct {
		name, target, header string
		customer             *customer.Customer
		want, asked          string
	}{
		{"the shop's", "/sign-in", "", nil, "en", ""},
		{"the browser's", "/sign-in", "sk-SK,sk;q=0.9,en;q=0.8", nil, "sk", ""},
		{"a regional one", "/sign-in", "fr, sk-SK;q=0.5", nil, "sk", ""},
		{"one not offered", "/sign-in", "ja", nil, "en", ""},
		{"asked for", "/sign-in?lang=sk", "en", nil, "sk", "sk"},
		{"asked for in vain", "/sign-in?lang=xx", "sk", nil, "sk", ""},
		{"the customer's", "/orders?lang=en", "en", slovak, "sk", ""},
		{"a customer without one", "/orders", "sk", jana(), "sk", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request := get(test.target)
			request.Header.Set("Accept-Language", test.header)
			baseOf(t, request, test.customer, func(b Base) {
				if b.L.Lang() != test.want || b.AskedLang != test.asked {
					t.Errorf("language %q, asked %q; want %q and %q", b.L.Lang(), b.AskedLang,
						test.want, test.asked)
				}
			})
		})
	}
}

func TestLanguageChoicesKeepThePage(t *testing.T) {
	t.Parallel()
	baseOf(t, get("/sign-in?to=%2Forders%2F1&done=x&lang=en"), nil, func(b Base) {
		want := []Choice{
			{Lang: "en", Name: "English", Current: true},
			{Lang: "sk", Name: "Slovenčina"},
		}
		if diff := cmp.Diff(want, b.Languages); diff != "" {
			t.Error(diff)
		}
		if got, want := b.inLanguage("sk"), "/sign-in?lang=sk&to=%2Forders%2F1"; got != want {
			t.Errorf("in Slovak it is %q, want %q", got, want)
		}
		if got := b.Link("/sign-in"); got != "/sign-in?lang=en" {
			t.Errorf("Link gives %q", got)
		}
	})
}

func TestFlashShowsOnlyConfirmations(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/", "/?done=", "/?done=nothing.of.ours",
		"/?done=../error.internal", "/?done=<b>"} {
		baseOf(t, get(target), jana(), func(b Base) {
			if b.Flash != nil {
				t.Errorf("%s shows %q", target, b.Flash.Text)
			}
		})
	}
}

func TestUndoIsOfferedOnlyAfterSomethingUndoable(t *testing.T) {
	t.Parallel()
	baseOf(t, get("/"), jana(), func(b Base) {
		b.OfferUndo("/undo")
		b.Flash = &Flash{Text: "Saved."}
		b.OfferUndo("/undo")
		if b.Flash.Undo != nil {
			t.Error("an undo without a name is offered")
		}
		b.Flash.UndoID = "7"
		b.OfferUndo("/undo", Hidden{"id", "7"})
		want := &Action{Label: "Undo", Path: "/undo", Fields: []Hidden{{"id", "7"}}}
		if diff := cmp.Diff(want, b.Flash.Undo); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWordsWithMoneyAndTimes(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	baseOf(t, get("/"), jana(), func(b Base) {
		price := money.Amount{Minor: 1250, Currency: "EUR"}
		for name, got := range map[string]string{
			"pairs": b.T("problem.reference", "ID", price),
			"map":   b.T("problem.reference", map[string]any{"ID": &price}),
		} {
			if !strings.Contains(got, "€12.50") {
				t.Errorf("%s: %q", name, got)
			}
		}
		at := time.Date(2026, 3, 5, 14, 5, 0, 0, time.UTC)
		want := `<time datetime="2026-03-05T14:05:00Z">5` + "\u00a0March\u00a0" + `2026</time>`
		if got := partial(t, pages, "time", b.TimeDate(at)); got != want {
			t.Errorf("TimeDate gives %s", got)
		}
		if got := partial(t, pages, "time", b.TimeDate(time.Time{})); got != "" {
			t.Errorf("no time gives %s", got)
		}
	})
}

func TestProblemTellsItsOwnOrItsKindsSentence(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	tests := []struct {
		name  string
		err   error
		wants []string
	}{
		{"own", &validate.Error{Kind: validate.NotFound, Key: "error.order"},
			[]string{"Order not found", "Check the order number"}},
		{"kind", &validate.Error{Kind: validate.TooMany},
			[]string{"Too many attempts", "Wait a few minutes"}},
		{"own sentence, kind's heading", &validate.Error{Kind: validate.NotFound, Key: "address.gone"},
			[]string{"Page not found", "no longer in your account"}},
		{"internal", &validate.Error{Key: "error.order"}, []string{"Something went wrong"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, body := serve(t, get("/x"), func(c *fiber.Ctx) error {
				return pages.Problem(c, 418, pages.Base(c, testArea(), testShop(), jana()), test.err, "r-1")
			})
			for _, want := range append(test.wants, "Go to your orders", "r-1") {
				if status != 418 || !strings.Contains(body, want) {
					t.Errorf("status %d, no %q", status, want)
				}
			}
		})
	}
}

func TestEveryKindHasItsWords(t *testing.T) {
	t.Parallel()
	_, words := testPages(t, templates.Pages)
	l := words.Localizer("en", nil)
	for kind := validate.Internal; kind <= validate.Unavailable; kind++ {
		for _, key := range []string{kindKey(kind), kindKey(kind) + ".title"} {
			if !l.Has(key) {
				t.Errorf("kind %d has no sentence %s", kind, key)
			}
		}
		if kind != validate.Internal && kindKey(kind) == "error.internal" {
			t.Errorf("kind %d is told as internal", kind)
		}
	}
}

func TestBrandStyleIsReadable(t *testing.T) {
	t.Parallel()
	pages, _ := testPages(t, templates.Pages)
	for _, accent := range []string{"#23586a", "#ffdd00", "#000000", "#ffffff", "#e4002b",
		"#0aa", "#767676"} {
		sh := testShop()
		sh.Brand.Accent = accent
		url, css := pages.BrandStyle(sh)
		if !strings.HasPrefix(url, "/brand/") || !strings.HasSuffix(url, ".css") {
			t.Fatalf("%s is served at %q", accent, url)
		}
		if again, _ := pages.BrandStyle(sh); again != url {
			t.Errorf("%s has the names %s and %s", accent, url, again)
		}
		got := tokensOf(string(css))
		for _, pair := range [][2]string{
			{got["--accent"], shop.PageColours().Light.String()}, {got["--on-accent"], got["--accent"]},
			{got["--accent-dark"], shop.PageColours().Dark.String()},
			{got["--on-accent-dark"], got["--accent-dark"]},
		} {
			if ratio := contrast(t, pair[0], pair[1]); ratio < colour.Readable {
				t.Errorf("%s: %s on %s has %.2f", accent, pair[0], pair[1], ratio)
			}
		}
	}
	for _, accent := range []string{"", "red", "#12", "#123456;}body{display:none"} {
		shop := testShop()
		shop.Brand.Accent = accent
		if url, css := pages.BrandStyle(shop); url != "" || css != nil {
			t.Errorf("%q gives a stylesheet: %s", accent, css)
		}
	}
}

// tokensOf parses "--name: value;" declarations.
func tokensOf(css string) map[string]string {
	tokens := make(map[string]string)
	for _, part := range strings.FieldsFunc(css,
		func(r rune) bool { return r == ';' || r == '{' || r == '}' }) {
		name, value, found := strings.Cut(part, ":")
		if name = strings.TrimSpace(name); found && strings.HasPrefix(name, "--") {
			tokens[name] = strings.TrimSpace(value)
		}
	}
	return tokens
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	first, err := colour.Parse(a)
	if err != nil {
		t.Fatalf("%q: %v", a, err)
	}
	second, err := colour.Parse(b)
	if err != nil {
		t.Fatalf("%q: %v", b, err)
	}
	return colour.Contrast(first, second)
}

func TestPalettesOfTheStylesheet(t *testing.T) {
	t.Parallel()
	css, err := static.FS.ReadFile("css/portal.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, _ := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	dark, _, _ = strings.Cut(dark, "\n}\n")
	palettes := map[string]map[string]string{"light": tokensOf(light), "dark": tokensOf(dark)}
	if palettes["light"]["--ground"] != shop.PageColours().Light.String() ||
		palettes["dark"]["--surface"] != shop.PageColours().Dark.String() {
		t.Error("brand.go judges accents on other grounds than the stylesheet has")
	}
	for name, tokens := range palettes {
		accent := palettes["light"]["--accent"]
		onAccent := palettes["light"]["--on-accent"]
		if name == "dark" {
			accent, onAccent = palettes["light"]["--accent-dark"], palettes["light"]["--on-accent-dark"]
		}
		pairs := [][2]string{{onAccent, accent}}
		for _, ground := range []string{"--ground", "--surface", "--sunken"} {
			for _, text := range []string{tokens["--text"], tokens["--muted"], tokens["--stopped"], accent} {
				pairs = append(pairs, [2]string{text, tokens[ground]})
			}
		}
		for _, tone := range []string{"waiting", "moving", "done", "stopped", "neutral"} {
			pairs = append(pairs, [2]string{tokens["--"+tone], tokens["--"+tone+"-ground"]},
				[2]string{tokens["--"+tone], tokens["--sunken"]})
		}
		for _, pair := range pairs {
			if ratio := contrast(t, pair[0], pair[1]); ratio < colour.Readable {
				t.Errorf("%s: %s on %s has %.2f", name, pair[0], pair[1], ratio)
			}
		}
		for _, ground := range []string{"--ground", "--surface"} { // controls: WCAG 1.4.11
			if ratio := contrast(t, tokens["--edge"], tokens[ground]); ratio < 3 {
				t.Errorf("%s: the edge of controls on %s has %.2f", name, ground, ratio)
			}
		}
	}
}

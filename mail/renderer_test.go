package mail

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
)

var update = flag.Bool("update", false, "write the golden files anew")

const link = "https://shop.example/sign-in/link/a1B2c3D4-e5F6g7H8_i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F"

func signIn() Letter {
	return Letter{
		Lang: "en",
		Brand: Brand{
			Name: "Fern & Fable", LogoURL: "https://shop.example/logo.png", URL: "https://shop.example/",
			Support: "help@shop.example", Accent: "#2f6f4e", OnAccent: "#ffffff",
		},
		Subject: "Your link to Fern & Fable", Preheader: "It works once, until 17 November.",
		Heading:    "Sign in to your orders",
		Paragraphs: []string{"Use the link in this email to see your orders. It works once, until 17 November 2026."},
		Button:     &Button{Label: "Sign in", URL: link},
		Code:       "K7QM 4RXD", CodeLabel: "Or type this code where you asked for it, within ten minutes:",
		Details: []string{"Asked for with Firefox on Linux", "3 November 2026 at 14:05"},
		Notes:   []string{"You did not ask? Then do nothing: without this mail nobody gets in."},
		Footer:  []string{"Fern & Fable, 1 Mill Lane, Bath BA1 1AA"},
	}
}

func notice() Letter {
	return Letter{
		Lang:    "cs",
		Brand:   Brand{Name: "Kapradí"},
		Subject: "Vaše adresa byla změněna", Heading: "Vaše adresa byla změněna",
		Paragraphs: []string{"Nová adresa: Dlouhá 5, 110\u00a000 Praha\u00a01.",
			"Platí pro další objednávky."},
		Quote: []string{"Prosím, jen do 17 hodin.", "Petr"},
		Notes: []string{"Nebyli jste to vy? Napište nám."},
	}
}

func renderer(t *testing.T) *Renderer {
	t.Helper()
	r, err := LoadRenderer()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestGolden(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	for name, letter := range map[string]Letter{"sign_in_en": signIn(), "notice_cs": notice()} {
		t.Run(name, func(t *testing.T) {
			text, html, err := r.Render(letter)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", text)
			golden(t, name+".html", html)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", name, diff)
	}
}

// TestHTMLSafe parses the page as a mail client does and checks that hostile text stays text.
func TestHTMLSafe(t *testing.T) {
	t.Parallel()
	l := signIn()
	l.Paragraphs = []string{`<script>alert(1)</script>`}
	l.Brand.Name = `"><b>Shop</b>`
	_, out, err := renderer(t).Render(l)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		seen[n.Data]++
		switch n.Data {
		case "html":
			check(t, "lang", attr(n, "lang"), "en")
		case "table":
			check(t, "role of a table", attr(n, "role"), "presentation")
		case "img":
			check(t, "alt", attr(n, "alt"), l.Brand.Name)
		case "a":
			if attr(n, "href") == link {
				seen["link"]++
				style := attr(n, "style")
				if !strings.Contains(style, "background-color:#2f6f4e") || !strings.Contains(style,
					"color:#ffffff") {
					t.Errorf("the button has not the shop's colours: %s", style)
				}
			}
		}
	}
	want := map[string]int{"script": 0, "b": 0, "h1": 1, "link": 1, "img": 1, "style": 1}
	for name, n := range want {
		if seen[name] != n {
			t.Errorf("%d of %q, want %d", seen[name], name, n)
		}
	}
	for _, mark := range []string{accentMark, onAccentMark, "ZgotmplZ", "{{"} {
		if strings.Contains(out, mark) {
			t.Errorf("%q is left in the page", mark)
		}
	}
}

// TestStylesSuitPrograms checks the styles against spam filters and Outlook. Text is hidden only by
// display:none, which filters tolerate, and padding is used only where Outlook supports it: in table cells,
// or with Outlook's own property on the surrounding cell.
func TestStylesSuitPrograms(t *testing.T) {
	t.Parallel()
	_, out, err := renderer(t).Render(signIn())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	cells := map[string]bool{}
	for n := range doc.Descendants() {
		style, class := attr(n, "style"), attr(n, "class")
		padding := regexp.MustCompile(`(^|;)padding:[^;]*[1-9]`).MatchString(style)
		switch {
		case class == "preheader":
			check(t, "the style of the preheader", style, "display:none")
		case regexp.MustCompile(`(font-size|line-height):[01]px|opacity|max-height`).MatchString(style):
			t.Errorf("class %s is hidden: %s", class, style)
		case n.Data == "td" && (padding || strings.Contains(style, "mso-padding-alt:12px 24px")):
			cells[class] = true
		case padding && (n.Data != "a" || !strings.Contains(attr(n.Parent, "style"), "mso-padding-alt")):
			t.Errorf("%s of class %s has padding, which Outlook does not honour", n.Data, class)
		}
	}
	for _, class := range []string{"press", "code"} {
		if !cells[class] {
			t.Errorf("there is no cell of class %s with padding", class)
		}
	}
}

func check(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %q, want %q", what, got, want)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func TestTextLinkAlone(t *testing.T) {
	t.Parallel()
	l := signIn()
	l.Button.Label = "Sign in\nhttps://evil.example/"
	l.Heading = "Sign in\r\nhttps://evil.example/"
	text, _, err := renderer(t).Render(l)
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "https://") {
			urls = append(urls, line)
		}
	}
	if diff := cmp.Diff([]string{link, l.Brand.URL}, urls); diff != "" {
		t.Errorf("lines that are a URL (-want +got):\n%s", diff)
	}
}

func TestBrandMended(t *testing.T) {
	t.Parallel()
	for name, brand := range map[string]Brand{
		"logo not https": {Name: "Shop", LogoURL: "http://shop.example/logo.png"},
		"logo script":    {Name: "Shop", LogoURL: "javascript:alert(1)"},
		"colour broken":  {Name: "Shop", Accent: "red;position:fixed", OnAccent: "#ffffff"},
	} {
		t.Run(name, func(t *testing.T) {
			l := signIn()
			l.Brand = brand
			_, out, err := renderer(t).Render(l)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(out, "<img") || strings.Contains(out, "position") ||
				!strings.Contains(out, accent) {
				t.Errorf("not mended:\n%s", out)
			}
		})
	}
}

func TestButtonRefused(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "/sign-in", "javascript:alert(1)", "https://shop.example/a b",
		"https://shop.example/\nx"} {
		l := signIn()
		l.Button.URL = url
		if _, _, err := renderer(t).Render(l); err == nil {
			t.Errorf("%q made a button", url)
		}
	}
}

func TestRenderParallel(t *testing.T) {
	t.Parallel()
	r := renderer(t)
	want, _, _ := r.Render(signIn())
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got, _, err := r.Render(signIn()); err != nil || got != want {
				t.Errorf("a parallel letter differs: %v", err)
			}
		})
	}
	group.Wait()
}

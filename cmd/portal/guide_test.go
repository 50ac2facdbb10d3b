package main

import (
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guides returns README.md and the guides in the order in which their commands are run: all use the shop
// that README.md creates.
func guides() []string {
	return []string{"README.md", "portal/web/api/README.md", "cmd/portal/README.md", "portal/README.md"}
}

// block is a fenced block of a guide.
type block struct {
	guide, language, text string
}

// firstLine identifies a block among those of its guide and language.
func (b block) firstLine() string {
	line, _, _ := strings.Cut(b.text, "\n")
	return line
}

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

func readBlocks(t *testing.T, root, guide string) (blocks []block) {
	t.Helper()
	for _, found := range fence.FindAllStringSubmatch(readGuide(t, root, guide), -1) {
		blocks = append(blocks, block{guide, found[1], found[2]})
	}
	return blocks
}

func readGuide(t *testing.T, root, guide string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(guide)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// notRun returns the blocks that TestGuideCommands does not run, by language and first line, with the
// reason.
func notRun() map[[2]string]string {
	const (
		guideMap = "cmd/portal/        the program: one file per command, settings, the server"
		sum      = "subtotal - discount + fees + shipping + tax - gift cards - store_credit = total"
		header   = "List-Unsubscribe: <https://account.shop.example/unsubscribe/bmV3…>"
		timer    = `ExecStart=/bin/sh -c 'exec portal backup "/backup/postern-$$(date +%%F).db" --store /var/lib/postern'`
		sharding = `sh.shardCollection("postern.orders", { shop: 1, _id: "hashed" })       ` +
			`// likewise customers, identifiers, credentials, order_counts, outbox, redemptions, carts, events`
	)
	return map[[2]string]string{
		{"text", guideMap}: "TestGuideMap reads it",
		{"text", sum}:      "a sum; portal tests it with the orders of six shop systems",
		{"text", header}:   "headers of the shop's own emails; portal tests that the URL unsubscribes",
		{"console", "$ curl https://account.shop.example/api/v1/hand-off \\"}: "needs a code from a customer's browser; " +
			"TestStorefront exchanges one",
		{"console", "$ curl -X POST $PORTAL/api/v1/events \\"}: "needs a shop that takes events; " +
			"TestEventsHaveTheirOwnResults of portal/web/api sends some",
		{"console", "$ docker build -f cmd/portal/Dockerfile -t postern ."}: "needs Docker and the network",
		{"ini", "[Unit]"}: "needs systemd as the system's first process",
		{"ini", "smtp = smtp://account@mail.shop.example:587"}: "TestWhereSettingsComeFrom reads such files",
		{"ini", timer}:                      "needs systemd; the same command is run without it",
		{"nginx", "server {"}:               "TestProxies of portal/web runs it",
		{"caddy", "account.shop.example {"}: "TestProxies of portal/web runs it",
		{"js", sharding}:                    "needs a sharded cluster",
	}
}

// TestGuideBlocks checks that each block is run, checked or listed with a reason, and that no other block
// is listed.
func TestGuideBlocks(t *testing.T) {
	t.Parallel()
	left := notRun()
	for _, guide := range guides() {
		for _, b := range readBlocks(t, "../..", guide) {
			switch b.language {
			case "sh":
			case "json":
				if !json.Valid([]byte(b.text)) {
					t.Errorf("%s: not JSON:\n%s", guide, b.text)
				}
			default:
				key := [2]string{b.language, b.firstLine()}
				if notRun()[key] == "" {
					t.Errorf("%s: neither run nor listed with a reason: %q", guide, key)
				}
				delete(left, key)
			}
		}
	}
	for key := range left {
		t.Errorf("no guide has the block %q", key)
	}
}

// TestGuideMap checks that the directories in the map of README.md exist and that README.md is short.
func TestGuideMap(t *testing.T) {
	t.Parallel()
	if n := strings.Count(readGuide(t, "../..", "README.md"), "\n"); n > 150 {
		t.Errorf("README.md has %d lines, more than 150", n)
	}
	var shown string
	for _, b := range readBlocks(t, "../..", "README.md") {
		if b.language == "text" {
			shown = b.text
		}
	}
	entry := regexp.MustCompile(`^( *)((?:\S+/ )+)`)
	var parents []string
	for line := range strings.Lines(shown) {
		found := entry.FindStringSubmatch(line)
		if found == nil {
			t.Errorf("not a line of the map: %q", line)
			continue
		}
		parents = append(parents[:len(found[1])/2:len(found[1])/2], strings.Fields(found[2])[0])
		for _, name := range strings.Fields(found[2]) {
			parents[len(parents)-1] = name
			if folder := path.Join(parents...); !isThere(folder) {
				t.Errorf("the map has %s, which does not exist", folder)
			}
		}
	}
}

func isThere(name string) bool {
	_, err := os.Stat(filepath.Join("../..", filepath.FromSlash(name)))
	return err == nil
}

var (
	guideLink = regexp.MustCompile(`\]\(([^)#:]*)(?:#([^)]*))?\)`)
	guidePath = regexp.MustCompile("`((?:cmd|portal|mail|storage|templates|static)/[\\w./-]*)`")
	heading   = regexp.MustCompile(`(?m)^#+ (.*)$`)
	anchorOut = regexp.MustCompile(`[^\p{L}\p{N} -]`)
)

// TestGuideLinks checks that linked files, linked headings and the paths in the text exist.
func TestGuideLinks(t *testing.T) {
	t.Parallel()
	for _, guide := range guides() {
		text := readGuide(t, "../..", guide)
		for _, found := range guidePath.FindAllStringSubmatch(text, -1) {
			if !isThere(found[1]) {
				t.Errorf("%s names %s, which does not exist", guide, found[1])
			}
		}
		for _, found := range guideLink.FindAllStringSubmatch(text, -1) {
			target := guide
			if found[1] != "" {
				target = path.Join(path.Dir(guide), found[1])
			}
			if !isThere(target) {
				t.Errorf("%s links to %s, which does not exist", guide, target)
			} else if found[2] != "" && !slices.Contains(anchors(readGuide(t, "../..", target)), found[2]) {
				t.Errorf("%s links to %s#%s, but there is no such heading", guide, target, found[2])
			}
		}
	}
}

// anchors returns the headings as GitHub turns them into link targets.
func anchors(text string) (list []string) {
	for _, found := range heading.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		plain := anchorOut.ReplaceAllString(strings.ToLower(found[1]), "")
		list = append(list, strings.ReplaceAll(plain, " ", "-"))
	}
	return list
}

// TestGuideCommandList checks that the operating guide names every command and every flag of serve.
func TestGuideCommandList(t *testing.T) {
	t.Parallel()
	guide := readGuide(t, "../..", "cmd/portal/README.md")
	w := environment{env: map[string]string{}}
	if err := w.load(); err != nil {
		t.Fatal(err)
	}
	parser, _, err := newParser(&w)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Leaves(true) {
		words := strings.Fields(command.FullPath())[1:]
		row := "(?m)^\\|[^|]*`portal " + words[0] + `\b`
		if len(words) > 1 {
			row += `[^|]*\b` + words[1] + `\b`
		}
		if words[0] != "help" && !regexp.MustCompile(row).MatchString(guide) {
			t.Errorf("no row for portal %s", strings.Join(words, " "))
		}
		if words[0] != "serve" {
			continue
		}
		for _, flag := range command.Flags {
			if !strings.Contains(guide, "`--"+flag.Name+"`") {
				t.Errorf("the guide does not explain --%s of serve", flag.Name)
			}
		}
	}
}

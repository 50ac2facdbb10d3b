package main

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// stilted returns sentences, in lower case, that confused readers. They must not appear again in the texts
// of pages and emails, in help, messages, the README or comments.
func stilted() []string {
	return slices.Concat(stiltedTexts(), stiltedProse())
}

// stiltedTexts returns those of pages and emails.
func stiltedTexts() []string {
	return []string{
		"write your e-mail address", "we will mail you a link", "either of them signs you in",
		"look into your spam folder",
		"in this browser {{.email}} is signed in", "if you go on, that ends", "this link has run out",
		"this link is not complete",
		"works no more", "is it you?", "could harm you in somebody else's hands", "\"go on\"",
		"there is nothing here",
		"the address may be mistyped", "if you write to the shop about this", "this is needed.",
		"please check what is marked below",
		"orders in all", "choose the days yourself", "the beginning is enough", "\"to be paid\"",
		"order in the shop",
		"send something back", "ask the shop to cancel", "what has happened\"", "\"handed over\"",
		"follow the parcel at",
		"will tell you how it goes on", "the order goes on until", "the shop's own words",
		"the shop’s own words", "the shop says:",
		"\"ordered as\"", "copy the number", "download as a table", "back without sending", "\"none of it\"",
		"\"it is paid.\"",
		"\"change something\"", "mails you agree to", "\"take it back\"", "what you said so far",
		"you have not been asked yet",
		"these mails will stop", "stop these mails", "sends you no more newsletters", "erase the account",
		"\"erase your account",
		"it is done on {{", "your account belongs to {{", "look into your new mailbox",
		"bring your address back",
		"was it not you?", "end them all", "end those that you do not know",
		"spaces and small letters do no harm",
		"you see your orders without any of this", "also in your account", "the address is back",
		"\"use for delivery\"",
		"\"for invoices\"", "something in what was sent is not as it should be", "no shop lives here",
		"its time is over",
		"this is closed to you",
		"wishes to be erased", "you took it back", "what stays", "what goes", "then ask again",
		"no password is needed",
	}
}

// stiltedProse returns those of the README, help, logs and comments.
func stiltedProse() []string {
	return []string{
		"no password, for lists of processes show it", "turns no signed-in customer away",
		"what site, mail and worker write",
		"of lines on one order with the same", "who signs out at the portal stays signed in",
		"who is signed in is not asked for number and address", "of who is not signed in 6 an hour",
		"things are to be mended",
		"ask the server of this machine how it is", "and what weighs more",
		"metrics want an address of their own",
		"something stands behind the json object", "a round met faults",
		"holds finds an address among those that the account has not but holds",
		"another asks for a vat id already",
		"takes a compressed body away", "is whose measure a statement counts against",
		"makes the code of who is signed in",
		"gives the signal back its old meaning",
	}
}

// margin matches the place where a line of prose continues on the next line.
var margin = regexp.MustCompile(`\s*\n\s*(?://+|\*)?\s*`)

// stiltedIn lists the places in a tree that contain a stilted sentence, however it is broken into lines.
func stiltedIn(tree fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && skipped(name):
			return fs.SkipDir
		case entry.IsDir() || !slices.Contains([]string{".go", ".md", ".json", ".html", ".txt", ".css",
			".js"}, path.Ext(name)),
			path.Base(name) == "rules_wording_test.go":
			return nil
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		plain := strings.ToLower(margin.ReplaceAllString(string(text), " "))
		for _, sentence := range stilted() {
			if strings.Contains(plain, sentence) {
				found = append(found, name+": "+sentence)
			}
		}
		return nil
	})
	return found, err
}

func TestNoStiltedSentenceComesBack(t *testing.T) {
	t.Parallel()
	found, err := stiltedIn(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range found {
		t.Error(place)
	}
}

// TestStiltedSentencesAreFound checks a catalogue and a comment of two lines.
func TestStiltedSentencesAreFound(t *testing.T) {
	t.Parallel()
	found, err := stiltedIn(fstest.MapFS{
		"templates/i18n/en/a.json": {Data: []byte(`{"a.b": "Go on"}`)},
		"portal/x.go":              {Data: []byte("// x takes a compressed body\n// away, unread.\npackage portal\n")},
		"README.md":                {Data: []byte("All is well.\n")},
	})
	want := []string{"portal/x.go: takes a compressed body away", `templates/i18n/en/a.json: "go on"`}
	if err != nil || !slices.Equal(found, want) {
		t.Errorf("found %q, %v", found, err)
	}
}

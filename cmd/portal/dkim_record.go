package main

import (
	"strconv"
	"strings"
)

// dkimRecord prints a DNS record.
type dkimRecord struct {
	dkimFlag
	Domain string `arg:"" help:"The domain behind the @ of the shop's sender address."`
	JSON   bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Help implements kong.HelpProvider.
func (dkimRecord) Help() string {
	return `A key is made with openssl, and its record published before the key is used:

  mkdir -p /etc/postern/dkim/shop.example
  openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out /etc/postern/dkim/shop.example/2026a.pem
  portal dkim record shop.example --dkim /etc/postern/dkim

"name" and "text" are what most DNS providers ask for, with the type TXT; "zone" is the line of a zone file. For a new key choose a new selector, publish its record, and leave the old record for a week: mails are verified later than they are sent.`
}

// Run prints it.
func (c dkimRecord) Run(w *world) error {
	var wrong faults
	if c.DKIM == "" {
		wrong.add("--dkim: name the directory of the keys.")
	}
	keys := c.load(&wrong)
	if err := wrong.usage("help dkim record"); err != nil {
		return err
	}
	name, text, found := keys.Record(strings.ToLower(strings.TrimSuffix(c.Domain, ".")))
	if !found {
		return failf("There is no key for %s in %s. There are: %s.", c.Domain, c.DKIM, orNone(keys.Domains()))
	}
	var shown card
	shown.add("name", name)
	shown.add("text", text)
	shown.add("zone", name+". 3600 IN TXT "+zoneText(text))
	return shown.print(w, c.JSON)
}

// zoneText writes a text as strings of at most 255 bytes, which DNS joins again (RFC 1035, 3.3).
func zoneText(text string) string {
	var parts []string
	for len(text) > 0 {
		n := min(len(text), 255)
		parts = append(parts, strconv.Quote(text[:n]))
		text = text[n:]
	}
	return strings.Join(parts, " ")
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

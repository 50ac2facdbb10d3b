package main

import (
	"strconv"
	"strings"
)

// dkimRecord prints the DNS record of a DKIM key.
type dkimRecord struct {
	dkimFlag
	Domain string `arg:"" help:"The domain of the shop's sender email."`
	JSON   bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Help implements kong.HelpProvider.
func (dkimRecord) Help() string {
	return `Create a key with openssl, and publish its record before you use the key:

  mkdir -p /etc/postern/dkim/shop.example
  openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out /etc/postern/dkim/shop.example/2026a.pem
  portal dkim record shop.example --dkim /etc/postern/dkim

Most DNS providers ask for "name" and "text", with the type TXT; "zone" is the line for a zone file. For a new key, choose a new selector, publish its record, and keep the old record for a week: emails may be verified long after they were sent.`
}

// Run prints the record.
func (c dkimRecord) Run(w *environment) error {
	var wrong problems
	if c.DKIM == "" {
		wrong.add("--dkim: name the directory of DKIM keys.")
	}
	keys := c.load(&wrong)
	if err := wrong.usage("help dkim record"); err != nil {
		return err
	}
	name, text, found := keys.Record(strings.ToLower(strings.TrimSuffix(c.Domain, ".")))
	if !found {
		return failf("There is no key for %s in %s. Domains with a key: %s.", c.Domain, c.DKIM,
			orNone(keys.Domains()))
	}
	var shown card
	shown.add("name", name)
	shown.add("text", text)
	shown.add("zone", name+". 3600 IN TXT "+zoneText(text))
	return shown.print(w, c.JSON)
}

// zoneText splits a text into strings of at most 255 bytes, which DNS joins again (RFC 1035, 3.3).
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

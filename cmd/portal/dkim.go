package main

import (
	"strings"

	"postern/mail/smtp"
)

// dkimGroup holds the subcommands for DKIM keys.
type dkimGroup struct {
	Record dkimRecord `cmd:"" help:"Print the DNS record of a domain's DKIM key."`
}

// dkimFlag names the directory of the DKIM keys.
type dkimFlag struct {
	DKIM string `name:"dkim" help:"The directory of DKIM keys: one subdirectory for each email domain, with one private key named after its selector, such as shop.example/2026a.pem." placeholder:"DIR"`
}

// load reads the keys and adds a problem for each unusable one.
func (f dkimFlag) load(wrong *problems) smtp.Keys {
	if f.DKIM == "" {
		return smtp.Keys{}
	}
	keys, err := smtp.LoadKeys(f.DKIM)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			wrong.add("--dkim: %s.", strings.TrimPrefix(strings.TrimSpace(line), "smtp: "))
		}
	}
	return keys
}

package main

import (
	"strings"

	"postern/mail/smtp"
)

// dkimGroup holds the sub-commands on the keys that sign mails.
type dkimGroup struct {
	Record dkimRecord `cmd:"" help:"Print the DNS record of a domain's DKIM key."`
}

// dkimFlag says where the keys are.
type dkimFlag struct {
	DKIM string `name:"dkim" help:"The directory of DKIM keys: one subdirectory for each email domain, with one private key named after its selector, such as shop.example/2026a.pem." placeholder:"DIR"`
}

// load reads the keys; each one that cannot be used is a fault.
func (f dkimFlag) load(wrong *faults) smtp.Keys {
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

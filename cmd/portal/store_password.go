package main

import (
	"net/url"
	"os"
	"strings"
)

// storePassword is where the password of a store on a server comes from. There is no flag that holds it,
// since process lists show flags.
type storePassword struct {
	of       string // what names the store: "--store"
	variable string // the environment variable that may hold it
	flag     string // the flag that names the file that may hold it
	value    string // of the variable
	file     string // of the flag
}

// address is the address of the store with the password in it; what is wrong is added. A directory needs
// none, so one that is set for other commands does no harm.
func (p storePassword) address(store string, wrong *faults) string {
	scheme, rest, onServer := strings.Cut(store, "://")
	if !onServer || p.value == "" && p.file == "" {
		return store
	}
	password := p.read(wrong)
	if password == "" {
		return store
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndex(rest[:end], "@")
	switch {
	case at <= 0:
		wrong.add("%s: there is a password but no user in the URL; write mongodb://user@host/database.", p.of)
		return store
	case strings.Contains(rest[:at], ":"):
		wrong.add("%s: there is a password in the URL and in %s; use only one.", p.of, p.given())
		return store
	}
	return scheme + "://" + rest[:at] + ":" + escaped(password) + rest[at:]
}

// given says which of the two places has the password.
func (p storePassword) given() string {
	if p.file != "" {
		return p.flag
	}
	return p.variable
}

// read is the password, "" when there is none to be had.
func (p storePassword) read(wrong *faults) string {
	if p.file == "" {
		return p.value
	}
	if p.value != "" {
		wrong.add("%s: %s has the password already; use only one.", p.flag, p.variable)
		return ""
	}
	text, err := os.ReadFile(p.file)
	if err != nil {
		wrong.add("%s: %s.", p.flag, err)
		return ""
	}
	password := strings.TrimRight(string(text), "\r\n")
	if password == "" {
		wrong.add("%s: %s is empty.", p.flag, p.file)
	}
	return password
}

// escaped is the password as it stands in an address: the driver wants every character of its own escaped,
// and reads "+" as itself.
func escaped(password string) string {
	return strings.ReplaceAll(url.QueryEscape(password), "+", "%20")
}

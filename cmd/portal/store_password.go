package main

import (
	"net/url"
	"os"
	"strings"
)

// storePassword holds the sources of the password for a store on a server. No flag contains the password,
// because process listings show flags.
type storePassword struct {
	of       string // the flag or argument that names the store, such as "--store"
	variable string // the environment variable that may contain the password
	flag     string // the flag of the file that may contain the password
	value    string // of the variable
	file     string // of the flag
}

// address returns the store's address with the password in it, and adds any problems. A directory needs no
// password and ignores one that is set for other commands.
func (p storePassword) address(store string, wrong *problems) string {
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

// given returns the source that has the password.
func (p storePassword) given() string {
	if p.file != "" {
		return p.flag
	}
	return p.variable
}

// read returns the password, or "" if there is none.
func (p storePassword) read(wrong *problems) string {
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

// escaped returns the password in the form that an address needs: the driver expects every special
// character to be escaped, and does not decode "+".
func escaped(password string) string {
	return strings.ReplaceAll(url.QueryEscape(password), "+", "%20")
}

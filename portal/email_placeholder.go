package portal

import (
	"slices"
	"strings"
)

// fedEmail reads the email of a feed's document. One that systems send when there is none is refused:
// strangers would share the account that it names, and no email can reach them.
func (f *form) fedEmail(field, value string) string {
	email := f.email(field, value)
	if isPlaceholderEmail(email) {
		f.fault(field, "email.placeholder")
	}
	return email
}

// isPlaceholderEmail reports whether a canonical address is one that systems send in place of none:
// null@null.com, noemail@shop.sk, x@site.invalid. Nobody can have an address under .invalid and .localhost
// (RFC 6761). Those under .test, .example and example.com are distinct people's in shops on trial, so there
// the local part decides.
func isPlaceholderEmail(email string) bool {
	local, domain, _ := strings.Cut(email, "@")
	if strings.HasSuffix(domain, ".invalid") || strings.HasSuffix(domain, ".localhost") {
		return true
	}
	host, _, _ := strings.Cut(domain, ".")
	word, host := strings.Map(lettersAndDigits, local), strings.Map(lettersAndDigits, host)
	switch {
	case slices.Contains(wordsForNoEmail(), word), slices.Contains(hostsOfNoEmail(), host):
		return true
	case word == "no" && (host == "email" || host == "mail" || host == "no"):
		return true
	}
	return slices.Contains(vagueWords(), word) && slices.Contains(vagueWords(), host)
}

// wordsForNoEmail are local parts that nobody is called by, in letters and digits only.
func wordsForNoEmail() []string {
	return []string{
		"null", "nil", "none", "undefined", "nan", "dbnull", "notavailable", "notapplicable", "notprovided", "anonymous", "deleted",
		"noemail", "noemailaddress", "noemailprovided", "noemailgiven", "emailnotprovided", "withoutemail", "nomail", "noaddress",
		"noreply", "donotreply", "bezemailu", "bezmailu", "nemaemail", "nemaemailu", "brakemaila", "keineemail", "keinemail",
	}
}

// hostsOfNoEmail are the first labels of domains under which nobody has a mailbox.
func hostsOfNoEmail() []string {
	return []string{"noemail", "noemailaddress", "noemailprovided", "nomail", "noaddress", "nodomain", "notprovided", "undefined", "null"}
}

// vagueWords are no placeholder alone: guest@hotel.sk may be somebody's. On both sides of the @ they are.
func vagueWords() []string {
	return append(wordsForNobody(), "no", "test", "example", "customer", "user", "email", "name", "domain", "fake", "xx", "xxx")
}

package validate

import (
	"slices"
	"strings"
)

// FedEmail reads the email of a feed's document. A placeholder is refused: strangers would share its
// account, and no email can reach them.
func (f *Validator) FedEmail(field, value string) string {
	email := f.Email(field, value)
	if isPlaceholderEmail(email) {
		f.Reject(field, "email.placeholder")
	}
	return email
}

// OptionalFedEmail is FedEmail for a document that may come without an email.
func (f *Validator) OptionalFedEmail(field, value string) string {
	if strings.TrimSpace(value) == "" {
		return ""
	}
	return f.FedEmail(field, value)
}

// isPlaceholderEmail reports whether a canonical address is one that systems send if there is none:
// null@null.com, noemail@shop.sk, x@site.invalid. Nobody can have an address under .invalid and .localhost
// (RFC 6761). In trial shops, addresses under .test, .example and example.com are used for distinct people,
// so there the local part decides.
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
	return isVague(word) && isVague(host)
}

// wordsForNoEmail are local parts that mean "no email", in letters and digits only.
func wordsForNoEmail() []string {
	return []string{
		"null", "nil", "none", "undefined", "nan", "dbnull", "notavailable", "notapplicable", "notprovided",
		"anonymous", "deleted",
		"noemail", "noemailaddress", "noemailprovided", "noemailgiven", "emailnotprovided", "withoutemail",
		"nomail", "noaddress",
		"noreply", "donotreply", "bezemailu", "bezmailu", "nemaemail", "nemaemailu", "brakemaila",
		"keineemail", "keinemail",
	}
}

// hostsOfNoEmail are first labels of domains that have no mailboxes.
func hostsOfNoEmail() []string {
	return []string{"noemail", "noemailaddress", "noemailprovided", "nomail", "noaddress", "nodomain",
		"notprovided", "undefined", "null"}
}

// isVague reports whether a word is a placeholder on both sides of the @ only: guest@hotel.sk may be a real
// address.
func isVague(word string) bool {
	return slices.Contains(wordsForNobody(), word) || slices.Contains([]string{"no", "test", "example",
		"customer",
		"user", "email", "name", "domain", "fake", "xx", "xxx"}, word)
}

package portal

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"
)

// feedID is the id that the shop's system gives a customer. JSON may hold it as a string, a number, or as
// false for a guest.
type feedID string

// UnmarshalJSONFrom implements json.UnmarshalerFrom. A number keeps its digits, whatever its size; "4711.0"
// is 4711.
func (id *feedID) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	value, err := from.ReadValue()
	if err != nil {
		return err
	}
	switch value.Kind() {
	case 'n':
		*id = ""
	case '0':
		*id = numberID(string(value))
	case 't', 'f':
		*id = feedID(value)
	default:
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
		*id = feedID(text)
	}
	return nil
}

// numberID keeps the digits of a JSON number, but for a fraction of zeros. One with an exponent is zero or
// negative here or nowhere: as a string, "0E15" is an ordinary id.
func numberID(value string) feedID {
	mantissa, _, _ := strings.Cut(strings.ToLower(value), "e")
	if mantissa != strings.ToLower(value) && (mantissa[0] == '-' || strings.Trim(mantissa, "0.") == "") {
		return feedID(mantissa)
	}
	text, fraction, _ := strings.Cut(value, ".")
	if strings.Trim(fraction, "0") != "" || strings.ContainsAny(text, "eE") {
		return feedID(value)
	}
	return feedID(text)
}

// orderedBy reads the customer id of an order. One for nobody is dropped: it is the same for the orders of
// many people.
func (f *form) orderedBy(at string, id feedID) string {
	text := f.key(at, string(id), maxWord)
	if text == "" || !isForNobody(text) {
		return text
	}
	f.warn(at, "customer_id.nobody_dropped")
	return ""
}

// number is a decimal number without an exponent: "0E15" and "E20" are ordinary ids. Its sign and digits
// are groups.
var number = regexp.MustCompile(`^([+-]?)([0-9]*[.,]?[0-9]*)$`)

// The signs that an export may put around an id, and those that it may write for a minus.
const (
	quotes  = "\"'`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"
	minuses = "\u2010\u2012\u2013\u2014\u2212"
)

// isForNobody reports whether a customer id is one that systems send when there is no customer: empty, zero or negative, a word such
// as "null" or "guest", or a UUID that is all zeros or all ones. Case, width, accents, script of the digits, punctuation, quotes and
// surrounding spaces do not matter.
func isForNobody(id string) bool {
	id = strings.Trim(strings.TrimSpace(strings.ToLower(id)), quotes)
	id = strings.Map(plainSign, strings.TrimSpace(norm.NFKD.String(id)))
	if gid, _, _ := strings.Cut(id, "?"); strings.HasPrefix(id, "gid://") {
		id = gid
	}
	id = strings.TrimRight(id, "/")
	if tail := id[strings.LastIndexByte(id, '/')+1:]; strings.Contains(id, "://") && tail != id {
		return isForNobody(tail) // gid://shopify/Customer/0
	}
	if match := number.FindStringSubmatch(strings.ReplaceAll(id, " ", "")); match != nil {
		return match[1] == "-" || strings.Trim(match[2], "0.,") == "" || slices.Contains(unsignedMinusOne(), match[2])
	}
	word := strings.Map(lettersAndDigits, id)
	zeros := strings.Trim(strings.TrimPrefix(word, "0x"), "0") == ""
	ones := len(word) == len("ffffffffffffffffffffffffffffffff") && strings.Trim(word, "f") == ""
	return zeros || ones || id == `\n` || slices.Contains(wordsForNobody(), word) // \N is NULL in the exports of MySQL and PostgreSQL
}

// plainSign is for strings.Map: it writes a decimal digit of any script as that of ASCII, and a dash as a minus.
func plainSign(r rune) rune {
	if strings.ContainsRune(minuses, r) {
		return '-'
	}
	if r <= unicode.MaxASCII || !unicode.IsDigit(r) {
		return r
	}
	zero := r
	for unicode.IsDigit(zero-1) && r-zero < 9 {
		zero--
	}
	return '0' + r - zero
}

// lettersAndDigits is for strings.Map: it drops what is neither.
func lettersAndDigits(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	return -1
}

// unsignedMinusOne is -1 as an unsigned number of 32 and of 64 bits.
func unsignedMinusOne() []string { return []string{"4294967295", "18446744073709551615"} }

// wordsForNobody are what programming languages, spreadsheets and shop systems print for "no customer", in letters and digits only.
func wordsForNobody() []string {
	return []string{
		"null", "nil", "none", "undefined", "nan", "false", "true", "nothing", "void", "empty", "missing", "unset", "notset", "blank",
		"dbnull", "systemdbnull", "na", "notavailable", "notapplicable", "ref", "value", "inf", "infinity", "objectobject", "array",
		"guest", "guests", "guestuser", "guestcustomer", "guestcheckout", "guestorder", "isguest",
		"anonymous", "anonymoususer", "anonymouscustomer", "anon", "unknown", "unknowncustomer", "unregistered", "notregistered",
		"notloggedin", "nobody", "noone", "nouser", "nocustomer", "noid", "noaccount", "walkin", "walkincustomer",
		"defaultcustomer", "dummy", "visitor", "gast", "invite", "invitado", "ospite", "host",
		"gosc", "anonym", "anonymni", "anonymny", "anonimowy", "neprihlaseny", "neregistrovany", "niezalogowany", "unbekannt",
	}
}

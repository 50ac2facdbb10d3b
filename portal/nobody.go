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

// feedID is the id that the shop's system gives a customer. JSON may hold it as a string, a number, or as false for a guest.
type feedID string

// UnmarshalJSONFrom implements json.UnmarshalerFrom. A number keeps its digits, whatever its size; "4711.0" is 4711.
func (id *feedID) UnmarshalJSONFrom(from *jsontext.Decoder) error {
	value, err := from.ReadValue()
	if err != nil {
		return err
	}
	switch value.Kind() {
	case 'n':
		*id = ""
	case '0':
		text, fraction, _ := strings.Cut(string(value), ".")
		if strings.Trim(fraction, "0") != "" || strings.ContainsAny(text, "eE") {
			text = string(value)
		}
		*id = feedID(text)
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

// orderedBy reads the customer id of an order. One for nobody is dropped: it is the same for the orders of many people.
func (f *form) orderedBy(at string, id feedID) string {
	text := f.key(at, string(id), maxWord)
	if text == "" || !isForNobody(text) {
		return text
	}
	f.warn(at, "customer_id.nobody_dropped")
	return ""
}

// number is a decimal number as a program might print one. Its sign and digits are groups.
var number = regexp.MustCompile(`^([+-]?)([0-9]*[.,]?[0-9]*(?:e[+-]?[0-9]+)?)$`)

// isForNobody reports whether a customer id is one that systems send when there is no customer: empty, zero or negative, a word such
// as "null" or "guest", or a UUID that is all zeros or all ones. Case, width, punctuation and surrounding spaces do not matter.
func isForNobody(id string) bool {
	id = strings.ToLower(strings.TrimSpace(norm.NFKC.String(id)))
	id = strings.Replace(id, "\u2212", "-", 1) // the minus sign
	if tail := id[strings.LastIndexByte(id, '/')+1:]; strings.Contains(id, "://") && tail != id {
		return isForNobody(tail) // gid://shopify/Customer/0
	}
	if match := number.FindStringSubmatch(strings.ReplaceAll(id, " ", "")); match != nil {
		digits, _, _ := strings.Cut(match[2], "e")
		return match[1] == "-" || strings.Trim(digits, "0.,") == "" || slices.Contains(unsignedMinusOne(), digits)
	}
	word := strings.Map(lettersAndDigits, id)
	zeros := strings.Trim(strings.TrimPrefix(word, "0x"), "0") == ""
	ones := len(word) == len("ffffffffffffffffffffffffffffffff") && strings.Trim(word, "f") == ""
	return zeros || ones || slices.Contains(wordsForNobody(), word)
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
	}
}

package validate

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"
)

// FeedID is the id that the shop's system gives a customer. In JSON it may be a string, a number, or false
// for a guest.
type FeedID string

// UnmarshalJSONFrom implements json.UnmarshalerFrom. A number of any size keeps all its digits; "4711.0"
// becomes 4711.
func (id *FeedID) UnmarshalJSONFrom(from *jsontext.Decoder) error {
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
		*id = FeedID(value)
	default:
		var text string
		if err := json.Unmarshal(value, &text); err != nil {
			return err
		}
		*id = FeedID(text)
	}
	return nil
}

// numberID keeps the digits of a JSON number and drops a fraction of zeros. If a number with an exponent is
// zero or negative, numberID returns its mantissa, because IsForNobody could not recognise it later: as a
// string, "0E15" is an ordinary id.
func numberID(value string) FeedID {
	mantissa, _, _ := strings.Cut(strings.ToLower(value), "e")
	if mantissa != strings.ToLower(value) && (mantissa[0] == '-' || strings.Trim(mantissa, "0.") == "") {
		return FeedID(mantissa)
	}
	text, fraction, _ := strings.Cut(value, ".")
	if strings.Trim(fraction, "0") != "" || strings.ContainsAny(text, "eE") {
		return FeedID(value)
	}
	return FeedID(text)
}

// OrderedBy reads the customer id of an order. It drops a placeholder id, which the orders of many people
// share.
func (f *Validator) OrderedBy(at string, id FeedID) string {
	text := f.Key(at, string(id), MaxWord)
	if text == "" || !IsForNobody(text) {
		return text
	}
	f.Warn(at, "customer_id.nobody_dropped")
	return ""
}

// number matches a decimal number without an exponent: "0E15" and "E20" are ordinary ids. Its groups are
// the sign and the digits.
var number = regexp.MustCompile(`^([+-]?)([0-9]*[.,]?[0-9]*)$`)

// The quotation marks that an export may put around an id, and the characters that it may use as a minus
// sign.
const (
	quotes  = "\"'`\u00b4\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"
	minuses = "\u2010\u2012\u2013\u2014\u2212"
)

// IsForNobody reports whether a customer id is a placeholder that systems send when there is no customer:
// empty, zero or negative, a word such as "null" or "guest", or a UUID that is all zeros or all ones. It
// ignores case, width, accents, the script of the digits, punctuation, quotation marks and surrounding
// spaces.
func IsForNobody(id string) bool {
	id = strings.Trim(strings.TrimSpace(strings.ToLower(id)), quotes)
	id = strings.Map(plainSign, strings.TrimSpace(norm.NFKD.String(id)))
	if gid, _, _ := strings.Cut(id, "?"); strings.HasPrefix(id, "gid://") {
		id = gid
	}
	id = strings.TrimRight(id, "/")
	if tail := id[strings.LastIndexByte(id, '/')+1:]; strings.Contains(id, "://") && tail != id {
		return IsForNobody(tail) // gid://shopify/Customer/0
	}
	if match := number.FindStringSubmatch(strings.ReplaceAll(id, " ", "")); match != nil {
		return match[1] == "-" || strings.Trim(match[2], "0.,") == "" ||
			slices.Contains(unsignedMinusOne(), match[2])
	}
	word := strings.Map(lettersAndDigits, id)
	zeros := strings.Trim(strings.TrimPrefix(word, "0x"), "0") == ""
	ones := len(word) == len("ffffffffffffffffffffffffffffffff") && strings.Trim(word, "f") == ""
	// \N is NULL in MySQL and PostgreSQL exports.
	return zeros || ones || id == `\n` || slices.Contains(wordsForNobody(), word)
}

// plainSign maps a decimal digit of any script to its ASCII digit, and a dash to a minus, for strings.Map.
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

// lettersAndDigits is a strings.Map function that keeps only letters and digits.
func lettersAndDigits(r rune) rune {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return r
	}
	return -1
}

// unsignedMinusOne returns -1 as an unsigned number of 32 and of 64 bits.
func unsignedMinusOne() []string { return []string{"4294967295", "18446744073709551615"} }

// wordsForNobody returns the words that programming languages, spreadsheets and shop systems print for "no
// customer", reduced to letters and digits.
func wordsForNobody() []string {
	return []string{
		"null", "nil", "none", "undefined", "nan", "false", "true", "nothing", "void", "empty", "missing",
		"unset", "notset", "blank",
		"dbnull", "systemdbnull", "na", "notavailable", "notapplicable", "ref", "value", "inf", "infinity",
		"objectobject", "array",
		"guest", "guests", "guestuser", "guestcustomer", "guestcheckout", "guestorder", "isguest",
		"anonymous", "anonymoususer", "anonymouscustomer", "anon", "unknown", "unknowncustomer",
		"unregistered", "notregistered",
		"notloggedin", "nobody", "noone", "nouser", "nocustomer", "noid", "noaccount", "walkin",
		"walkincustomer",
		"defaultcustomer", "dummy", "visitor", "gast", "invite", "invitado", "ospite", "host",
		"gosc", "anonym", "anonymni", "anonymny", "anonimowy", "neprihlaseny", "neregistrovany",
		"niezalogowany", "unbekannt",
	}
}

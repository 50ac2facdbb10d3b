package mongodb

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"
)

const defaultDatabase = "postern"

// CheckAddress returns the error that Open would return for a bad address, as far as it can be found
// without the network: only Open looks up the servers of mongodb+srv://.
func CheckAddress(uri string) error {
	if _, err := databaseName(uri); err != nil || strings.HasPrefix(uri, "mongodb+srv://") {
		return err
	}
	_, err := clientOptions(uri)
	return err
}

// unknownOption returns an option of the address that the driver would silently ignore, or "".
func unknownOption(uri string) string {
	_, query, _ := strings.Cut(uri, "?")
	parsed, err := connstring.Parse("mongodb://localhost/?" + withoutSRV(query))
	if err != nil {
		return "" // the driver reports it
	}
	for name := range parsed.UnknownOptions {
		return name
	}
	return ""
}

// withoutSRV removes the options that only mongodb+srv:// has.
func withoutSRV(query string) string {
	options := strings.FieldsFunc(query, func(r rune) bool { return r == '&' })
	return strings.Join(slices.DeleteFunc(options, func(o string) bool {
		return strings.HasPrefix(strings.ToLower(o), "srv")
	}), "&")
}

// databaseName returns the path of the address. It also rejects addresses with a bare @ or % in the
// password: the driver would take part of the password for a host or quote it in an error.
func databaseName(uri string) (string, error) {
	_, rest, found := strings.Cut(uri, "://")
	if !found {
		return "", badAddress(`it begins with neither "mongodb://" nor "mongodb+srv://"`)
	}
	switch strings.Count(rest, "@") {
	case 0:
	case 1:
		var user string
		user, rest, _ = strings.Cut(rest, "@")
		if _, err := url.PathUnescape(user); err != nil {
			return "", badAddress("a % in the user name or password is written %25")
		}
	default:
		return "", badAddress("an @ in the user name, the password or an option is written %40")
	}
	rest, _, _ = strings.Cut(rest, "?")
	_, path, _ := strings.Cut(rest, "/")
	name, err := url.PathUnescape(path)
	if err != nil {
		return "", badAddress("the database's name has a % that begins no escape")
	}
	if name == "" {
		name = defaultDatabase
	}
	if option := unknownOption(uri); option != "" {
		return "", badAddress(fmt.Sprintf("MongoDB has no option %q; look for a spelling mistake", option))
	}
	if strings.ContainsAny(name, "/\\. \"$*<>:|?\x00") || len(name) > 63 {
		return "", badAddress("the database's name is longer than 63 bytes or has one of / \\ . \" $ * < > : | ? or a space")
	}
	return name, nil
}

func badAddress(why string) error {
	return &fault{what: "the address is malformed: " + why}
}

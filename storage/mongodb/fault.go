package mongodb

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/auth"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/description"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"postern/storage"
)

// Codes of server errors, from the server's error_codes.yml. Atlas has an extra one.
const (
	codeUnauthorized   = 13
	codeAuthFailed     = 18
	codeNotSupported   = 115
	codeNotImplemented = 238
	codeAtlas          = 8000
)

// fault is a one-line error in our words that wraps the driver's.
type fault struct {
	what  string
	cause error
}

func (f *fault) Error() string { return "mongodb: " + strings.Join(strings.Fields(f.what), " ") }

func (f *fault) Unwrap() error { return f.cause }

// Is matches storage.ErrUnavailable when the server did not answer.
func (f *fault) Is(target error) bool {
	return target == storage.ErrUnavailable && unanswered(f.cause)
}

// unanswered reports whether err means that no server was found or that none answered.
func unanswered(err error) bool {
	selection, waiting := topology.ServerSelectionError{}, topology.WaitQueueTimeoutError{}
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &selection) || errors.As(err, &waiting):
		return true
	}
	return mongo.IsTimeout(err) || mongo.IsNetworkError(err)
}

// addressFault distinguishes a name that does not resolve, which may be temporary, from a malformed
// address.
func addressFault(err error) error {
	if dns := (*net.DNSError)(nil); errors.As(err, &dns) {
		return &fault{"no server: " + dns.Error(), err}
	}
	return &fault{"the address is malformed: " + strings.TrimPrefix(err.Error(), "error parsing uri: "), err}
}

// explain puts the driver's error into words; nil stays nil.
func explain(err error) error { return explainAfter(err, 0) }

// explainAfter is explain for an operation that took the given time.
func explainAfter(err error, waited time.Duration) error {
	if err == nil {
		return nil
	}
	if selection := (topology.ServerSelectionError{}); errors.As(err, &selection) && !errors.Is(err,
		context.Canceled) {
		return &fault{noServer(selection.Desc, waited), err}
	}
	return &fault{describe(err), err}
}

func describe(err error) string {
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled.Error()
	case refused(err):
		return "the server refuses the user name and password (they are looked up in authSource): " +
			err.Error()
	case hasCode(err, codeUnauthorized, codeAtlas):
		return "the user has no permission: " + err.Error()
	case mongo.IsTimeout(err):
		return "the server did not answer in time: " + err.Error()
	case mongo.IsNetworkError(err):
		return "the connection was lost: " + err.Error()
	}
	return err.Error()
}

// refused reports whether the server rejected the sign-in, as opposed to a failure to reach it. An
// operation that shares the connection pool with a rejected one gets an error of the pool, which names the
// cause only in its text.
func refused(err error) bool {
	signIn := (*auth.Error)(nil)
	return strings.Contains(err.Error(), "(AuthenticationFailed)") || hasCode(err, codeAuthFailed) ||
		errors.As(err, &signIn) && !mongo.IsTimeout(err) && !mongo.IsNetworkError(err)
}

func hasCode(err error, codes ...int) bool {
	server := mongo.ServerError(nil)
	if !errors.As(err, &server) {
		return false
	}
	for _, code := range codes {
		if server.HasErrorCode(code) {
			return true
		}
	}
	return false
}

// noServer returns a message with the servers tried, the time waited, and the last error of the first
// server that has one.
func noServer(top description.Topology, waited time.Duration) string {
	var addresses []string
	cause, reached := "no answer", false
	for _, server := range top.Servers {
		addresses = append(addresses, server.Addr.String())
		reached = reached || server.Kind != description.Unknown
		if server.LastError != nil && cause == "no answer" {
			cause = server.LastError.Error()
		}
	}
	what, where := "no server", strings.Join(addresses, ", ")
	if top.SetName != "" && len(addresses) == 0 {
		return fmt.Sprintf("no server there is a member of the replica set %q: correct replicaSet= in the address, or leave it out",
			top.SetName)
	}
	if reached {
		what, cause = "no primary", "it takes no writes"
	}
	if waited > 0 {
		where += fmt.Sprintf(" within %s", max(waited.Round(time.Second/10), time.Second/10))
	}
	return fmt.Sprintf("%s at %s: %s", what, where, cause)
}

// withTLSHint adds a hint when the servers closed the connection immediately: a server that speaks TLS does
// so to a client that does not, and vice versa.
func withTLSHint(err error, secure bool) error {
	told, selection := (*fault)(nil), topology.ServerSelectionError{}
	if !errors.As(err, &told) || !errors.As(err, &selection) ||
		!slices.ContainsFunc(selection.Desc.Servers, closedAtOnce) {
		return err
	}
	hint := "; if it wants TLS, add tls=true to the address"
	if secure {
		hint = "; if it speaks no TLS, leave tls=true out of the address"
	}
	return &fault{told.what + hint, told.cause}
}

func closedAtOnce(server description.Server) bool {
	var record tls.RecordHeaderError
	err := server.LastError
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.As(err, &record)
}

package staff

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"postern/portal/credential"
)

const (
	totpBytes     = 20 // RFC 4226, section 4
	totpPeriod    = 30 // seconds
	totpSkew      = 1  // steps before and after the present one
	recoveryCodes = 10
)

// NewTOTPSecret returns a random secret of an authenticator app.
func NewTOTPSecret() []byte {
	made := make([]byte, totpBytes)
	rand.Read(made) // never fails (crypto/rand)
	return made
}

// TOTPText returns the secret as people type it into an app.
func TOTPText(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// TOTPURL returns the content of the QR code that an app reads.
func TOTPURL(issuer, account string, secret []byte) string {
	issuer = strings.ReplaceAll(issuer, ":", " ") // separates the two
	values := url.Values{"secret": {TOTPText(secret)}, "issuer": {issuer}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" +
		strings.ReplaceAll(values.Encode(), "+", "%20") // apps show a plus as it is
}

// TOTPCode returns the code of an app at a time (RFC 6238: SHA-1, six digits, 30 seconds).
func TOTPCode(secret []byte, at time.Time) (string, error) { return totpAt(secret, totpStep(at)) }

func totpStep(at time.Time) int64 { return at.Unix() / totpPeriod }

func totpAt(secret []byte, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(TOTPText(secret), uint64(step), //nolint:gosec // after 1970
		hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("staff: code of an app: %w", err)
	}
	return code, nil
}

// MatchTOTP returns the time step of a code, which must be later than the last one used.
func MatchTOTP(secret []byte, code string, last int64, now time.Time) (step int64, ok bool) {
	for step := totpStep(now) - totpSkew; step <= totpStep(now)+totpSkew; step++ {
		want, err := totpAt(secret, step)
		if err == nil && step > last && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}

// NormaliseTOTP reads the code of an app as people type it: six digits, with spaces. It returns "" for
// anything else.
func NormaliseTOTP(text string) string {
	code := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, text)
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		return ""
	}
	return code
}

// NewRecoveryKey returns the random key of a person's recovery codes.
func NewRecoveryKey() []byte {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails (crypto/rand)
	return key
}

// NewRecoveryCodes returns ten codes to show and their hashes to store.
func NewRecoveryCodes(key []byte) (codes, hashes []string) {
	for range recoveryCodes {
		code := credential.NewCode()
		codes = append(codes, credential.ShowCode(code))
		hashes = append(hashes, recoveryHash(key, code))
	}
	return codes, hashes
}

func recoveryHash(key []byte, code string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(code)) // never fails (hash.Hash)
	return hex.EncodeToString(mac.Sum(nil))
}

// TakeRecovery removes the recovery code, if the person has it.
func (a *Access) TakeRecovery(key []byte, code string) bool {
	hash := recoveryHash(key, code)
	at := slices.IndexFunc(a.Recovery, func(known string) bool { return credential.SameHash(known, hash) })
	if at < 0 {
		return false
	}
	a.Recovery = slices.Delete(a.Recovery, at, at+1)
	return true
}

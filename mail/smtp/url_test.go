package smtp_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postern/mail/smtp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"smtp://mx.example":                        "smtp://mx.example:587",
		"smtp://mx.example:25?starttls=off":        "smtp://mx.example:25",
		"smtp://mx.example/?starttls=required":     "smtp://mx.example:587",
		"smtps://mx.example":                       "smtps://mx.example:465",
		"smtps://[2001:db8::1]:4650?timeout=10s":   "smtps://[2001:db8::1]:4650",
		"smtp://127.0.0.1:1025?helo=shop.example":  "smtp://127.0.0.1:1025",
		"smtp://mx.example?starttls=opportunistic": "smtp://mx.example:587",
	} {
		s, err := smtp.Parse(url, smtp.Secrets{})
		if err != nil || s.String() != want {
			t.Errorf("%s is %v, %v; want %s", url, s, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const secret = "hunter2"
	both := smtp.Secrets{User: "u", Password: secret}
	for _, test := range []struct {
		name, url string
		secrets   smtp.Secrets
		want      string
	}{
		{"empty", "", smtp.Secrets{}, "smtp://host:587"},
		{"no scheme", "mx.example:587", smtp.Secrets{}, "smtp://host:587"},
		{"other scheme", "http://mx.example", smtp.Secrets{}, "scheme"},
		{"no host", "smtp://:587", smtp.Secrets{}, "smtp://host:587"},
		{"port word", "smtp://mx.example:mail", smtp.Secrets{}, "smtp://host:587"},
		{"port large", "smtp://mx.example:65536", smtp.Secrets{}, "port"},
		{"path", "smtp://mx.example/out", smtp.Secrets{}, "options"},
		{"starttls wrong", "smtp://mx.example?starttls=yes", smtp.Secrets{}, "starttls="},
		{"starttls on smtps", "smtps://mx.example?starttls=required", smtp.Secrets{}, "smtps://"},
		{"unknown option", "smtp://mx.example?tls=on", smtp.Secrets{}, "tls= is unknown"},
		{"option twice", "smtp://mx.example?helo=a&helo=b", smtp.Secrets{}, "helo="},
		{"helo with a space", "smtp://mx.example?helo=my%20shop", smtp.Secrets{}, "helo= is a host name"},
		{"timeout long", "smtp://mx.example?timeout=3m", smtp.Secrets{}, "timeout="},
		{"ca missing", "smtp://mx.example?ca=/nowhere.pem", smtp.Secrets{}, "ca="},
		{"ca empty", "smtp://mx.example?ca=" + empty, smtp.Secrets{}, "no certificate"},
		{"password in the URL", "smtp://u:" + secret + "@mx.example", smtp.Secrets{},
			"must not stand in the URL"},
		{"odd password in the URL", "smtp://u:" + secret + "#/@mx.example", smtp.Secrets{},
			"smtp://host:587"},
		{"user alone", "smtp://u@mx.example", smtp.Secrets{}, "no password"},
		{"password alone", "smtp://mx.example", smtp.Secrets{Password: secret}, "no user"},
		{"two users", "smtp://v@mx.example", both, "another user"},
		{"user in the open", "smtp://mx.example?starttls=off", both, "must be required"},
		{"user perhaps in the open", "smtp://mx.example?starttls=opportunistic", both, "must be required"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := smtp.Parse(test.url, test.secrets)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

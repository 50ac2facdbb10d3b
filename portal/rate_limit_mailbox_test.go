package portal

import "testing"

// TestLimitsCountMailboxes checks that tags, and dots at Gmail, do not give a mailbox a second limit.
func TestLimitsCountMailboxes(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{
		"jan@example.com": "jan@example.com", "jan+a@example.com": "jan@example.com",
		"jan+a+b@example.com": "jan@example.com",
		"+jan@example.com":    "+jan@example.com", "j.an@example.com": "j.an@example.com",
		"j.a.n+x@gmail.com":  "jan@gmail.com",
		"jan@googlemail.com": "jan@gmail.com",
	} {
		if got := mailbox(email); got != want {
			t.Errorf("%s: %s, want %s", email, got, want)
		}
	}
}

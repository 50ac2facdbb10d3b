package i18n

import (
	"fmt"
	"testing"
)

// TestMadeUpWishesAreForgotten matches more different wishes than are kept. The number of those kept stays
// bounded, and real ones are still answered right.
func TestMadeUpWishesAreForgotten(t *testing.T) {
	t.Parallel()
	c, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	offered := []string{"en", "sk"}
	for n := range 3*maxAnswers + 10 {
		if got := c.Match(offered, fmt.Sprintf("xx-%d", n), "sk-SK,sk;q=0.9"); got != "sk" {
			t.Fatalf("wish %d: %s", n, got)
		}
	}
	if kept := len(c.matcher(offered).answers); kept > maxAnswers {
		t.Errorf("%d answers are kept", kept)
	}
}

package webtest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// Log keeps all that is logged, to be searched for what must not be in it. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write makes it an io.Writer.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// String is everything logged, JSON lines.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// LogOf is what was logged of the request that the page answers.
func (i *Installation) LogOf(page *Page) string {
	var found strings.Builder
	for line := range strings.Lines(i.Log.String()) {
		if strings.Contains(line, `"request":"`+page.Header.Get("X-Request-Id")+`"`) {
			found.WriteString(line)
		}
	}
	return found.String()
}

// Logger logs into it, from the level Debug on.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

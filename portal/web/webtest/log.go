package webtest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// Log keeps the entire log, so that a test can search it for secrets. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

// String returns the entire log as JSON lines.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// LogOf returns the log lines of the request that produced the page.
func (i *Installation) LogOf(page *Page) string {
	var found strings.Builder
	for line := range strings.Lines(i.Log.String()) {
		if strings.Contains(line, `"request":"`+page.Header.Get("X-Request-Id")+`"`) {
			found.WriteString(line)
		}
	}
	return found.String()
}

// Logger returns a logger that writes to l, from level Debug up.
func (l *Log) Logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

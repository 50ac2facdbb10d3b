package i18n

import (
	"maps"
	"sync"
)

// maxMissing limits the memory that many unknown keys can use.
const maxMissing = 200

// missing counts the keys and values that were requested but do not exist.
type missing struct {
	mu    sync.Mutex
	count map[string]int
}

func (m *missing) add(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.count == nil {
		m.count = make(map[string]int)
	}
	if _, known := m.count[what]; known || len(m.count) < maxMissing {
		m.count[what]++
	}
}

func (m *missing) all() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.count)
}

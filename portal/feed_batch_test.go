package portal

import (
	"bytes"
	"testing"
)

// TestBatchIsDecodedInParts checks that the orders that are decoded at a time have a bounded size, whatever
// the sizes of the documents, and that none is lost or moved.
func TestBatchIsDecodedInParts(t *testing.T) {
	t.Parallel()
	const kib, mib = 1 << 10, 1 << 20
	for name, sizes := range map[string][]int{
		"none": {}, "one": {kib}, "small ones": {kib, 2 * kib, 3 * kib}, "large ones": {3 * mib, 3 * mib, 3 * mib},
		"a large one between": {kib, kib, 4 * mib, kib}, "many": slicesOf(1000, 16*kib), "halves": slicesOf(9, mib),
	} {
		var documents, seen [][]byte
		for i, size := range sizes {
			documents = append(documents, bytes.Repeat([]byte{byte(i)}, size))
		}
		for part := range batchParts(documents) {
			size := 0
			for _, document := range part {
				size += len(document)
			}
			if last := len(part[len(part)-1]); size-last >= batchBytes {
				t.Errorf("%s: a part of %d bytes before the last document", name, size-last)
			}
			seen = append(seen, part...)
		}
		if len(seen) != len(documents) {
			t.Fatalf("%s: %d documents of %d", name, len(seen), len(documents))
		}
		for i := range seen {
			if !bytes.Equal(seen[i], documents[i]) {
				t.Errorf("%s: document %d is another one", name, i)
			}
		}
	}
}

func slicesOf(count, size int) []int {
	sizes := make([]int, count)
	for i := range sizes {
		sizes[i] = size
	}
	return sizes
}

package storage

import (
	"context"
	"fmt"
	"strings"
)

// batch is a set of changes that are announced and written together, and the number of source documents
// examined for it.
type batch struct {
	changes []change
	bytes   int
	seen    int64
}

func (b *batch) full() bool {
	return len(b.changes) >= copyBatch || b.bytes >= WalkBytes || b.seen >= copyStride
}

// difference walks through source and target side by side.
type difference struct {
	source, target trail
}

// find sends the differences, in batches, in id order.
func (d *difference) find(ctx context.Context, batches chan<- batch) error {
	for more := true; more; {
		var b batch
		for more && !b.full() {
			var err error
			if more, err = d.next(ctx, &b); err != nil {
				return err
			}
		}
		select {
		case batches <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// next compares the next document. It returns false when both sides have ended.
func (d *difference) next(ctx context.Context, b *batch) (bool, error) {
	source, inSource, err := d.source.head(ctx)
	if err != nil {
		return false, err
	}
	target, inTarget, err := d.target.head(ctx)
	if err != nil || !inSource && !inTarget {
		return false, err
	}
	order := strings.Compare(source.ID, target.ID)
	if !inTarget {
		order = -1
	} else if !inSource {
		order = 1
	}
	c := change{id: source.ID}
	if order <= 0 {
		if source.Version == (Version{}) {
			return false, fmt.Errorf("storage: %q in the source has no version: another program wrote it", source.ID)
		}
		c.to, c.doc = source.Version, source.Doc
		b.seen++
		d.source.step()
	}
	if order >= 0 {
		c.id, c.from = target.ID, target.Version
		d.target.step()
	}
	if c.from != c.to {
		b.changes = append(b.changes, c)
		b.bytes += len(c.doc)
	}
	return true, nil
}

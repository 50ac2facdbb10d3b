package audit

import "context"

// Append appends a batch as the job does.
func (l Log) Append(ctx context.Context) (more bool, err error) { return l.append(ctx) }

// Relink returns the link that follows previous with a link's content: a chain that somebody computes again.
func Relink(previous Head, link Link) Link {
	link.Number, link.Previous = previous.Number+1, previous.Hash
	link.Hash = link.digest()
	return link
}

// Genesis returns the head of an empty log.
func Genesis(shop string) Head { return genesis(shop) }

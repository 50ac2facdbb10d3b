package order

// Text formats the line for display: "2 × Book (B-7)".
func (line StatementLine) Text() string {
	text := line.Quantity + " × " + line.Name
	if line.SKU != "" {
		text += " (" + line.SKU + ")"
	}
	return text
}

// StatementLine is one line of an order, or part of it.
type StatementLine struct {
	ID       string `bson:"id,omitempty" json:"id,omitzero"` // from the feed
	SKU      string `bson:"sku,omitempty" json:"sku,omitzero"`
	Name     string `bson:"name" json:"name"`
	Quantity string `bson:"quantity" json:"quantity"` // a decimal
}

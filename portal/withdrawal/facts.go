package withdrawal

import (
	"postern/templates/i18n"
)

// StatementFact is one item of a statement with its label.
type StatementFact struct{ Label, Value string }

// Facts returns the full content of a statement, as confirmed by its sender and repeated in the receipt.
func (s Statement) Facts(l *i18n.Localizer) []StatementFact {
	facts := []StatementFact{
		{l.T("withdraw.name"), s.Name}, {l.T("withdraw.number"), s.Number}, {l.T("withdraw.email"), s.Email},
	}
	if s.Whole() {
		return append(facts, StatementFact{l.T("withdraw.scope"), l.T("withdraw.scope.whole")})
	}
	if s.Goods != "" {
		facts = append(facts, StatementFact{l.T("withdraw.only"), s.Goods})
	}
	for _, line := range s.Lines {
		facts = append(facts, StatementFact{l.T("withdraw.only"), line.Text()})
	}
	return facts
}

func (s Statement) Details(l *i18n.Localizer) []string {
	var lines []string
	for _, fact := range s.Facts(l) {
		lines = append(lines, fact.Label+": "+fact.Value)
	}
	return lines
}

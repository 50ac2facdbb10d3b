package chrome

import (
	_ "embed"
	"fmt"
	"strings"
)

// axeSource is axe-core 4.14.1, unchanged.
//
//go:embed axe/axe.min.js
var axeSource string

// Violation is an accessibility rule that an element of the page breaks.
type Violation struct {
	Rule     string // axe-core's name for it
	Selector string // of the element
	Help     string // what the rule requires
	Detail   string // what is wrong with this element
}

// String returns a single line for a message.
func (v Violation) String() string {
	return fmt.Sprintf("%s at %s: %s (%s)", v.Rule, v.Selector, v.Help, v.Detail)
}

const axeRun = `axe.run(document, {
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
	resultTypes: ["violations"],
	preload: false, // the rules that would read style sheets ask for nothing the look does not show
}).then(found => found.violations.flatMap(rule => rule.nodes.map(node => ({
	Rule: rule.id, Help: rule.help, Selector: node.target.flat().join(" "), Detail: node.failureSummary,
}))))`

// Axe checks the page against WCAG 2.0, 2.1 and 2.2, levels A and AA, and axe-core's best practices.
func (t *Tab) Axe() []Violation {
	t.t.Helper()
	// A script run by the debugger is exempt from the page's content security policy, which stays in force.
	if Evaluate[string](t, "typeof window.axe") == "undefined" {
		Evaluate[bool](t, axeSource+"\n;true")
	}
	found := Evaluate[[]Violation](t, axeRun)
	for i := range found {
		found[i].Detail = strings.Join(strings.Fields(found[i].Detail), " ")
	}
	return found
}

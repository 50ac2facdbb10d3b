package portal

import (
	"testing"
)

// TestEveryCollectionDeclaresWhatItKeepsOfAPerson checks that each collection either has nothing personal
// and says why, or says what the deletion of an account does with it and what a download contains.
func TestEveryCollectionDeclaresWhatItKeepsOfAPerson(t *testing.T) {
	t.Parallel()
	names, kinds, lists := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, d := range (Worker{}).declarations() {
		if fault := d.fault(); fault != "" {
			t.Errorf("%s: %s", d.Name, fault)
		}
		if names[d.Name] {
			t.Errorf("%s is declared twice", d.Name)
		}
		names[d.Name] = true
		for kind := range d.letters {
			if kinds[kind] {
				t.Errorf("two collections compose %s", kind)
			}
			kinds[kind] = true
		}
		if d.list != nil {
			if lists[d.list.name] {
				t.Errorf("two collections write %s", d.list.name)
			}
			lists[d.list.name] = true
		}
	}
}

// fault says what is wrong with a declaration, or "".
func (p personal) fault() string {
	erased, kept := p.erase != nil, p.kept != ""
	shown, withheld := p.person != nil || p.list != nil, p.withheld != ""
	switch {
	case p.nothing != "" && (erased || kept || shown || withheld):
		return "has nothing personal, and yet something"
	case p.nothing != "":
		return ""
	case erased == kept:
		return "must say what the deletion of an account does with it, or why it is kept"
	case shown == withheld:
		return "must say what a download contains, or why it contains nothing"
	}
	return ""
}

// TestPersonalFaults checks the check.
func TestPersonalFaults(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]personal{
		"nothing declared": {}, "not erased": {withheld: "x"}, "not shown": {kept: "x"},
		"both":               {nothing: "x", kept: "x"},
		"shown and withheld": {kept: "x", withheld: "x", list: &downloadList{}},
	} {
		if p.fault() == "" {
			t.Errorf("%s passes", name)
		}
	}
	for name, p := range map[string]personal{"nothing": {nothing: "x"}, "kept": {kept: "x", withheld: "x"}} {
		if fault := p.fault(); fault != "" {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

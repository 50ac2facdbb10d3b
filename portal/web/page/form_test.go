package page

import (
	"errors"
	"testing"

	"postern/portal/validate"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestErrorsBecomeSentencesAtTheirFields(t *testing.T) {
	t.Parallel()
	mend := "Please fix the following:"
	tests := []struct {
		name    string
		err     error
		summary string
		list    []ErrorLink
	}{
		{"none", nil, "", []ErrorLink{}},
		{"fields, in the error's order, the first one of each",
			&validate.Error{Kind: validate.Invalid, Fields: []validate.FieldError{
				{Field: "vat_id", Key: "vat.format", Args: map[string]string{"Example": "SK1234567895"}},
				{Field: "country", Key: "address.unknown"},
				{Field: "vat_id", Key: "vat.checksum"},
			}}, mend, []ErrorLink{
				{"f-vat_id", "Enter a VAT ID in this country’s format, for example SK1234567895."},
				{"f-country", "Select a country from the list."},
			}},
		{"the form as a whole", &validate.Error{Kind: validate.Invalid, Fields: []validate.FieldError{
			{Key: "address.too_many", Args: map[string]string{"Most": "20"}},
		}}, "You can save up to 20\u00a0addresses. Delete one to add another.", []ErrorLink{}},
		{"an error without fields", &validate.Error{Kind: validate.Conflict, Key: "address.changed"},
			"This address was changed in another window. Check it and try again.", []ErrorLink{}},
		{"an error that is none of ours", errors.New("secret text"),
			"The problem is on our side. Try again in a minute.", []ErrorLink{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			baseOf(t, get("/"), jana(), func(b Base) {
				form := b.Form(map[string]string{"vat_id": "SK12"}, test.err)
				if form.Summary != test.summary || form.HasErrors() != (test.err != nil) {
					t.Errorf("summary %q, has errors %v", form.Summary, form.HasErrors())
				}
				if diff := cmp.Diff(test.list, form.List()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestSummaryNamesTheFieldWhereTheErrorDoesNot checks that each line of the summary makes sense alone, without
// saying twice which field it is about.
func TestSummaryNamesTheFieldWhereTheErrorDoesNot(t *testing.T) {
	t.Parallel()
	baseOf(t, get("/"), jana(), func(b Base) {
		form := b.Form(nil, &validate.Error{Kind: validate.Invalid, Fields: []validate.FieldError{
			{Field: "name", Key: "withdraw.name.missing"}, {Field: "text", Key: "text.required"},
			{Field: "line/0", Key: "withdrawal.quantity"}, {Field: "reason", Key: "return.reason.unknown"},
		}})
		form.Labels = map[string]string{"name": "Full name", "text": "Message", "line/0": "Mug", "reason": "Reason"}
		var got []string
		for _, line := range form.List() {
			got = append(got, line.Text)
		}
		want := []string{"Enter your full name.", "Message: Required.", "Mug: Choose a quantity from the list.",
			"Choose a reason."}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFieldKeepsWhatWasTypedAndNamesItsTexts(t *testing.T) {
	t.Parallel()
	form := Form{Values: map[string]string{"a": "typed"}, FieldErrors: map[string]string{"a": "Mend me."},
		optional: "(optional)"}
	got, err := form.Field("a", "A", "type", "email", "hint", "Hint.", "optional", "yes", "required",
		"", "half", "yes")
	if err != nil {
		t.Fatal(err)
	}
	want := Field{
		ID: "f-a", Name: "a", Label: "A", Type: "email", Value: "typed", Hint: "Hint.", Error: "Mend me.",
		Mark: "(optional)", Half: true,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Field{})); diff != "" {
		t.Error(diff)
	}
	if ids := got.DescribedBy(); ids != "f-a-error f-a-hint" {
		t.Errorf("described by %q", ids)
	}
}

func TestFieldRefusesUnknownAttributes(t *testing.T) {
	t.Parallel()
	for _, attributes := range [][]string{{"placeholder", "x"}, {"type"}} {
		if _, err := (Form{}).Field("a", "A", attributes...); err == nil {
			t.Errorf("%v is accepted", attributes)
		}
	}
}

func TestSelectChoosesTheFormsValue(t *testing.T) {
	t.Parallel()
	options := []Option{{Value: "CZ", Label: "Czechia", Selected: true}, {Value: "SK", Label: "Slovakia"}}
	got, err := Form{Values: map[string]string{"country": "SK"}}.Select("country", "Country", options)
	if err != nil {
		t.Fatal(err)
	}
	want := []Option{{Value: "CZ", Label: "Czechia"}, {Value: "SK", Label: "Slovakia", Selected: true}}
	if diff := cmp.Diff(want, got.Options); diff != "" {
		t.Error(diff)
	}
	if !options[0].Selected {
		t.Error("the given options, which requests share, were changed")
	}
}

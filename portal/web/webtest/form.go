package webtest

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
)

// Submit fills in the matching form on the current page as a person would, and sends it. Fields keep the
// page's values, and the first named submit button is pressed. A value for a field that the form does not
// have is an error of the test. To press another button, pass its name and value.
func (b *Browser) Submit(selector string, values map[string]string) *Page {
	b.t.Helper()
	if b.Page == nil || !b.Page.Has(selector) {
		b.t.Errorf("no form %q on the page: %.600s", selector, b.body())
		return &Page{t: b.t, URL: b.base}
	}
	form := b.Page.find(selector).First()
	fields := filled(form)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !hasField(form, name) {
			b.t.Errorf("form %q has no field %q", selector, name)
		}
		fields.Set(name, values[name])
	}
	action := form.AttrOr("action", b.Page.URL.RequestURI())
	switch {
	case form.AttrOr("enctype", "") == multipartForm:
		return b.Upload(action, fields, fileFields(form))
	case strings.EqualFold(form.AttrOr("method", "get"), "post"):
		return b.Post(action, fields)
	}
	path, _, _ := strings.Cut(action, "?")
	return b.Get(path + "?" + fields.Encode())
}

// SubmitFiles is Submit with files, by the name of their field.
func (b *Browser) SubmitFiles(selector string, values map[string]string, files map[string][]File) *Page {
	b.t.Helper()
	if b.Page == nil || b.Page.Attr(selector, "enctype") != multipartForm {
		b.t.Errorf("no form %q that takes files on the page: %.600s", selector, b.body())
		return &Page{t: b.t, URL: b.base}
	}
	form := b.Page.find(selector).First()
	fields := filled(form)
	for name, value := range values {
		fields.Set(name, value)
	}
	for name := range files {
		if !hasField(form, name) {
			b.t.Errorf("form %q has no field %q", selector, name)
		}
	}
	return b.Upload(form.AttrOr("action", ""), fields, files)
}

// fileFields returns the fields for files, none of which is chosen.
func fileFields(form *goquery.Selection) map[string][]File {
	fields := map[string][]File{}
	form.Find("input[type=file]").Each(func(_ int, field *goquery.Selection) {
		fields[field.AttrOr("name", "")] = nil
	})
	return fields
}

// Follow opens the first matching link.
func (b *Browser) Follow(selector string) *Page {
	b.t.Helper()
	if b.Page == nil || b.Page.Attr(selector, "href") == "" {
		b.t.Errorf("no link %q on the page: %.600s", selector, b.body())
		return &Page{t: b.t, URL: b.base}
	}
	return b.Get(b.Page.Attr(selector, "href"))
}

func (b *Browser) body() string {
	if b.Page == nil {
		return "(none)"
	}
	return b.Page.Body
}

func hasField(form *goquery.Selection, name string) bool {
	found := false
	form.Find("[name]").Each(func(_ int, field *goquery.Selection) {
		found = found || field.AttrOr("name", "") == name
	})
	return found
}

// filled returns the fields that the form would send unchanged.
func filled(form *goquery.Selection) url.Values {
	fields := url.Values{}
	pressed := false
	form.Find("input[name], select[name], textarea[name], button[name]").Each(func(_ int,
		field *goquery.Selection) {
		if _, disabled := field.Attr("disabled"); disabled {
			return
		}
		if isButton(field) {
			if pressed {
				return
			}
			pressed = true
		}
		if value, sent := valueOf(field); sent {
			fields.Add(field.AttrOr("name", ""), value)
		}
	})
	return fields
}

func isButton(field *goquery.Selection) bool {
	return field.Is("button") || field.Is("input[type=submit]")
}

func valueOf(field *goquery.Selection) (value string, sent bool) {
	switch {
	case field.Is("textarea"):
		return field.Text(), true
	case field.Is("select"):
		chosen := field.Find("option[selected]").First()
		if chosen.Length() == 0 {
			chosen = field.Find("option").First()
		}
		return chosen.AttrOr("value", collapse(chosen.Text())), chosen.Length() > 0
	case field.Is("input[type=checkbox], input[type=radio]"):
		_, checked := field.Attr("checked")
		return field.AttrOr("value", "on"), checked
	case field.Is("input[type=file], button[type=button], button[type=reset]"):
		return "", false
	}
	return field.AttrOr("value", ""), true
}

package api_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"postern/portal/web/webtest"
)

// fullCustomer has every member of a customer.
const fullCustomer = `{"email":"jana@shop.test","title":"Ing.","first_name":"Jana","last_name":"Nováková",
"birth_date":"1980-05-31","phone":"+421905123456","language":"sk",
"company":{"name":"Kniha","country":"SK","registration_number":"31333532","tax_number":"2020317068","vat_id":"SK2020317068"},
"addresses":[{"id":"a1","default_shipping":true,"default_billing":true,"last_name":"N","line1":"Hlavná 1","city":"Brno","country":"CZ"}],
"consents":{"newsletter":{"status":"given","at":"2026-03-01T10:00:00Z","source":"checkout","wording":"Yes"},
"partner_offers":{"status":"withdrawn","at":"2026-03-01T10:00:00Z","source":"checkout","wording":"No"}},
"updated_at":"2026-03-02T08:00:00Z"}`

// fullVoucher and fullCart have every text and list of a voucher and of a cart.
const (
	fullVoucher = `{"title":"A","description":"B","amount":"1.00","currency":"EUR","for":{"customer_id":"77"},"uses":5,
"uses_per_customer":1,"from":"2026-03-02T08:00:00Z","until":"2027-03-02T08:00:00Z","updated_at":"2026-03-02T08:00:00Z"}`
	fullCart = `{"currency":"EUR","url":"https://shop.test/cart","lines":[{"sku":"B-7","name":"Book","quantity":"1","total":"1.00",
"url":"https://shop.test/b","picture":"https://shop.test/b.jpg"}],"updated_at":"2026-03-02T08:00:00Z"}`
)

// limitCodes are the codes that tell of a limit.
func limitCodes() []string {
	return []string{"text.cut", "text.long", "json.too_many", "list.cut", "url.dropped", "bank.symbol"}
}

// TestDocumentedLimits sends each text one character, and each list one element, longer than the document
// allows, and as long as it allows: only the former is cut, dropped or refused.
func TestDocumentedLimits(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	key := i.Key("main")
	schemas, checked := documented(t).strict.Components.Schemas, 0
	for _, noun := range []struct{ schema, example, path string }{
		{"Order", fullOrder, "/api/v1/orders/1?force=true"},
		{"Customer", fullCustomer, "/api/v1/customers/1?force=true"},
		{"Voucher", fullVoucher, "/api/v1/vouchers/a?force=true"},
		{"Cart", fullCart, "/api/v1/customers/1/cart?force=true"},
	} {
		eachLimit(schemas[noun.schema].Value, nil, func(path []string, schema *openapi3.Schema) {
			for _, over := range []bool{false, true} {
				checked++
				var document any
				if err := json.Unmarshal([]byte(noun.example), &document); err != nil {
					t.Fatal(err)
				}
				document = changed(document, path, func(value any) any { return ofLength(value, schema, over) })
				text, err := json.Marshal(document)
				if err != nil {
					t.Fatal(err)
				}
				pointer := "/" + strings.Join(path, "/")
				page := i.Put(key, noun.path, string(text))
				if said := complains(t, page, pointer); said != over {
					t.Errorf("%s%s, over its limit: %v; said so: %v, %.300s", noun.schema, pointer, over, said, page.Body)
				}
			}
		})
	}
	if checked < 150 {
		t.Errorf("only %d checks", checked)
	}
	for n, status := range map[int]int{0: 201, 1: 422} {
		n += int(*schemas["Order"].Value.Properties["number"].Value.MaxLength)
		i.Put(key, "/api/v1/orders/"+strings.Repeat("a", n), order(morning, "1.00")).Want(status)
	}
}

// eachLimit calls do for each text and list with a limit.
func eachLimit(schema *openapi3.Schema, path []string, do func([]string, *openapi3.Schema)) {
	if slices.Equal(path, []string{"number"}) || slices.Equal(path, []string{"code"}) { // the path has it, too
		return
	}
	if schema.MaxLength != nil && schema.Pattern == "" || schema.MaxItems != nil {
		do(path, schema)
	}
	if schema.Items != nil {
		eachLimit(schema.Items.Value, append(slices.Clone(path), "0"), do)
	}
	for name, property := range schema.Properties {
		eachLimit(property.Value, append(slices.Clone(path), name), do)
	}
}

// ofLength returns a value as long as the schema allows, or longer.
func ofLength(example any, schema *openapi3.Schema, over bool) any {
	more := 0
	if over {
		more = 1
	}
	if schema.MaxItems != nil {
		list, _ := example.([]any)
		return slices.Repeat(list[:1], int(*schema.MaxItems)+more)
	}
	start := ""
	if schema.Format == "uri" {
		start = "https://shop.test/"
	}
	return start + strings.Repeat("a", int(*schema.MaxLength)+more-len(start))
}

// changed returns the document with the value at the path changed.
func changed(node any, path []string, change func(any) any) any {
	if len(path) == 0 {
		return change(node)
	}
	switch node := node.(type) {
	case map[string]any:
		node[path[0]] = changed(node[path[0]], path[1:], change)
	case []any:
		n, err := strconv.Atoi(path[0])
		if err != nil {
			panic(fmt.Sprintf("%v in a list", path))
		}
		node[n] = changed(node[n], path[1:], change)
	}
	return node
}

// complains reports whether an answer tells of a limit at a pointer.
func complains(t *testing.T, page *webtest.Page, pointer string) bool {
	t.Helper()
	var answer struct {
		Warnings, Errors []struct{ Pointer, Code string }
	}
	if err := json.Unmarshal([]byte(page.Body), &answer); err != nil {
		t.Fatalf("%v: %s", err, page.Body)
	}
	for _, fault := range append(answer.Warnings, answer.Errors...) {
		if fault.Pointer == pointer && slices.Contains(limitCodes(), fault.Code) {
			return true
		}
	}
	return false
}

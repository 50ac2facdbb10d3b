package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/cart"
	"postern/portal/customer"
	"postern/portal/event"
	"postern/portal/inquiry"
	orders "postern/portal/order"
	"postern/portal/voucher"
	"postern/portal/web/api"
	"postern/portal/web/gate"
	"postern/portal/web/webtest"
	"postern/portal/withdrawal"
)

// described is the document, and a copy that also allows what is read besides ("x-also-read").
type described struct{ strict, lenient *openapi3.T }

var loadDocument = sync.OnceValues(func() (d described, err error) {
	if d.strict, err = openapi3.NewLoader().LoadFromData(api.Document()); err != nil {
		return d, err
	}
	var tree any
	if err = json.Unmarshal(api.Document(), &tree); err != nil {
		return d, err
	}
	widen(tree)
	text, err := json.Marshal(tree)
	if err == nil {
		d.lenient, err = openapi3.NewLoader().LoadFromData(text)
	}
	return d, err
})

// widen adds the types that are read besides.
func widen(node any) {
	switch node := node.(type) {
	case map[string]any:
		if more, ok := node["x-also-read"].([]any); ok {
			node["type"] = append([]any{node["type"], "null"}, more...)
			delete(node, "format")
			delete(node, "pattern")
		}
		for _, child := range node {
			widen(child)
		}
	case []any:
		for _, child := range node {
			widen(child)
		}
	}
}

func documented(t testing.TB) described {
	t.Helper()
	d, err := loadDocument()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// newPortal starts a portal whose API is checked against the document: each answer, and each request that was
// accepted without a warning.
func newPortal(t testing.TB, shops ...webtest.Shop) *webtest.Installation {
	t.Helper()
	i := webtest.Portal(t, shops...)
	d := documented(t)
	i.Way.Watch = func(request *http.Request, response *http.Response, answer []byte) {
		if !strings.HasPrefix(request.URL.Path, api.Root+"/") {
			return
		}
		for _, fault := range d.faults(request, response, answer) {
			t.Errorf("%s %s (%d): not as documented: %s: %.300s", request.Method, request.URL.EscapedPath(),
				response.StatusCode, fault, answer)
		}
	}
	return i
}

// operation finds the operation of a request, or nil for a path or method that there is not.
func operation(doc *openapi3.T, method, path string) *openapi3.Operation {
	var found *openapi3.Operation
	fixed := -1
	for pattern, item := range doc.Paths.Map() {
		want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
		n := 0
		matches := len(want) == len(got)
		for i := 0; matches && i < len(want); i++ {
			if !strings.HasPrefix(want[i], "{") {
				matches = want[i] == got[i]
				n++
			}
		}
		if matches && n > fixed {
			found, fixed = item.GetOperation(method), n
		}
	}
	return found
}

// faults returns what the document does not describe.
func (d described) faults(request *http.Request, response *http.Response, answer []byte) (faults []string) {
	path := request.URL.EscapedPath()
	op := operation(d.strict, request.Method, path)
	if op == nil {
		if response.StatusCode != 404 && response.StatusCode != 405 {
			return []string{"no such operation"}
		}
		return nil
	}
	var body any
	if kind := response.Header.Get("Content-Type"); kind == "image/jpeg" {
		body = "a picture"
	} else if len(answer) > 0 {
		if err := json.Unmarshal(answer, &body); err != nil {
			return []string{err.Error()}
		}
	}
	described := op.Responses.Status(response.StatusCode)
	if described == nil {
		return []string{"no such status"}
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	content := described.Value.Content[kind]
	switch {
	case content == nil && len(answer) > 0:
		return []string{"no such media type: " + kind}
	case content != nil:
		if err := content.Schema.Value.VisitJSON(body, openapi3.EnableJSONSchema2020()); err != nil {
			faults = append(faults, "answer: "+err.Error())
		}
	}
	for name := range described.Value.Headers {
		if name != "Retry-After" && response.Header.Get(name) == "" {
			faults = append(faults, "no header "+name)
		}
	}
	faults = append(faults, d.unknownCodes(body)...)
	if response.StatusCode < 300 && !bytes.Contains(answer, []byte(`"code":`)) {
		faults = append(faults, requestFaults(operation(d.lenient, request.Method, path), request)...)
	}
	return faults
}

// codes returns the codes that the document explains.
func (d described) codes() map[string]any {
	codes, _ := d.strict.Components.Schemas["Code"].Value.Extensions["x-codes"].(map[string]any)
	return codes
}

func (d described) unknownCodes(node any) (faults []string) {
	switch node := node.(type) {
	case map[string]any:
		if code, ok := node["code"].(string); ok && node["detail"] != nil && d.codes()[code] == nil {
			faults = append(faults, "unknown code "+code)
		}
		for _, child := range node {
			faults = append(faults, d.unknownCodes(child)...)
		}
	case []any:
		for _, child := range node {
			faults = append(faults, d.unknownCodes(child)...)
		}
	}
	return faults
}

// requestFaults checks the body and the parameters of a request that was accepted.
func requestFaults(op *openapi3.Operation, request *http.Request) (faults []string) {
	for name, values := range request.URL.Query() {
		parameter := op.Parameters.GetByInAndName("query", name)
		if parameter == nil {
			faults = append(faults, "no such parameter: "+name)
			continue
		}
		var value any = values[0]
		if !parameter.Schema.Value.Type.Is("string") && json.Unmarshal([]byte(values[0]), &value) != nil {
			faults = append(faults, name+": "+values[0])
		} else if err := parameter.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil &&
			values[0] != "" {
			faults = append(faults, name+": "+err.Error())
		}
	}
	if request.Method == http.MethodGet || request.ContentLength == 0 || request.GetBody == nil {
		if op.RequestBody != nil && op.RequestBody.Value.Required {
			faults = append(faults, "no body")
		}
		return faults
	}
	reader, err := request.GetBody()
	if err != nil {
		return append(faults, err.Error())
	}
	text, _ := io.ReadAll(reader)
	kind, _, _ := mime.ParseMediaType(request.Header.Get("Content-Type"))
	if op.RequestBody == nil || op.RequestBody.Value.Content[kind] == nil {
		return append(faults, "no body of the type "+kind)
	}
	var value any
	if kind != "application/json" {
		return faults
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &value); err != nil {
		return append(faults, err.Error())
	}
	if err := op.RequestBody.Value.Content[kind].Schema.Value.VisitJSON(value,
		openapi3.EnableJSONSchema2020()); err != nil {
		faults = append(faults, "request: "+err.Error())
	}
	return faults
}

// TestDocumentIsValid checks the document itself, its examples included.
func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	if err := documented(t).strict.Validate(context.Background(), openapi3.IsOpenAPI31OrLater(), openapi3.EnableExamplesValidation()); err != nil {
		t.Error(err)
	}
}

// TestDocumentIsServed checks that anyone can read the document.
func TestDocumentIsServed(t *testing.T) {
	t.Parallel()
	i := webtest.Portal(t)
	page := i.Browser().Get(api.DocumentPath).Want(200)
	if page.Body != string(api.Document()) || page.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s: %.100s", page.Header.Get("Content-Type"), page.Body)
	}
}

// TestDocumentHasEveryRoute compares methods, paths, scopes, parameters and body limits.
func TestDocumentHasEveryRoute(t *testing.T) {
	t.Parallel()
	served, written := map[string]string{}, map[string]string{}
	for _, route := range apiRoutes(t) {
		if route.Class != gate.FeedKey {
			continue
		}
		segments := strings.Split(route.Path, "/")
		for i, segment := range segments {
			if name, is := strings.CutPrefix(segment, ":"); is {
				segments[i] = "{" + name + "}"
			}
		}
		limit := ""
		if route.Method == http.MethodPut || route.Method == http.MethodPost {
			limit = fmt.Sprint(" ", route.MaxBody())
		}
		served[route.Method+" "+strings.Join(segments, "/")] = string(route.Scope) + limit
	}
	for path, item := range documented(t).strict.Paths.Map() {
		for method, op := range item.Operations() {
			limit := ""
			if op.RequestBody != nil {
				limit = fmt.Sprintf(" %.0f", op.RequestBody.Value.Extensions["x-max-bytes"])
			}
			written[method+" "+path] = (*op.Security)[0]["key"][0] + limit
			for _, segment := range strings.Split(path, "/") {
				if name := strings.Trim(segment, "{}"); name != segment && op.Parameters.GetByInAndName("path", name) == nil {
					t.Errorf("%s %s does not describe %s", method, path, name)
				}
			}
		}
	}
	if diff := cmp.Diff(served, written); diff != "" {
		t.Errorf("served (-) and documented (+):\n%s", diff)
	}
}

// TestDocumentHasEveryCode checks that the document explains exactly the codes there are.
func TestDocumentHasEveryCode(t *testing.T) {
	t.Parallel()
	written := maps.Clone(documented(t).codes())
	for code := range developerCodes(t) {
		if !isCode(code) {
			continue // part of a command
		}
		if text, _ := written[code].(string); text == "" {
			t.Errorf("%s is not explained", code)
		}
		delete(written, code)
	}
	for code := range written {
		t.Errorf("there is no code %s", code)
	}
}

// TestDocumentHasEveryMember compares the members and types of the schemas with the types of the code.
func TestDocumentHasEveryMember(t *testing.T) {
	t.Parallel()
	d := documented(t)
	for name, body := range map[string]any{
		"OrderRecord": orders.Record{}, "Customer": portal.CustomerWire{}, "CustomerRecord": customer.Record{},
		"Result": api.Result{}, "Delivery": api.Delivery{}, "Deliveries": api.Deliveries{}, "Problem": api.Problem{},
		"OrderPage": api.OrderPage{}, "CustomerPage": api.CustomerPage{}, "WithdrawalPage": withdrawal.Page{},
		"RequestPage": inquiry.RequestPage{}, "MessagePage": inquiry.MessagePage{},
		"InquiryRecord": inquiry.Record{}, "Conversation": inquiry.Conversation{},
		"Voucher": voucher.Wire{}, "VoucherRecord": voucher.Record{}, "Redeem": voucher.RedeemWire{},
		"Redemption": voucher.RedemptionRecord{}, "Cart": cart.Wire{}, "CartRecord": cart.Record{},
		"ShopEvent": event.Wire{}, "EventResult": api.EventResult{}, "EventResults": api.EventResults{},
		"SignInEmail": portal.SignInMailWire{}, "HandOff": portal.HandOffWire{},
	} {
		compareMembers(t, name, d.strict.Components.Schemas[name], reflect.TypeOf(body))
	}
	read := maps.Clone(d.strict.Components.Schemas["OrderRecord"].Value.Properties)
	maps.DeleteFunc(read, func(name string, _ *openapi3.SchemaRef) bool {
		return d.strict.Components.Schemas["Order"].Value.Properties[name] != nil
	})
	if got := slices.Sorted(maps.Keys(read)); !slices.Equal(got, []string{"customer", "erased_at"}) {
		t.Errorf("an order that is read has besides: %v", got)
	}
}

// compareMembers compares a schema with a type, and each member below.
func compareMembers(t *testing.T, at string, schema *openapi3.SchemaRef, kind reflect.Type) {
	t.Helper()
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	value := schema.Value
	if len(value.OneOf) == 2 { // of an object or null
		value = value.OneOf[0].Value
	}
	if len(value.AllOf) == 1 {
		value = value.AllOf[0].Value
	}
	switch {
	case kind == reflect.TypeFor[json.RawMessage](): // a record that is compared by itself
	case kind.Kind() == reflect.Slice:
		if !value.Type.Is("array") {
			t.Errorf("%s is no array", at)
			return
		}
		compareMembers(t, at+"/0", value.Items, kind.Elem())
	case kind.Kind() == reflect.Bool && value.Type.Includes("boolean"),
		kind.Kind() == reflect.Int && value.Type.Is("integer"),
		kind.Kind() == reflect.Int64 && value.Type.Is("integer"),
		kind.Kind() == reflect.String && value.Type.Includes("string"),
		kind.String() == "time.Time" && value.Type.Is("string"),
		kind.Kind() == reflect.Map:
	case kind.Kind() != reflect.Struct || !value.Type.Is("object"):
		t.Errorf("%s is a %s, documented as %v", at, kind, value.Type)
	default:
		members := map[string]reflect.Type{}
		structMembers(kind, members)
		for name, member := range members {
			if value.Properties[name] == nil {
				t.Errorf("%s/%s is not documented", at, name)
				continue
			}
			compareMembers(t, at+"/"+name, value.Properties[name], member)
		}
		for name := range value.Properties {
			if members[name] == nil {
				t.Errorf("%s/%s is documented, but there is none", at, name)
			}
		}
	}
}

// structMembers collects the JSON members of a struct, those of embedded structs included.
func structMembers(kind reflect.Type, members map[string]reflect.Type) {
	for field := range kind.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case field.Anonymous && name == "":
			structMembers(field.Type, members)
		default:
			members[name] = field.Type
		}
	}
}

// TestEveryMemberIsExplained checks that each member has a description and an example or members of its own.
func TestEveryMemberIsExplained(t *testing.T) {
	t.Parallel()
	for name, schema := range documented(t).strict.Components.Schemas {
		for member, property := range schema.Value.Properties {
			value := property.Value
			if value.Description == "" && property.Extensions["description"] == nil {
				t.Errorf("%s/%s has no description", name, member)
			}
			if len(value.Examples) == 0 && len(value.Properties) == 0 && !value.Type.Includes("array") &&
				len(value.OneOf) == 0 {
				t.Errorf("%s/%s has no example", name, member)
			}
		}
	}
}

// TestDocumentedPages checks the limits of lists and of several orders.
func TestDocumentedPages(t *testing.T) {
	t.Parallel()
	d := documented(t)
	for _, path := range []string{"/orders", "/events"} {
		post := operation(d.strict, http.MethodPost, api.Root+path)
		if most := post.RequestBody.Value.Content["application/json"].Schema.Value.MaxItems; *most != portal.MaxOrders {
			t.Errorf("%s: %d", path, *most)
		}
	}
	for _, path := range []string{"/orders", "/customers"} {
		limit := operation(d.strict, http.MethodGet, api.Root+path).Parameters.GetByInAndName("query", "limit").Schema.Value
		if *limit.Max != portal.MaxFeedPage || *limit.Min != 1 {
			t.Errorf("%s: %v to %v", path, *limit.Min, *limit.Max)
		}
	}
}

package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/web/webtest"
)

// TestReturnPhotosForTheShop checks that the list of requests names the photos of a return, that a key with
// its scope reads them, and that another scope, another shop and another number do not.
func TestReturnPhotosForTheShop(t *testing.T) {
	t.Parallel()
	other := webtest.NewShop("other", "https://account.other.test")
	i := newPortal(t, webtest.Bookshop(), other)
	key := i.Key("main", portal.KeyScopes(portal.ScopeLists))
	i.Put(i.Key("main"), "/api/v1/orders/1001", order(morning, "10.00")).Want(201)
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 400, 200))); err != nil {
		t.Fatal(err)
	}
	b := i.Browser()
	i.SignIn(b, "jan@shop.test")
	b.Get("/orders/1001/return").Want(200)
	b.SubmitFiles("main form", map[string]string{"line/0": "1", "reason": "damaged"}, map[string][]webtest.File{
		"photos": {{Name: "a.png", Type: "image/png", Data: picture.Bytes()}}}).Want(200)
	i.Clock.Move(time.Minute + time.Millisecond)
	var list struct {
		Requests []struct {
			ID     string
			Photos []map[string]any
		}
	}
	page := call(i, key, "GET", "/api/v1/requests", "").Want(200)
	if err := json.Unmarshal([]byte(page.Body), &list); err != nil || len(list.Requests) != 1 {
		t.Fatalf("%v: %s", err, page.Body)
	}
	path := "/api/v1/requests/" + list.Requests[0].ID + "/photos/"
	photo := call(i, key, "GET", path+"1", "").Want(200)
	want := []map[string]any{{"url": path + "1", "width": 400.0, "height": 200.0, "size": float64(len(photo.Body))}}
	if diff := cmp.Diff(want, list.Requests[0].Photos); diff != "" {
		t.Error(diff)
	}
	if got := photo.Header; got.Get("Content-Type") != "image/jpeg" || got.Get("X-Content-Type-Options") != "nosniff" ||
		photo.Body[:3] != "\xff\xd8\xff" {
		t.Errorf("%v, %.3q", got, photo.Body)
	}
	for _, test := range []struct {
		key, path string
		status    int
		code      string
	}{
		{key, path + "0", 404, "photo.not_found"},
		{key, path + "2", 404, "photo.not_found"},
		{key, path + "one", 404, "photo.not_found"},
		{key, "/api/v1/requests/none/photos/1", 404, "photo.not_found"},
		{key, path + "1?size=small", 422, "error.invalid"},
		{i.Key("main", portal.KeyScopes(portal.ScopeOrders)), path + "1", 403, "key.scope"},
		{"", path + "1", 401, "key.required"},
	} {
		page := call(i, test.key, "GET", test.path, "")
		if p := problemOf(t, page); page.Status != test.status || p.Code != test.code {
			t.Errorf("%s: %d %s, want %d %s", test.path, page.Status, p.Code, test.status, test.code)
		}
	}
	elsewhere := i.BrowserAt("https://account.other.test").Send(webtest.Request{Path: path + "1",
		Header: map[string]string{"Authorization": "Bearer " + i.Key("other")}})
	if p := problemOf(t, elsewhere); p.Code != "photo.not_found" {
		t.Errorf("another shop: %d %s", elsewhere.Status, p.Code)
	}
	declined := call(i, i.Key("main"), "POST", "/api/v1/requests/"+list.Requests[0].ID+"/decline", `{"text":"No."}`).Want(200)
	if want := fmt.Sprintf(`"url":%q`, path+"1"); !bytes.Contains([]byte(declined.Body), []byte(want)) {
		t.Errorf("declined: %s", declined.Body)
	}
}

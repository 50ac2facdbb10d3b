package portal_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/customer"
	"postern/portal/shop"
	"postern/portal/vies"
)

// register is a fake VIES that answers over HTTP with the given answer and counts the requests.
type register struct {
	mu     sync.Mutex
	answer func(number, requester string) string
	asked  int
	url    string
	during func() // called while a request is in progress
}

func (r *register) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var q struct{ CountryCode, VATNumber, RequesterNumber string }
	if err := json.NewDecoder(request.Body).Decode(&q); err != nil {
		http.Error(w, "no JSON", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.asked++
	answer, during := r.answer, r.during
	r.mu.Unlock()
	if during != nil {
		during()
	}
	_, _ = w.Write([]byte(answer(q.VATNumber, q.RequesterNumber)))
}

func (r *register) say(answer func(number, requester string) string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func (r *register) questions() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked
}

func answers(valid bool) func(number, requester string) string {
	return func(number, requester string) string {
		return fmt.Sprintf(`{"countryCode":"SK","vatNumber":%q,"valid":%v,"name":"Kniha, s.r.o.","address":"Obchodná 1","requestIdentifier":%q}`,
			number, valid, map[bool]string{true: "", false: "WAPI-" + number}[requester == ""])
	}
}

func fails(word string) func(number, requester string) string {
	return func(string, string) string {
		return fmt.Sprintf(`{"actionSucceed":false,"errorWrappers":[{"error":%q}]}`, word)
	}
}

const (
	oneVATID     = "SK2020317068"
	anotherVATID = "SK2021853504"
)

// newVATApp returns a test app with a fake VIES, a shop that has a VAT ID, and a signed-in customer.
func newVATApp(t *testing.T) (*testApp, *register, portal.Shopper) {
	t.Helper()
	r := &register{answer: answers(true)}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	h := newTestApp(t, portal.WithVATChecker(vies.New(server.URL)))
	if _, err := h.app.Operator().ChangeShop(t.Context(), h.shop.ID,
		shop.Settings{VATID: ptr("sk 2020 2980 38")}); err != nil {
		t.Fatal(err)
	}
	h.newCustomer(jan)
	return h, r, h.signIn(jan)
}

func (h *testApp) enterVATID(s portal.Shopper, id string) {
	h.t.Helper()
	company := s.Company()
	company.VATID = id
	if _, err := s.SaveCompany(h.t.Context(), company); err != nil {
		h.t.Fatal(err)
	}
}

// vatNow runs the checks that are due and returns the customer's record.
func (h *testApp) vatNow(email string) customer.Record {
	h.t.Helper()
	if _, err := h.app.Worker().RunOnce(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.deliver()
	record, err := h.feed().CustomerByEmail(h.t.Context(), email)
	if err != nil {
		h.t.Fatal(err)
	}
	return record
}

// TestVATEvidence follows an ID that VIES knows: saved immediately, then unknown, then valid with all the
// evidence.
func TestVATEvidence(t *testing.T) {
	t.Parallel()
	h, r, s := newVATApp(t)
	if got := h.vatNow(jan); got.VATStatus != customer.VATNone || got.VATCheck != nil || r.questions() != 0 {
		t.Errorf("without an ID: %+v after %d questions", got, r.questions())
	}
	h.enterVATID(s, oneVATID)
	record, _ := h.feed().CustomerByEmail(t.Context(), jan)
	if record.VATStatus != customer.VATUnknown || record.VATCheck != nil {
		t.Errorf("before VIES was asked: %+v", record)
	}
	want := &customer.VATAnswer{
		VATID: oneVATID, Status: customer.VATValid, Name: "Kniha, s.r.o.", Address: "Obchodná 1",
		Consultation: "WAPI-2020317068",
		Requester:    "SK2020298038", At: h.clock.Now(),
	}
	got := h.vatNow(jan)
	if diff := cmp.Diff(want, got.VATCheck); diff != "" || got.VATStatus != customer.VATValid {
		t.Errorf("%s: %s", got.VATStatus, diff)
	}
	if h.vatNow(jan); r.questions() != 1 {
		t.Errorf("%d questions, want one until the answer is old", r.questions())
	}
}

// TestVATStates tests every kind of failed check, and then both answers, from each state of an ID.
func TestVATStates(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("every state and every silence: not in a short run")
	}
	silences := map[string]func(number, requester string) string{
		"MS_UNAVAILABLE": fails("MS_UNAVAILABLE"), "MS_MAX_CONCURRENT_REQ": fails("MS_MAX_CONCURRENT_REQ"),
		"GLOBAL_MAX_CONCURRENT_REQ": fails("GLOBAL_MAX_CONCURRENT_REQ"),
		"SERVICE_UNAVAILABLE":       fails("SERVICE_UNAVAILABLE"),
		"TIMEOUT":                   fails("TIMEOUT"),
		"no JSON":                   func(string, string) string { return "<html>" },
		"another's answer": func(_, requester string) string {
			return answers(true)("2021853504",
				requester)
		},
	}
	for before, first := range map[customer.VATStatus]func(string, string) string{
		customer.VATUnknown: fails("TIMEOUT"), customer.VATValid: answers(true),
		customer.VATInvalid: answers(false),
	} {
		for name, silence := range silences {
			t.Run(string(before)+", then "+name, func(t *testing.T) {
				h, r, s := newVATApp(t)
				r.say(first)
				h.enterVATID(s, oneVATID)
				was := h.vatNow(jan)
				r.say(silence)
				h.clock.Move(31 * 24 * time.Hour)
				got := h.vatNow(jan)
				if got.VATStatus != before || cmp.Diff(was.VATCheck, got.VATCheck) != "" {
					t.Errorf("%s with %+v became %s with %+v", before, was.VATCheck,
						got.VATStatus, got.VATCheck)
				}
				r.say(answers(false))
				h.clock.Move(12 * time.Hour)
				if got := h.vatNow(jan); got.VATStatus != customer.VATInvalid ||
					got.VATCheck.At != h.clock.Now() {
					t.Errorf("an answer after the silence: %+v", got)
				}
				r.say(answers(true))
				h.clock.Move(24 * time.Hour)
				if got := h.vatNow(jan); got.VATStatus != customer.VATValid {
					t.Errorf("another answer: %+v", got)
				}
			})
		}
	}
}

// TestVATRetries checks the intervals: growing while VIES is unavailable, a month after an answer, and a
// day while an ID is in doubt.
func TestVATRetries(t *testing.T) {
	t.Parallel()
	h, r, s := newVATApp(t)
	r.say(fails("MS_UNAVAILABLE"))
	h.enterVATID(s, oneVATID)
	step := func(gap time.Duration) {
		t.Helper()
		before := r.questions()
		h.clock.Move(gap - time.Millisecond)
		h.vatNow(jan)
		if r.questions() != before {
			t.Errorf("asked before %s were over", gap)
		}
		h.clock.Move(time.Millisecond)
		if h.vatNow(jan); r.questions() != before+1 {
			t.Errorf("%d questions after %s, want one", r.questions()-before, gap)
		}
	}
	h.vatNow(jan)
	for _, minutes := range []int{1, 5, 15, 60, 180, 360, 720, 720, 720} {
		step(time.Duration(minutes) * time.Minute)
	}
	r.say(answers(false))
	step(12 * time.Hour)
	for range 7 {
		step(24 * time.Hour)
	}
	step(30 * 24 * time.Hour)
	r.say(answers(true))
	step(30 * 24 * time.Hour)
	step(30 * 24 * time.Hour)
	if got := len(h.signIn(jan).VATHistory()); got != 11 {
		t.Errorf("%d answers are kept, want 11", got)
	}
}

// TestVATChanges checks that a new ID starts as unknown while the answers about the previous one are kept,
// that a late answer about the previous ID is not applied to it, and that VIES is not asked about an empty
// ID or one of a country it does not cover.
func TestVATChanges(t *testing.T) {
	t.Parallel()
	h, r, s := newVATApp(t)
	h.enterVATID(s, oneVATID)
	h.vatNow(jan)
	h.enterVATID(h.signIn(jan), anotherVATID)
	if got, _ := h.feed().CustomerByEmail(t.Context(), jan); got.VATStatus != customer.VATUnknown ||
		got.VATCheck != nil {
		t.Errorf("another ID: %+v", got)
	}
	r.during = func() {
		r.during = nil
		h.deliver()
		h.enterVATID(h.signIn(jan), oneVATID)
	}
	if got := h.vatNow(jan); got.VATStatus != customer.VATUnknown || got.VATCheck != nil {
		t.Errorf("changed while VIES was asked: %+v", got)
	}
	if got := h.vatNow(jan); got.VATStatus != customer.VATValid || got.VATCheck.VATID != oneVATID {
		t.Errorf("asked for the present one: %+v", got)
	}
	asked := r.questions()
	for id, want := range map[string]customer.VATStatus{"": customer.VATNone,
		"CHE-123.456.788": customer.VATUncovered, "GB 123 4567 82": customer.VATUncovered} {
		h.enterVATID(h.signIn(jan), id)
		if got := h.vatNow(jan); got.VATStatus != want || got.VATCheck != nil || r.questions() != asked {
			t.Errorf("%q: %+v after %d questions", id, got, r.questions()-asked)
		}
	}
	if history := h.signIn(jan).VATHistory(); len(history) != 2 {
		t.Errorf("history: %+v", history)
	}
}

// TestVATOfFeed checks that an ID sent by the shop's system is checked, too.
func TestVATOfFeed(t *testing.T) {
	t.Parallel()
	h, _, _ := newVATApp(t)
	body := fmt.Sprintf(`{"email":%q,"company":{"vat_id":%q},"updated_at":"2026-11-21T10:04:00Z"}`,
		jan, oneVATID)
	if _, err := h.feed().PutCustomer(t.Context(), "77", []byte(body)); err != nil {
		t.Fatal(err)
	}
	if got := h.vatNow(jan); got.VATStatus != customer.VATValid {
		t.Errorf("%+v", got)
	}
}

// TestVATOnce checks that of several processes that find one ID due only one asks VIES.
func TestVATOnce(t *testing.T) {
	t.Parallel()
	h, r, s := newVATApp(t)
	h.enterVATID(s, oneVATID)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := h.app.Worker().RunOnce(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if r.questions() != 1 {
		t.Errorf("%d questions", r.questions())
	}
}

// TestVATAfterCrash checks that after a crash during a check another process checks the ID once the lease
// has expired.
func TestVATAfterCrash(t *testing.T) {
	t.Parallel()
	h, r, s := newVATApp(t)
	h.quiet()
	h.enterVATID(s, oneVATID)
	checker := portal.WithVATChecker(vies.New(r.url))
	if _, err := h.dying(4, checker).Worker().RunOnce(t.Context()); err == nil {
		t.Fatal("the process did not die")
	}
	if got := h.vatNow(jan); got.VATStatus != customer.VATUnknown || r.questions() != 1 {
		t.Errorf("during the lease: %+v, %d questions", got, r.questions())
	}
	h.clock.Move(time.Minute)
	if got := h.vatNow(jan); got.VATStatus != customer.VATValid {
		t.Errorf("after it: %+v", got)
	}
}

// TestVATRequesterRefused checks that the request is repeated without the shop's ID when VIES rejects that.
func TestVATRequesterRefused(t *testing.T) {
	t.Parallel()
	h, r, s := newVATApp(t)
	r.say(func(number, requester string) string {
		if requester != "" {
			return fails("INVALID_REQUESTER_INFO")(number, requester)
		}
		return answers(true)(number, requester)
	})
	h.enterVATID(s, oneVATID)
	if got := h.vatNow(jan); got.VATStatus != customer.VATValid || got.VATCheck.Requester != "" ||
		got.VATCheck.Consultation != "" {
		t.Errorf("%+v", got)
	}
}

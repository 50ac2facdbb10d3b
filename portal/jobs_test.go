package portal_test

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/vies"
	"postern/storage"
)

// knowing is a VIES client for which every ID is valid.
type knowing struct{}

func (knowing) Check(context.Context, string, string, string) (vies.Answer, error) {
	return vies.Answer{Valid: true, Name: "Kniha, s.r.o."}, nil
}

// jobCases returns a function for each kind of job that leaves a job of that kind due and no other.
func jobCases() map[string]func(h *testApp) {
	return map[string]func(h *testApp){
		"sign_in_notice": func(h *testApp) {
			h.newCustomer(jan)
			h.work()
			h.enterWith(jan, "one")
		},
		"change_notice": func(h *testApp) {
			if _, err := h.settled().SaveAddress(h.t.Context(), home()); err != nil {
				h.t.Fatal(err)
			}
		},
		"email_moved": func(h *testApp) { h.change(h.settledCookie(), jana, "one") },
		"email_undone": func(h *testApp) {
			h.change(h.settledCookie(), mallory, "thief's")
			_, undo := h.undoMail(jan)
			if err := h.undo(undo); err != nil {
				h.t.Fatal(err)
			}
		},
		"erasure_notice": func(h *testApp) { h.askErasure() },
		"erasure": func(h *testApp) {
			at := h.askErasure()
			h.quiet()
			h.clock.Move(at.Sub(h.clock.Now()))
		},
		"release_emails": func(h *testApp) {
			h.change(h.settledCookie(), jana, "one")
			h.quiet()
			h.clock.Move(14 * 24 * time.Hour)
		},
		"forget_note":          forgottenNote,
		"forget_addresses":     forgottenAddress,
		"vat_check":            func(h *testApp) { h.enterVATID(h.settled(), oneVATID) },
		"first_order_email":    firstOrder,
		"order_email":          emailedOrder,
		"inquiry_emails":       inquired,
		"withdrawal":           func(h *testApp) { h.withdraw(stated("1")) },
		"count_orders":         func(h *testApp) { h.put(orderJSON("1", jan)) },
		"recount_in_time_zone": movedShop,
		"relist_customers":     otherLanguage,
		"sweep": func(h *testApp) {
			h.openTo()
			h.askLink("typed@example.com", "browser")
			h.clock.Move(44 * 24 * time.Hour)
			if err := h.app.Worker().AskSweep(h.t.Context()); err != nil {
				h.t.Fatal(err)
			}
		},
		"upgrade_links": func(h *testApp) { h.guests(`"5"`) },
		"record_act":    func(h *testApp) { h.putCustomer("77", jan) },
		"append_acts":   recordedAct,
		"sign_out":      signedOut,
		"sign_in_email": func(h *testApp) {
			e := h.colleague("support@shop.test", staff.Support)
			id := h.settled().Customer().ID
			if _, err := h.at(e).ReadCustomer(h.t.Context(), id); err != nil { // so that the view is logged before
				h.t.Fatal(err)
			}
			h.quiet()
			if err := h.at(e).MailSignIn(h.t.Context(), id, ""); err != nil {
				h.t.Fatal(err)
			}
		},
		"delete_order": func(h *testApp) {
			h.put(orderJSON("1", jan))
			h.work()
			if err := h.delete(h.dying(1), "1"); !errors.Is(err, errDead) {
				h.t.Fatal(err)
			}
		},
	}
}

// settledCookie returns a session of a customer who has no pending jobs.
func (h *testApp) settledCookie() string {
	h.t.Helper()
	h.newCustomer(jan)
	cookie := h.signInByCode(jan, "one")
	h.quiet()
	return cookie
}

func (h *testApp) settled() portal.Shopper { return h.shopper(h.settledCookie()) }

func (h *testApp) askErasure() time.Time {
	h.t.Helper()
	asked, err := h.settled().RequestErasure(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return asked.At
}

func forgottenAddress(h *testApp) {
	s := h.settled()
	saved, err := s.SaveAddress(h.t.Context(), home())
	if err == nil {
		err = s.DeleteAddress(h.t.Context(), saved.ID, saved.Version)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.quiet()
	h.clock.Move(24 * time.Hour)
}

func signedOut(h *testApp) {
	id := h.settled().Customer().ID
	h.enterWith(jan, "two")
	h.quiet()
	if _, err := h.app.Operator().SignOutCustomer(h.t.Context(), h.shop.ID, id); err != nil {
		h.t.Fatal(err)
	}
}

func forgottenNote(h *testApp) {
	e := h.colleague("support@shop.test", staff.Support)
	id := h.settled().Customer().ID
	if _, err := h.at(e).AddNote(h.t.Context(), id, "form", "Call after five.", false); err != nil {
		h.t.Fatal(err)
	}
	notes, err := h.at(e).Notes(h.t.Context(), id)
	if err == nil {
		_, err = h.at(e).DeleteNote(h.t.Context(), id, notes[0].Key)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.quiet()
	h.clock.Move(audit.UndoPeriod)
}

// recordedAct leaves an act that is recorded and not appended.
func recordedAct(h *testApp) {
	h.putCustomer("77", jan)
	const taken, recorded, requested, done = 1, 1, 1, 1
	if _, err := h.dying(taken + recorded + requested + done).Worker().RunOnce(h.t.Context()); !errors.Is(err,
		errDead) {
		h.t.Fatal(err)
	}
}

func firstOrder(h *testApp) {
	h.set(shop.Settings{FirstOrderMail: ptr(true)})
	placed := h.clock.Now().Add(-time.Hour).Format(time.RFC3339)
	h.put(orderJSON("1", jan, `"placed_at":"2026-03-05T10:00:00Z"`, `"placed_at":"`+placed+`"`))
}

func emailedOrder(h *testApp) {
	h.sendOrderEmails()
	h.putNow("1", "")
}

func inquired(h *testApp) {
	h.set(shop.Settings{SupportEmail: ptr(support)})
	h.put(orderJSON("sent", jan))
	s := h.settled()
	if err := s.WriteMessage(h.t.Context(), message(s, "Where is it?")); err != nil {
		h.t.Fatal(err)
	}
}

func movedShop(h *testApp) {
	h.fill("2025-12-31T23:30:00Z")
	h.set(shop.Settings{TimeZone: ptr("UTC")})
	h.clock.Move(2 * time.Second)
}

// TestEveryKindOfJobSurvivesACrashAtEachWrite runs a job of each kind in a process that dies before its
// first write, its second and so on. Another process continues when the leases have expired. In the end the
// store is the same as without a crash, with nothing lost or done twice. A kind without a case fails the
// test.
func TestEveryKindOfJobSurvivesACrashAtEachWrite(t *testing.T) {
	t.Parallel()
	cases := jobCases()
	maps.Copy(cases, staffJobCases())
	maps.Copy(cases, shoppingJobCases())
	maps.Copy(cases, bulkJobCases())
	maps.Copy(cases, boardJobCases())
	maps.Copy(cases, mergeJobCases())
	for _, source := range newTestApp(t).app.Worker().Jobs().Sources {
		for _, kind := range source.KindNames() {
			if cases[kind] == nil {
				t.Errorf("the kind %s has no case", kind)
			}
		}
	}
	if testing.Short() {
		t.Skip("a death before every write: not in a short run")
	}
	for kind, arrange := range cases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			crashKind(t, kind, arrange)
		})
	}
}

func crashKind(t *testing.T, kind string, arrange func(*testApp)) {
	crashAlike(t, kind, arrange, (*testApp).outline)
}

// crashAlike lets a process die before each write of a job, and compares the end in some outline.
func crashAlike(t *testing.T, kind string, arrange func(*testApp), outline func(*testApp) string) {
	undisturbed := ""
	for writes := 1000; ; {
		h := newTestApp(t, portal.WithVATChecker(knowing{}))
		arrange(h)
		if found := h.jobs(job.Due); !slices.Contains(found, kind) {
			t.Fatalf("%v are due, no %s", found, kind)
		}
		err := h.workIn(h.dying(writes, portal.WithVATChecker(knowing{})))
		if err != nil && !errors.Is(err, errDead) {
			t.Fatalf("after %d writes: %v", writes, err)
		}
		died := err != nil
		h.clock.Move(time.Minute)
		if err := h.workIn(h.app); err != nil {
			t.Fatalf("after a death before write %d: %v", writes, err)
		}
		for _, state := range []string{job.Due, job.Running, job.Failed} {
			if left := h.jobs(state); len(left) > 0 {
				t.Errorf("after a death before write %d %v are %s", writes, left, state)
			}
		}
		if after := outline(h); undisturbed == "" {
			undisturbed, writes = after, 0
			continue
		} else if diff := cmp.Diff(undisturbed, after); diff != "" {
			t.Fatalf("a death before write %d leaves (-undisturbed +after):\n%s", writes, diff)
		}
		if !died {
			t.Logf("%d writes", writes)
			return
		}
		writes++
	}
}

// workIn runs the jobs that are due in a process, and those due a minute later.
func (h *testApp) workIn(app *portal.App) error {
	for range 2 {
		for {
			done, err := app.Worker().RunOnce(h.t.Context())
			if err != nil {
				return err
			}
			if done == 0 {
				break
			}
		}
		h.clock.Move(time.Minute)
	}
	return nil
}

// jobs returns the kinds of the jobs in a state.
func (h *testApp) jobs(state string) []string {
	h.t.Helper()
	found, err := h.app.Operator().Jobs().List(h.t.Context(), state, storage.MaxLimit)
	if err != nil {
		h.t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, j := range found {
		kinds[j.Kind] = true
	}
	return slices.Sorted(maps.Keys(kinds))
}

var volatile = regexp.MustCompile(`"(v|mark|attempts|lease)": ?("[^"]*"|\{[^}]*\}|\d+),?` +
	`|\{"\$date":\{[^}]*\}\}` +
	`|[0-9]{8}T[0-9.]+Z|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z?` +
	`|"base64":"[^"]*"` +
	`|[0-9a-f]{8}-[0-9a-f-]{27}` +
	`|"(feed:)?[0-9A-Z]{8}"|[A-Za-z0-9_-]{20,}`)

// entryNumber matches the numbers of entries of the log, which depend on what a crash lets be recorded first.
var entryNumber = regexp.MustCompile(`"\$number(Int|Long)":"\d+"|main/0{6}\d+`)

// outline returns all documents without the parts that differ between runs: times, versions, random values,
// the numbers of entries of the log, and the order of fields.
func (h *testApp) outline() string {
	lines := strings.Split(volatile.ReplaceAllString(h.everything(), "?"), "\n")
	for i, line := range lines {
		parts := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune("{}, ?", r) })
		slices.Sort(parts)
		lines[i] = strings.Join(parts, " ")
		if strings.Contains(line, `"actors":`) || strings.Contains(line, `"previous":`) {
			lines[i] = entryNumber.ReplaceAllString(lines[i], "")
		}
	}
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, "introduced-ids") // log statistics, perhaps low after a crash
	})
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

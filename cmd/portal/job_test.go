package main

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"postern/portal"
	"postern/portal/job"
	"postern/storage"
	"postern/storage/sqlite"
)

// failJob creates a failed and a scheduled job in a store.
func failJob(t *testing.T, dir string) (failed string) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), dir, portal.Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	type asking struct {
		Work job.List `bson:"work"`
	}
	at := slices.IndexFunc(portal.Collections(),
		func(c storage.Collection) bool { return c.Name == "housekeeping" })
	docs := storage.Open[asking](store, "_", portal.Collections()[at])
	var doc asking
	failed = doc.Work.Add(job.Request{Kind: "upgrade_links", At: time.Now().Add(-72 * time.Hour), Slow: true})
	doc.Work.Jobs[0].FailedAt, doc.Work.Jobs[0].Attempts, doc.Work.Jobs[0].LastError = time.Now(), 12, "no room"
	doc.Work.Add(job.Request{Kind: "sweep", At: time.Now().Add(time.Hour), Slow: true})
	if err := docs.Insert(t.Context(), "jobs", doc); err != nil {
		t.Fatal(err)
	}
	return failed
}

func TestFailedJobsAreListedAndRetried(t *testing.T) {
	t.Parallel()
	dir := shopStore(t)
	id := failJob(t, dir)
	call(t, nil, "job", "list", "--store", dir).want(t, exitOK, id, "failed", "upgrade_links",
		"housekeeping/jobs", "no room", "scheduled", "sweep")
	list := func(state string) (listed []map[string]string) {
		t.Helper()
		text := call(t, nil, "job", "list", "--store", dir, "--state", state, "--json").want(t, exitOK).out
		if err := json.Unmarshal([]byte(text), &listed); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		return listed
	}
	if failed := list("failed"); len(failed) != 1 || failed[0]["id"] != id || failed[0]["attempts"] != "12" {
		t.Errorf("failed: %v", failed)
	}
	call(t, nil, "job", "retry", id, "--store", dir).want(t, exitOK, "is due now")
	if due := list("due"); len(due) != 1 || due[0]["id"] != id || due[0]["attempts"] != "0" ||
		len(list("failed")) != 0 {
		t.Errorf("due after the retry: %v", due)
	}
	call(t, nil, "job", "retry", id, "--store", dir).want(t, exitFailure, "no failed job", "portal job list")
	call(t, nil, "job", "list", "--store", dir, "--shop", "lost").want(t, exitFailure, `no shop "lost"`)
	call(t, nil, "job", "list", "--store", dir, "--state", "lost").want(t, exitUsage, "--state",
		"failed, due, running or scheduled")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"postern/portal"
	"postern/portal/job"
	"postern/storage"
)

// jobGroup holds the subcommands for background jobs.
type jobGroup struct {
	List  jobList  `cmd:"" help:"List background jobs by state: failed, due, running and scheduled ones."`
	Retry jobRetry `cmd:"" help:"Try a failed job again."`
}

func jobStates() []string { return []string{job.Failed, job.Due, job.Running, job.Scheduled} }

// jobList lists background jobs.
type jobList struct {
	storeFlag
	Shop  string `help:"Only jobs of the shop with this id." placeholder:"ID"`
	State string `setting:"job-state" help:"Only jobs in this state: failed, due, running or scheduled." placeholder:"STATE"`
	Kind  string `setting:"job-kind" help:"Only jobs of this kind, such as vat_check." placeholder:"KIND"`
	Limit most   `setting:"job-limit" help:"The most jobs of each state." default:"50"`
	JSON  bool   `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Help implements kong.HelpProvider.
func (jobList) Help() string {
	return `"portal serve" does what changes leave to be done: emails, recounts, VAT ID checks, deletions. A job that does not succeed is tried again after growing gaps. After two and a half days it is listed as failed and kept; "portal job retry" has it tried again. A job that has been due for long means that no "portal serve" is running, or that it is behind. A scheduled one waits for its time.`
}

// Run lists the jobs. Those that need attention come first.
func (c jobList) Run(ctx context.Context, w *environment) error {
	wanted := jobStates()
	var wrong problems
	if c.State != "" {
		wanted = []string{c.State}
	}
	if !slices.Contains(jobStates(), wanted[0]) {
		wrong.add("--state: a job is %s, not %q.", listOf(jobStates()), c.State)
	}
	if err := wrong.usage("help job list"); err != nil {
		return err
	}
	return c.use(ctx, func(operator portal.Operator) error {
		if c.Shop != "" {
			if _, err := pick(ctx, operator, c.Shop, "--shop"); err != nil {
				return err
			}
		}
		t := table{head: []string{"ID", "STATE", "KIND", "SHOP", "DOCUMENT", "ASKED FOR", "NEXT",
			"ATTEMPTS", "LAST ERROR"}}
		for _, state := range wanted {
			found, err := operator.Jobs().List(ctx, state, storage.MaxLimit)
			if err != nil {
				return err
			}
			found = slices.DeleteFunc(found, func(j job.Listed) bool {
				return c.Kind != "" && j.Kind != c.Kind || c.Shop != "" && j.Shop != c.Shop
			})
			for _, j := range found[:min(len(found), int(c.Limit))] {
				t.add(jobRow(j)...)
			}
		}
		return t.print(w, c.JSON)
	})
}

func jobRow(j job.Listed) []string {
	next := moment(j.DueAt)
	if j.HasFailed() {
		next = ""
	}
	return []string{
		j.ID, j.State, j.Kind, j.Shop, fmt.Sprintf("%s/%s", j.Collection, j.Key), moment(j.At), next,
		strconv.Itoa(j.Attempts), j.LastError,
	}
}

// jobRetry retries a failed job.
type jobRetry struct {
	storeFlag
	ID string `arg:"" help:"The job's id, as \"portal job list\" shows it."`
}

// Run makes the job due.
func (c jobRetry) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator) error {
		err := operator.Jobs().Retry(ctx, c.ID)
		if errors.Is(err, storage.ErrNotFound) {
			return failf("There is no failed job %q; \"portal job list --state failed\" shows them.", c.ID)
		}
		if err != nil {
			return err
		}
		w.say("Job %s is due now; \"portal serve\" does it within five seconds.", c.ID)
		return nil
	})
}

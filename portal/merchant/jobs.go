package merchant

import (
	"context"
	"slices"

	"postern/portal/audit"
	"postern/portal/job"
	"postern/portal/staff"
	"postern/portal/validate"
)

// FailedJob is background work of the shop that was given up.
type FailedJob struct {
	job.Listed
	Dismissable bool
}

// shownJobs is how many documents of each collection are looked at for failed jobs.
const shownJobs = 200

// FailedJobs lists the shop's background jobs that were given up, earliest first.
func (s Staff) FailedJobs(ctx context.Context) ([]FailedJob, error) {
	if !s.May(staff.PermissionJobs) {
		return nil, denied()
	}
	found, err := s.app.Worker().Jobs().Failures(ctx, s.shop.ID, shownJobs)
	list := make([]FailedJob, len(found))
	for i, j := range found {
		list[i] = FailedJob{Listed: j, Dismissable: s.app.Worker().MayDismiss(j.Kind)}
	}
	return list, err
}

// RetryJob has a failed job tried again. Unknown and other shops' jobs are validate.NotFound.
func (s Staff) RetryJob(ctx context.Context, id string) error {
	return s.onJob(ctx, id, audit.JobRetried, func(FailedJob) error {
		return s.app.Worker().Jobs().Retry(ctx, id)
	})
}

// DismissJob removes a failed job, which is then never done. It is a Conflict for one that must be done, such
// as an erasure.
func (s Staff) DismissJob(ctx context.Context, id string) error {
	return s.onJob(ctx, id, audit.JobDismissed, func(j FailedJob) error {
		if !j.Dismissable {
			return validate.NewError(validate.Conflict, "jobs.dismiss.never")
		}
		return s.app.Worker().Jobs().Dismiss(ctx, id)
	})
}

// onJob records an act on a failed job and does it. The entry in the log comes first: after a crash in
// between it names an act that can be repeated.
func (s Staff) onJob(ctx context.Context, id string, kind audit.Kind, do func(FailedJob) error) error {
	if err := s.requireStill(ctx, staff.PermissionJobs); err != nil {
		return err
	}
	list, err := s.FailedJobs(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(j FailedJob) bool { return j.ID == id })
	if at < 0 {
		return validate.NewError(validate.NotFound, "jobs.gone")
	}
	if kind == audit.JobDismissed && !list[at].Dismissable {
		return do(list[at])
	}
	act, err := s.newAct(kind, "", "")
	if err != nil {
		return err
	}
	act.Changes = []audit.Change{{Field: "job", After: list[at].Kind}}
	if err := s.log().Record(ctx, act); err != nil {
		return err
	}
	return notMissingJob(do(list[at]))
}

// notMissingJob takes a job that somebody else has just retried or dismissed for done.
func notMissingJob(err error) error {
	if validate.KindOf(validate.NotFoundIfMissing(err)) == validate.NotFound {
		return nil
	}
	return err
}

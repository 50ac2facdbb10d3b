package admin

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"postern/portal/merchant"
	"postern/portal/staff"
	"postern/portal/web/gate"
	"postern/portal/web/page"
)

const (
	jobsPath = "/admin/jobs"
	jobPath  = "/admin/jobs/:id"
)

func (h *Handler) jobRoutes() []gate.Route {
	return []gate.Route{
		get(staff.PermissionJobs, jobsPath, h.jobs),
		post(staff.PermissionJobs, jobPath+"/retry", h.jobAct(merchant.Staff.RetryJob, "job.retried")),
		post(staff.PermissionJobs, jobPath+"/dismiss", h.jobAct(merchant.Staff.DismissJob, "job.dismissed")),
	}
}

// jobsPage lists background jobs that were given up.
type jobsPage struct {
	page.Base
	Form  page.Form // with the error of an act that was refused
	Rows  []jobLine
	Empty page.Empty
}

// jobLine is a job with its document.
type jobLine struct {
	Path, Name, Kind, Document, Error, Attempts string
	Failed                                      page.Time
	Dismissable                                 bool
}

func (h *Handler) jobs(c *fiber.Ctx, s merchant.Staff) error { return h.showJobs(c, s, nil) }

func (h *Handler) showJobs(c *fiber.Ctx, s merchant.Staff, refused error) error {
	found, err := s.FailedJobs(c.UserContext())
	if err != nil {
		return err
	}
	data := jobsPage{Base: h.base(c, s, "jobs", "jobs.title")}
	data.Wide = true
	data.Form = data.Base.Form(nil, refused)
	data.Empty = data.Base.Empty(data.T("jobs.none"), "", "")
	for _, j := range found {
		data.Rows = append(data.Rows, jobLine{Path: jobsPath + "/" + j.ID,
			Name: jobName(data.Base, j.Kind), Kind: j.Kind,
			Document: j.Collection + "/" + j.Key, Error: j.LastError, Attempts: data.L.Number(int64(j.Attempts)),
			Failed: data.TimeMoment(j.FailedAt), Dismissable: j.Dismissable})
	}
	return h.pages.Render(c, page.Refusal(refused), "admin/jobs", data)
}

// jobName says what a kind of job does. An unknown kind keeps its identifier.
func jobName(b page.Base, kind string) string {
	if key := "jobs.kind." + kind; b.L.Has(key) {
		return b.T(key)
	}
	return kind
}

// jobAct returns the handler of an act on a job.
func (h *Handler) jobAct(do func(merchant.Staff, context.Context, string) error, confirmation string) action {
	return func(c *fiber.Ctx, s merchant.Staff) error {
		id, err := gate.Param(c, "id")
		if err != nil {
			return err
		}
		err = do(s, c.UserContext(), id)
		switch {
		case page.Refused(err):
			return h.showJobs(c, s, err)
		case err != nil:
			return err
		}
		return done(c, jobsPath, confirmation)
	}
}

package shopper

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/audit"
	"postern/portal/staff"
	"postern/portal/web/page"
)

// activityLine is one act of the shop on the customer's account: what it did, when and in which role, and
// why. The person is named only if the shop wants that.
type activityLine struct{ Text, By, Reason string }

// actsOnPage is the number of acts on a page.
const actsOnPage = 5

// addActivity adds what the shop did to the account, newest first.
func (p *privacyPage) addActivity(c *fiber.Ctx, s portal.Shopper) error {
	found, err := s.Activity(c.UserContext(), c.Query("cursor"), actsOnPage)
	if err != nil {
		return err
	}
	for _, act := range found.Entries {
		p.Activity = append(p.Activity, p.activityLine(act, found.Names[act.Actor.ID]))
	}
	p.Pager = p.Base.Pager(activityPath(found.Previous), activityPath(found.Next))
	return nil
}

func activityPath(cursor string) string {
	if cursor == "" {
		return ""
	}
	return withQuery(privacyPath, "cursor", cursor) + "#activity"
}

func (p *privacyPage) activityLine(act audit.Detail, name string) activityLine {
	number := ""
	for _, change := range act.Changes {
		if change.Field == audit.FieldOrder {
			number = cmp.Or(change.Before, change.After)
		}
	}
	line := activityLine{
		Text: p.T("activity."+string(act.Kind), "Fields", changedFields(p.Base, act), "Number", number),
		By:   p.T("activity.by."+string(act.Actor.Kind), "When", act.At),
	}
	if act.Actor.Kind == audit.Staff {
		line.By = byStaff(p.Base, act.At, act.Actor.Role, name)
	}
	if act.Reason != "" {
		line.Reason = p.T("activity.reason", "Reason", act.Reason)
	}
	return line
}

// byStaff says when somebody of the staff acted and in which role. name is "" unless the shop shows names.
func byStaff(b page.Base, at time.Time, role, name string) string {
	if staff.IsRole(role) {
		role = b.T("staff.role." + role)
	}
	if name == "" {
		return b.T("activity.by.staff", "When", at, "Role", role)
	}
	return b.T("activity.by.staff_named", "When", at, "Role", role, "Name", name)
}

// changedFields names the fields that an act changed. The fields of the company and of addresses are named
// once.
func changedFields(b page.Base, act audit.Detail) string {
	var names []string
	for _, change := range act.Changes {
		group, _, _ := strings.Cut(change.Field, ".")
		if key := "activity.field." + group; b.L.Has(key) && !slices.Contains(names, b.T(key)) {
			names = append(names, b.T(key))
		}
	}
	return strings.Join(names, ", ")
}

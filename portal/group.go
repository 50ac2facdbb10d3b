package portal

import (
	"context"

	"postern/portal/audit"
	"postern/portal/customer"
	"postern/portal/group"
	"postern/portal/job"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

func (w Worker) groupJobs() job.Source {
	return job.Documents[group.Groups]{
		Collection: group.Collection(),
		Open:       func(shop string) storage.Docs[group.Groups] { return group.Docs(w.app.engine, shop) },
		List:       func(all *group.Groups) *job.List { return &all.Work },
		Settle:     func(all *group.Groups) { all.Settle(w.app.now()) },
		Kinds:      map[string]job.Kind[group.Groups]{audit.KindRecord: recordsActs[group.Groups](w.app)},
	}
}

// groupData is a membership in a customer's download.
type groupData struct {
	Name   string `json:"name"`
	Since  string `json:"since"`
	Reason string `json:"reason,omitzero"`
}

// addGroups adds the groups that the customer belongs to.
func (s Shopper) addGroups(ctx context.Context, data *personData) error {
	data.Groups = []groupData{}
	read, err := group.Docs(s.app.engine, s.shop.ID).Read(ctx, group.Key)
	for _, m := range s.customer.Groups {
		if name := read.Doc.NameOf(m.Group); name != "" {
			data.Groups = append(data.Groups, groupData{Name: name, Since: order.Moment(&m.At), Reason: m.Reason})
		}
	}
	return err
}

// GroupChange puts a customer into a group or takes them out of it, as part of an act.
type GroupChange struct {
	Group  string
	Member bool
	Act    audit.Act
}

// ChangeGroup changes one membership of a customer. A group that does not exist is a field error at "group"
// for those who would join it.
func ChangeGroup(ctx context.Context, a *App, s shop.Shop, c *customer.Customer, change GroupChange) error {
	if !change.Member {
		c.Leave(change.Group)
		return nil
	}
	read, err := group.Docs(a.engine, s.ID).Read(ctx, group.Key)
	if err != nil {
		return err
	}
	if _, found := read.Doc.ByID(change.Group); !found {
		return validate.InvalidFields([]validate.FieldError{{Field: "group", Key: "group.gone"}})
	}
	return c.Join(customer.Membership{Group: change.Group, At: change.Act.At, By: change.Act.Actor.String(),
		Reason: change.Act.Reason})
}

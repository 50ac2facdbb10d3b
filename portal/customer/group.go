package customer

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"postern/portal/audit"
	"postern/portal/validate"
)

// Membership says that the customer belongs to a group, since when, by whom and why.
type Membership struct {
	Group   string    `bson:"group" json:"-"`
	At      time.Time `bson:"at" json:"at"`
	By      string    `bson:"by" json:"by,omitzero"` // in the form of audit.Actor
	Reason  string    `bson:"reason,omitempty" json:"reason,omitzero"`
	Rule    string    `bson:"rule,omitempty" json:"rule,omitzero"` // that put the customer in, "" for a person
	Version string    `bson:"version,omitempty" json:"version,omitzero"`
}

// MaxGroups is how many groups a customer can belong to.
const MaxGroups = 100

// fieldGroups begins the names of the fields of memberships: "groups." and the group's id.
const fieldGroups = "groups."

// Membership returns the customer's membership in a group.
func (c Customer) Membership(group string) (Membership, bool) {
	if at, found := c.groupAt(group); found {
		return c.Groups[at], true
	}
	return Membership{}, false
}

func (c Customer) groupAt(group string) (int, bool) {
	return slices.BinarySearchFunc(c.Groups, group, func(m Membership,
		id string) int {
		return cmpText(m.Group, id)
	})
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Join makes the customer a member of a group. Whoever is one already stays one since then.
func (c *Customer) Join(m Membership) error {
	at, found := c.groupAt(m.Group)
	switch {
	case found:
		return nil
	case len(c.Groups) >= MaxGroups:
		return validate.NewError(validate.Conflict, "group.too_many_groups")
	}
	m.At = m.At.UTC().Truncate(time.Millisecond)
	c.Groups = slices.Insert(slices.Clone(c.Groups), at, m)
	return nil
}

// Leave ends the customer's membership in a group.
func (c *Customer) Leave(group string) {
	at, found := c.groupAt(group)
	if !found {
		return
	}
	if c.Groups = slices.Delete(slices.Clone(c.Groups), at, at+1); len(c.Groups) == 0 {
		c.Groups = nil
	}
}

// membershipText returns the value of a membership's field.
func membershipText(m Membership) string {
	text, err := json.Marshal(m)
	if err != nil { // texts and times always have a form in JSON
		return m.Group
	}
	return string(text)
}

// setMembership gives the field of a membership a value that membershipText returned, "" for none.
func (c *Customer) setMembership(group, value string) error {
	c.Leave(group)
	if value == "" {
		return nil
	}
	m := Membership{}
	if err := json.Unmarshal([]byte(value), &m); err != nil {
		return err
	}
	m.Group = group
	return c.Join(m)
}

// groupIDs returns the ids of the customer's groups.
func (c Customer) groupIDs() []string {
	var ids []string
	for _, m := range c.Groups {
		ids = append(ids, m.Group)
	}
	return ids
}

// ShownChanges returns changes as the customer may read them: without the ids of the people who work for the
// shop.
func ShownChanges(changes []audit.Change) []audit.Change {
	shown := slices.Clone(changes)
	for i, change := range shown {
		if strings.HasPrefix(change.Field, fieldGroups) {
			shown[i].Before, shown[i].After = withoutPerson(change.Before), withoutPerson(change.After)
		}
	}
	return shown
}

func withoutPerson(membership string) string {
	var m Membership
	if json.Unmarshal([]byte(membership), &m) != nil {
		return ""
	}
	m.By = ""
	return membershipText(m)
}

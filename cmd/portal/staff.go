package main

import (
	"context"
	"time"

	"postern/portal"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/validate"
)

// staffGroup holds the subcommands for the people who work for a shop.
type staffGroup struct {
	Invite      staffInvite      `cmd:"" help:"Invite a person to the shop's pages for staff."`
	List        staffList        `cmd:"" help:"List the staff with their roles."`
	Role        staffRole        `cmd:"" help:"Change a person's role."`
	ResetFactor staffResetFactor `cmd:"" name:"reset-factor" help:"Let a person who lost the authenticator app set up a new one."`
	Remove      staffRemove      `cmd:"" help:"Remove a person from the staff at once."`
}

// staffArg names one person of a shop's staff.
type staffArg struct {
	storeFlag
	shopFlag
	Email string `arg:"" help:"The person's email."`
}

// use calls do with the shop, and explains that nobody has the email.
func (a staffArg) use(ctx context.Context, do func(portal.Operator, shop.Shop) error) error {
	return a.storeFlag.use(ctx, func(operator portal.Operator) error {
		shop, err := a.pick(ctx, operator)
		if err != nil {
			return err
		}
		err = do(operator, shop)
		switch {
		case validate.KindOf(err) == validate.NotFound:
			return failf("Nobody on the staff of shop %s has the email %q; \"portal staff list\" lists them.", shop.ID,
				a.Email)
		case validate.KeyOf(err) == "staff.last_owner":
			return failf("%s is the only owner who can sign in. Make another person owner first, and have them set up "+
				"their sign-in.", a.Email)
		}
		return err
	})
}

// staffInvite invites a person.
type staffInvite struct {
	staffArg
	Role string `setting:"staff-role" help:"What the person may do: owner, manager, support or viewer." default:"viewer" placeholder:"ROLE"`
}

// Help implements kong.HelpProvider.
func (staffInvite) Help() string {
	return `The person gets an invitation by email, which is valid for seven days and contains no secret. The command prints a one-time code. Give it to the person in another way, such as by phone: it is needed once, to set up the authenticator app.

  portal staff invite jana@shop.example --role owner

Roles:
  owner     everything, including the staff
  manager   everything but the staff
  support   customers and their requests
  viewer    can look, cannot change anything`
}

// Run prints only the code on standard output.
func (c staffInvite) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator, shop shop.Shop) error {
		code, err := operator.InviteStaff(ctx, shop.ID, c.Email, c.Role)
		if validate.KeyOf(err) == "staff.exists" {
			return failf("%s is already on the staff of shop %s. Use \"portal staff role\" or \"portal staff "+
				"reset-factor\" instead.", c.Email, shop.ID)
		}
		if err != nil {
			return err
		}
		w.say("%s", code)
		w.note("This is the one-time code for %s. It cannot be shown again and is valid for seven days.", c.Email)
		w.note("The invitation by email leads to %s", shop.URL("/admin/sign-in"))
		return nil
	})
}

// staffList lists the staff.
type staffList struct {
	storeFlag
	shopFlag
	JSON bool `name:"json" help:"Print JSON for programs." setting:"json"`
}

// Run lists the staff.
func (c staffList) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator) error {
		shop, err := c.pick(ctx, operator)
		if err != nil {
			return err
		}
		members, err := operator.Staff(ctx, shop.ID)
		if err != nil {
			return err
		}
		t := table{head: []string{"EMAIL", "ROLE", "STATE", "INVITED"}}
		for _, m := range members {
			t.add(m.Email, string(m.Role), staffState(m, time.Now()), m.InvitedAt.UTC().Format(time.RFC3339))
		}
		return t.print(w, c.JSON)
	})
}

func staffState(m staff.Member, now time.Time) string {
	switch {
	case m.IsEnrolled():
		return "active"
	case m.HasExpired(now):
		return "expired"
	}
	return "invited"
}

// staffRole changes a role.
type staffRole struct {
	staffArg
	Role string `arg:"" help:"owner, manager, support or viewer."`
}

// Run changes the role.
func (c staffRole) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator, shop shop.Shop) error {
		err := operator.SetStaffRole(ctx, shop.ID, c.Email, c.Role)
		if err == nil {
			w.say("%s now has the role %s in shop %s and has been signed out.", c.Email, c.Role, shop.ID)
		}
		return err
	})
}

// staffResetFactor makes a person enrol again.
type staffResetFactor struct{ staffArg }

// Help implements kong.HelpProvider.
func (staffResetFactor) Help() string {
	return `For a person who lost the authenticator app and the recovery codes. Ends all their sessions, and prints a one-time code with which they set up a new app. Make sure that you speak with the right person.`
}

// Run prints only the code on standard output.
func (c staffResetFactor) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator, shop shop.Shop) error {
		code, err := operator.ResetStaffFactor(ctx, shop.ID, c.Email)
		if err != nil {
			return err
		}
		w.say("%s", code)
		w.note("This is the one-time code for %s. It cannot be shown again and is valid for seven days.", c.Email)
		return nil
	})
}

// staffRemove removes a person.
type staffRemove struct{ staffArg }

// Run removes the person.
func (c staffRemove) Run(ctx context.Context, w *environment) error {
	return c.use(ctx, func(operator portal.Operator, shop shop.Shop) error {
		err := operator.RemoveStaff(ctx, shop.ID, c.Email)
		if err == nil {
			w.say("Removed %s from the staff of shop %s.", c.Email, shop.ID)
		}
		return err
	})
}

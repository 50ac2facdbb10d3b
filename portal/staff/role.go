// Package staff holds the people who work for a shop: the roster with their roles, and for each person
// everything that lets them in: links, codes, sessions, factors and recovery codes. The roster is one
// document, so that its rules, such as the last owner's, are decided by a single write.
//
// It must not know how emails are sent, what a page shows, or which use cases a permission allows.
package staff

import "slices"

// Role is what a person may do in the shop.
type Role string

// The roles.
const (
	Owner   Role = "owner"
	Manager Role = "manager"
	Support Role = "support"
	Viewer  Role = "viewer"
)

// Roles lists all roles, the one that may do most first.
func Roles() []Role { return []Role{Owner, Manager, Support, Viewer} }

// IsRole reports whether there is such a role.
func IsRole(text string) bool { return slices.Contains(Roles(), Role(text)) }

// Permission is what a route requires. A route without one is open to nobody.
type Permission string

// The permissions.
const (
	PermissionHome     Permission = "home"     // the start page
	PermissionSecurity Permission = "security" // one's own sessions, factors and recovery codes
	PermissionStaff    Permission = "staff"    // the people, their roles and their sessions
	PermissionLog      Permission = "log"      // of all acts on customers and staff
	PermissionJobs     Permission = "jobs"     // to see failed background jobs, to retry and dismiss them
	PermissionKeys     Permission = "keys"     // the API keys

	PermissionCustomers     Permission = "customers"       // to read the customers with all that is known of them
	PermissionEditCustomers Permission = "customers.edit"  // to change them, and to undo it
	PermissionBulk          Permission = "customers.bulk"  // to change many of them at once, and to export them
	PermissionGroups        Permission = "groups"          // to create, rename and delete groups of customers
	PermissionErase         Permission = "customers.erase" // to delete their accounts
	PermissionShareViews    Permission = "views.share"     // to share views of the list, and to change shared ones
	PermissionOpenViews     Permission = "views.open"      // to choose with which view the list of a role opens
	PermissionMerge         Permission = "customers.merge" // to make one account of two, and to undo it

	// To see the pages of a customer as the customer does, and to change there what is open to staff.
	PermissionImpersonate      Permission = "customers.impersonate"
	PermissionImpersonateWrite Permission = "customers.impersonate.write"
)

// May reports whether the role has a permission. This is the only table of roles and permissions.
func (r Role) May(p Permission) bool {
	switch p {
	case PermissionHome, PermissionSecurity, PermissionCustomers:
		return slices.Contains(Roles(), r)
	case PermissionEditCustomers, PermissionImpersonate:
		return r != Viewer && IsRole(string(r))
	case PermissionLog, PermissionJobs, PermissionGroups, PermissionBulk, PermissionErase, PermissionShareViews,
		PermissionMerge, PermissionImpersonateWrite:
		return r == Owner || r == Manager
	case PermissionStaff, PermissionKeys, PermissionOpenViews:
		return r == Owner
	}
	return false
}

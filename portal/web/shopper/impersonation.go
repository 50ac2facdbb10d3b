package shopper

import (
	"postern/portal"
	"postern/portal/web/page"
)

// endImpersonationPath is the form that ends the sign-in of staff as a customer. It is a page of staff.
const endImpersonationPath = "/admin/sign-out-as"

// impersonatedArea returns the frame of the pages of staff who are signed in as a customer: the pages that are
// open to them, and no way to sign out the customer.
func impersonatedArea() *page.Area {
	area := Area()
	area.Name, area.SignOut, area.Language, area.Menu = "impersonated", "", "", nil
	return area
}

// asBanner returns what every page says to staff who are signed in as the customer.
func asBanner(b page.Base, by portal.Impersonation) *page.AsBanner {
	key := "impersonation.banner.read"
	if by.Write {
		key = "impersonation.banner.write"
	}
	return &page.AsBanner{Name: b.T("impersonation.banner", "Name", b.DisplayName),
		Short: b.T("impersonation.banner.short", "Name", b.DisplayName),
		Text:  b.T(key, "When", b.L.Clock(by.Until)), End: endImpersonationPath, Write: by.Write}
}

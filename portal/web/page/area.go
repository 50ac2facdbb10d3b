package page

// Area is a part of the site with a navigation and an account menu of its own, such as the customers' pages.
type Area struct {
	Name     string // unique
	Home     string // path of the first page
	Nav      []NavItem
	Menu     []NavItem // of the account, before the link to the storefront
	SignOut  string    // path of the form that signs out
	Language string    // path of the form that saves the language
	SignIn   string    // path of the sign-in
	Side     bool      // the navigation is at the side and the page uses the full width
	Search   string    // path of the list that the search field in the head opens, "" for none
	Role     string    // key of the role that the head shows, "" for none
	Start    []NavItem // where an error page leads a signed-in person, the best first; nil for Home
}

// NavItem is a link of the navigation or the account menu.
type NavItem struct {
	ID   string // for Base.Nav
	Path string
	Key  string // of the label
	Icon string // beside the label, in a navigation at the side
	News bool   // marked while there is something in Base.Unread
}

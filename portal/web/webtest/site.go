package webtest

import (
	"net/netip"

	"postern/mail"
	"postern/portal/web"
	"postern/templates/i18n"
)

// site returns the installation's site.
func (i *Installation) site() *web.Site {
	i.t.Helper()
	site, err := web.New(web.Config{
		App: i.App, Log: i.Log.Logger(),
		Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	if err != nil {
		i.t.Fatalf("build the site: %v", err)
	}
	return site
}

// composer composes the installation's emails as in production.
func (i *Installation) composer() mail.Composer {
	i.t.Helper()
	catalogue, err := i18n.Load()
	if err != nil {
		i.t.Fatalf("read the catalogues: %v", err)
	}
	renderer, err := mail.LoadRenderer()
	if err != nil {
		i.t.Fatalf("read the mail layouts: %v", err)
	}
	return i.worker.Composer(catalogue, renderer)
}

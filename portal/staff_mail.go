package portal

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"postern/mail"
	"postern/portal/audit"
	"postern/portal/credential"
	"postern/portal/job"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/view"
	"postern/storage"
	"postern/templates/i18n"
)

// The kinds of the emails to staff.
const (
	mailStaffSignIn = "staff_sign_in"
	mailStaffNotice = "staff_notice"
)

const (
	staffMailsADay  = 30
	eventEnrolled   = "enrolled"
	eventNewDevice  = "new_device"
	toOwners        = "_owner" // ends the event of an email to the owners
	payStaffDevice  = "device"
	payStaffNetwork = "network"
)

func (w Worker) rosterJobs() job.Source {
	return job.Documents[staff.Roster]{
		Collection: staff.RosterCollection(),
		Open:       func(shop string) storage.Docs[staff.Roster] { return staff.RosterDocs(w.app.engine, shop) },
		List:       func(r *staff.Roster) *job.List { return &r.Work },
		Kinds: map[string]job.Kind[staff.Roster]{
			staff.KindTell:   {Do: inShop(w.app, w.tellOfRoster)},
			audit.KindRecord: recordsActs[staff.Roster](w.app),
		},
	}
}

func (w Worker) accessJobs() job.Source {
	return job.Documents[staff.Access]{
		Collection: staff.AccessCollection(),
		Open:       func(shop string) storage.Docs[staff.Access] { return staff.AccessDocs(w.app.engine, shop) },
		List:       func(a *staff.Access) *job.List { return &a.Work },
		Kinds: map[string]job.Kind[staff.Access]{
			staff.KindEnrolled:  {Do: inShop(w.app, w.tellOfEnrolment)},
			staff.KindNewDevice: {Do: inShop(w.app, w.tellOfDevice)},
			staff.KindFactor:    {Do: inShop(w.app, w.tellOfFactor)},
			audit.KindRecord:    recordsActs[staff.Access](w.app),
		},
	}
}

// tellOfRoster posts the emails about an act on the roster: to the person, and to the owners if it concerns
// who can sign in. The access of a removed person is deleted, with the views.
func (w Worker) tellOfRoster(ctx context.Context, shop shop.Shop,
	t job.Task[staff.Roster]) (job.Finish[staff.Roster], error) {
	args := t.Job.Args
	event := args[staff.ArgEvent]
	if event == staff.EventRemoved {
		if _, back := t.Doc.ByID(args[staff.ArgMember]); !back {
			if err := w.forgetMember(ctx, shop, args[staff.ArgMember]); err != nil {
				return nil, err
			}
		}
	}
	err := w.postStaff(ctx, shop, t.Job.ID, event, []string{args[staff.ArgEmail]}, args)
	if err == nil {
		err = w.postStaff(ctx, shop, t.Job.ID, event+toOwners, others(t.Doc.Owners(), args[staff.ArgEmail]), args)
	}
	return nil, err
}

// forgetMember deletes what is kept of a removed person: the access and the own views.
func (w Worker) forgetMember(ctx context.Context, shop shop.Shop, id string) error {
	if err := w.removeAccess(ctx, shop.ID, id); err != nil {
		return err
	}
	return remove(ctx, view.Docs(w.app.engine, shop.ID), view.OwnKey(id))
}

// removeAccess deletes everything that let a person in, with the passkeys. Acts that the document still carries
// are recorded first.
func (w Worker) removeAccess(ctx context.Context, shop, id string) error {
	docs := staff.AccessDocs(w.app.engine, shop)
	doc, _, err := docs.Get(ctx, id)
	if err != nil {
		return ifFound(err)
	}
	if err := w.app.recordPending(ctx, shop, doc.Work); err != nil {
		return err
	}
	return remove(ctx, docs, id)
}

// tellOfEnrolment marks a person as enrolled and tells all owners.
func (w Worker) tellOfEnrolment(ctx context.Context, shop shop.Shop,
	t job.Task[staff.Access]) (job.Finish[staff.Access], error) {
	factors, err := strconv.Atoi(t.Job.Args[staff.ArgFactors])
	if err != nil {
		return nil, err
	}
	roster, err := staff.RosterDocs(w.app.engine, shop.ID).Change(ctx, staff.RosterKey,
		func(r *staff.Roster) error { return r.Enrolled(t.Key, factors, t.Job.At) })
	if err != nil {
		return nil, ifFound(err)
	}
	args := job.Args{staff.ArgEmail: t.Doc.Email}
	if m, found := roster.ByID(t.Key); found {
		args[staff.ArgRole] = string(m.Role)
	}
	err = w.postStaff(ctx, shop, t.Job.ID, eventEnrolled, []string{t.Doc.Email}, args)
	if err == nil {
		err = w.postStaff(ctx, shop, t.Job.ID, eventEnrolled+toOwners, others(roster.Owners(), t.Doc.Email), args)
	}
	return nil, err
}

// tellOfDevice posts the notice of a sign-in from a browser that is not known.
func (w Worker) tellOfDevice(ctx context.Context, shop shop.Shop,
	t job.Task[staff.Access]) (job.Finish[staff.Access], error) {
	return nil, w.postStaff(ctx, shop, t.Job.ID, eventNewDevice, []string{t.Doc.Email}, t.Job.Args)
}

// tellOfFactor posts the notice that a factor or the recovery codes changed. Of passkeys, the owners are told,
// too.
func (w Worker) tellOfFactor(ctx context.Context, shop shop.Shop,
	t job.Task[staff.Access]) (job.Finish[staff.Access], error) {
	args := maps.Clone(t.Job.Args)
	args[staff.ArgEmail] = t.Doc.Email
	what := args[staff.ArgWhat]
	err := w.postStaff(ctx, shop, t.Job.ID, what, []string{t.Doc.Email}, args)
	if err != nil || args[staff.ArgPasskey] == "" {
		return nil, err
	}
	roster, _, err := staff.RosterDocs(w.app.engine, shop.ID).Get(ctx, staff.RosterKey)
	if err != nil {
		return nil, ifFound(err)
	}
	return nil, w.postStaff(ctx, shop, t.Job.ID, what+toOwners, others(roster.Owners(), t.Doc.Email), args)
}

// others returns the emails of the members but one.
func others(members []staff.Member, email string) []string {
	var to []string
	for _, m := range members {
		if m.Email != email {
			to = append(to, m.Email)
		}
	}
	return to
}

// postStaff posts one email about an event to each address. Repeating it posts nothing more.
func (w Worker) postStaff(ctx context.Context, shop shop.Shop, id, event string, to []string,
	args job.Args) error {
	now := w.app.now()
	for _, email := range to {
		key := "staff-" + id + "-" + w.app.secret.ID(shop.ID, "staff-notice", event, email)
		if err := w.post(ctx, shop, key, mail.Entry{
			Kind: mailStaffNotice, To: email, CreatedAt: now,
			Payload: map[string]string{
				staff.ArgEvent: event, staff.ArgEmail: args[staff.ArgEmail], staff.ArgRole: args[staff.ArgRole],
				staff.ArgBy: args[staff.ArgBy], payStaffDevice: args[staff.ArgDevice],
				payStaffNetwork: args[staff.ArgNetwork], staff.ArgPasskey: args[staff.ArgPasskey],
				credential.PayAt: now.Format(time.RFC3339),
			},
		}); err != nil {
			return err
		}
	}
	return nil
}

// composeStaffNotice writes the email about an event.
func (w Worker) composeStaffNotice(_ context.Context, shop shop.Shop, _ string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	return recipientOf(e), func(l *i18n.Localizer) mail.Letter {
		event := e.Payload[staff.ArgEvent]
		role := ""
		if staff.IsRole(e.Payload[staff.ArgRole]) {
			role = l.T("staff.role." + e.Payload[staff.ArgRole])
		}
		letter := shop.Letter(l, "mail.staff."+event, "Email", e.Payload[staff.ArgEmail], "Role", role)
		letter.Details = []string{l.T("mail.staff.when", "When", l.DateTime(happened(e)))}
		if by := e.Payload[staff.ArgBy]; by != "" {
			letter.Details = append(letter.Details, l.T("mail.staff.by", "By", by))
		}
		if name := e.Payload[staff.ArgPasskey]; name != "" {
			letter.Details = append(letter.Details, l.T("mail.staff.passkey", "Name", name))
		}
		if device := e.Payload[payStaffDevice]; device != "" {
			letter.Details = append(letter.Details, l.T("mail.sign_in_notice.device", "Device", device))
		}
		if network := e.Payload[payStaffNetwork]; network != "" {
			letter.Details = append(letter.Details, l.T("mail.sign_in_notice.network", "Network", network))
		}
		path, label := "/admin/sign-in", "mail.staff.sign_in"
		switch event {
		case staff.EventRemoved:
			return letter
		case eventNewDevice, staff.RecoveryUsed, staff.RecoveryRenewed, staff.PasskeyAdded, staff.PasskeyRemoved,
			staff.PasskeyCopied:
			path, label = "/admin/security", "mail.staff.security"
		case staff.EventInvited + toOwners, staff.EventRole + toOwners, staff.EventReset + toOwners,
			staff.EventRemoved + toOwners, eventEnrolled + toOwners, staff.PasskeyAdded + toOwners,
			staff.PasskeyRemoved + toOwners, staff.PasskeyCopied + toOwners:
			path, label = "/admin/staff", "mail.staff.roster"
		}
		letter.Button = &mail.Button{Label: l.T(label), URL: shop.URL(path)}
		return letter
	}, nil
}

// recipientOf returns the recipient of an email to a person who is no customer.
func recipientOf(e mail.Entry) shop.Recipient { return shop.Recipient{Email: e.To} }

// composeStaffSignIn creates the secrets of a sign-in email and stores their hashes. It drops emails to
// addresses that are not on the roster, to people whose invitation has expired, and what is over the limits.
func (w Worker) composeStaffSignIn(ctx context.Context, shop shop.Shop, entry string,
	e mail.Entry) (shop.Recipient, letterWriter, error) {
	to, now := recipientOf(e), w.app.now()
	roster, _, err := staff.RosterDocs(w.app.engine, shop.ID).Get(ctx, staff.RosterKey)
	if ifFound(err) != nil {
		return to, nil, err
	}
	m, found := roster.ByEmail(e.To)
	if !found || e.Throttled || m.HasExpired(now) || now.Sub(e.CreatedAt) >= staff.SignInMailLife {
		return to, nil, mail.ErrDrop
	}
	if err := w.allowStaff(ctx, shop, m, e); err != nil {
		return to, nil, err
	}
	t := staff.NewToken(m.ID)
	request := credential.Request{
		ID: storage.NewID(), Link: t.Hash(), Browser: e.Payload[payBrowser], MadeAt: now,
		Until: now.Add(staff.LinkLife), Entry: entry, Lang: e.Lang, Destination: e.Payload[payDestination],
	}
	offer := signInOffer{life: staff.LinkLife, link: shop.URL("/admin/sign-in/link/" + t.String())}
	if now.Sub(e.CreatedAt) < credential.CodeLife && request.Browser != "" {
		tried, _, err := w.app.countTry(ctx, triesOfStaffCode(shop.ID, m.Email, request.Browser), 0)
		if err != nil {
			return to, nil, err
		}
		offer.code = credential.NewCode()
		request.Code, request.CodeUntil, request.Mark = credential.CodeHash(request.ID, offer.code),
			now.Add(credential.CodeLife), tried.Mark()
	}
	linked := false
	_, err = staff.AccessDocs(w.app.engine, shop.ID).Put(ctx, m.ID, func(a *staff.Access, _ bool) error {
		a.Email, a.Links.Email = m.Email, m.Email
		a.Prune(m, now)
		if !e.Unsure {
			a.Links.RemoveRequest(entry)
		}
		linked = a.Links.AddRequest(request)
		return nil
	})
	if !linked {
		offer.link = ""
	}
	if err == nil && offer.link == "" && offer.code == "" {
		err = mail.ErrDrop // the five earlier links still work
	}
	return to, func(l *i18n.Localizer) mail.Letter { return offer.staffLetter(shop, l, e) }, err
}

// allowStaff counts an email against the daily limit of its address and drops it if that is used up, unless
// it was requested from a browser that has signed in there before. Part of the daily limit is reserved for
// such browsers, so that a stranger cannot keep a person out.
func (w Worker) allowStaff(ctx context.Context, shop shop.Shop, m staff.Member, e mail.Entry) error {
	if e.Attempts > 0 {
		return nil // was counted
	}
	if e.Payload[payReserve] == "" {
		over, err := w.overStaffLimit(ctx, shop, m, "staff-mail-day")
		if err != nil || !over {
			return err
		}
	}
	doc, _, err := staff.AccessDocs(w.app.engine, shop.ID).Get(ctx, m.ID)
	if ifFound(err) != nil {
		return err
	}
	if !slices.ContainsFunc(doc.Links.Browsers, func(b credential.KnownBrowser) bool {
		return credential.SameHash(b.Hash, e.Payload[payBrowser])
	}) {
		return mail.ErrDrop
	}
	over, err := w.overStaffLimit(ctx, shop, m, "staff-reserve-day")
	if err == nil && over {
		err = mail.ErrDrop
	}
	return err
}

func (w Worker) overStaffLimit(ctx context.Context, shop shop.Shop, m staff.Member, label string) (bool,
	error) {
	over, err := w.app.exceeded(ctx, []subjectLimit{
		w.app.limitOf(shop.ID, label, limit(staffMailsADay, 24*time.Hour), m.Email),
	})
	return err == nil && over[0], err
}

// staffLetter writes the sign-in email to a member of staff.
func (o signInOffer) staffLetter(shop shop.Shop, l *i18n.Localizer, e mail.Entry) mail.Letter {
	letter := o.letter(shop, l, e)
	letter.Subject = l.T("mail.staff.sign_in.subject", "Shop", shop.Name)
	letter.Heading = l.T("mail.staff.sign_in.heading", "Shop", shop.Name)
	letter.Notes = []string{l.T("mail.staff.sign_in.not_you")}
	return letter
}

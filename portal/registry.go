package portal

import (
	"context"
	"slices"

	"postern/mail"
	"postern/portal/audit"
	"postern/portal/batch"
	"postern/portal/board"
	"postern/portal/cart"
	"postern/portal/credential"
	"postern/portal/customer"
	"postern/portal/event"
	"postern/portal/group"
	"postern/portal/identifier"
	"postern/portal/inquiry"
	"postern/portal/job"
	"postern/portal/note"
	"postern/portal/order"
	"postern/portal/shop"
	"postern/portal/staff"
	"postern/portal/view"
	"postern/portal/voucher"
	"postern/portal/withdrawal"
	"postern/storage"
	"postern/templates/i18n"
)

// letterWriter writes a letter in one language.
type letterWriter func(*i18n.Localizer) mail.Letter

// composer prepares an email from its outbox entry: its recipient, and what writes its letter.
type composer func(ctx context.Context, s shop.Shop, entry string, e mail.Entry) (shop.Recipient,
	letterWriter, error)

// declaration is what a collection declares: its jobs, its emails, and what it keeps of a person. Only
// declared collections are opened, so no collection can forget a person's rights.
type declaration struct {
	storage.Collection
	jobs    job.Source          // nil for none
	letters map[string]composer // by the kind of the outbox entry
	personal
}

// personal declares what a collection keeps of a person: nothing, or what happens to it when an account is
// deleted (Art. 17 GDPR) and what a download contains (Art. 15 and 20 GDPR).
type personal struct {
	nothing string // the reason, for a collection with nothing personal; the other fields are then empty

	erase func(context.Context, shop.Shop, customer.Customer) error // each must be repeatable from its start
	kept  string                                                    // without erase: why it stays, and for how long

	person   func(Shopper, context.Context, *personData) error // adds to the member "person" of the download
	list     *downloadList                                     // a member of its own in the download
	withheld string                                            // without either: why the download leaves it out
}

// declarations returns those of all collections, in the order in which an account is deleted: the customer's
// document last, so that a deletion that stops anywhere goes on.
func (w Worker) declarations() []declaration {
	return slices.Concat(w.orderDeclarations(), w.shoppingDeclarations(), w.customerDeclarations(),
		w.staffDeclarations(),
		w.otherDeclarations())
}

// orderDeclarations returns those of the orders and of what customers send about them.
func (w Worker) orderDeclarations() []declaration {
	const counted = "ids of customers, deleted seconds later when their orders are counted"
	return []declaration{
		{
			Collection: order.Collection(), jobs: w.orderJobs(),
			letters:  map[string]composer{mailFirstOrder: w.composeOrderEmail, mailOrder: w.composeOrderEmail},
			personal: personal{erase: w.eraseOrders, list: &downloadList{"orders", (*export).orders}},
		},
		{
			Collection: inquiry.Collection(), jobs: w.inquiryJobs(),
			letters: map[string]composer{
				mailInquiryTold: w.composeInquiry, mailInquiryReceipt: w.composeInquiry,
				mailAnswer: w.composeAnswer, mailRequestDecided: w.composeAnswer,
			},
			personal: personal{erase: w.eraseInquiries, person: Shopper.addInquiries},
		},
		{
			Collection: inquiry.PhotoCollection(),
			personal:   personal{erase: w.erasePhotos, list: &downloadList{"photos", (*export).photos}},
		},
		{
			Collection: withdrawal.Collection(), jobs: w.withdrawalJobs(),
			letters: map[string]composer{
				mailWithdrawalReceipt: w.composeWithdrawal, mailWithdrawalTold: w.composeWithdrawal,
				mailWithdrawalDecided: w.composeWithdrawalDecided,
			},
			personal: personal{
				kept: "a legal statement, kept as proof until its period has ended",
				list: &downloadList{"withdrawals", (*export).withdrawals},
			},
		},
		{
			Collection: order.CountsCollection(),
			personal:   personal{erase: w.eraseCounts, withheld: "counted from the orders"},
		},
		{
			Collection: order.CountRequestsCollection(), jobs: w.countJobs(),
			personal: personal{kept: counted, withheld: counted},
		},
	}
}

// shoppingDeclarations returns those of what the shop's system says about a customer's shopping.
func (w Worker) shoppingDeclarations() []declaration {
	return []declaration{
		{
			Collection: voucher.Collection(), jobs: w.voucherJobs(),
			personal: personal{erase: w.eraseVouchers, list: &downloadList{"vouchers", (*export).vouchers}},
		},
		{
			Collection: voucher.RedemptionCollection(),
			personal: personal{erase: w.eraseRedemptions,
				list: &downloadList{"voucher_uses", (*export).redemptions}},
		},
		{
			Collection: cart.Collection(), jobs: w.cartJobs(),
			personal: personal{erase: w.eraseCart, person: Shopper.addCart},
		},
		{
			Collection: event.Collection(), jobs: w.eventJobs(),
			personal: personal{erase: w.eraseEvents, list: &downloadList{"events", (*export).events}},
		},
	}
}

// customerDeclarations returns those of the customer, and of what leads and lets somebody in to the account.
func (w Worker) customerDeclarations() []declaration {
	return []declaration{
		{
			Collection: mail.Collection(),
			personal:   personal{erase: w.eraseEmails, withheld: "the emails are in the customer's mailbox"},
		},
		{
			Collection: identifier.Collection(),
			personal: personal{
				erase: w.eraseIdentifiers, withheld: "the emails and the id are in the customer's document, too",
			},
		},
		{
			Collection: batch.PartCollection(),
			personal: personal{erase: w.eraseParts,
				withheld: "files that staff export, deleted after a week; all in them is in the download, too"},
		},
		{
			Collection: credential.Collection(), jobs: w.credentialJobs(),
			letters: map[string]composer{
				mailSignIn: w.composeSignIn, mailEmailCode: w.composeEmailCode,
				credential.MailSignInNotice: w.composeSignInNotice, credential.MailStepUp: w.composeStepUp,
			},
			personal: personal{erase: w.eraseCredentials, person: Shopper.addSessions},
		},
		{
			Collection: note.Collection(), jobs: w.noteJobs(),
			personal: personal{erase: w.eraseNotes, list: &downloadList{"notes_of_the_shop", (*export).notes}},
		},
		{
			Collection: audit.DetailCollection(),
			personal:   personal{erase: w.eraseActs, list: &downloadList{"acts_of_the_shop", (*export).acts}},
		},
		{
			Collection: customer.Collection(), jobs: w.customerJobs(),
			letters: map[string]composer{
				customer.MailErasure: w.composeErasure, mailChangeNotice: w.composeChangeNotice,
				customer.MailEmailMoved: w.composeEmailMoved, customer.MailEmailUndone: w.composeEmailUndone,
				mailMerged: w.composeMergeLetter, mailEmailSet: w.composeEmailSet,
			},
			personal: personal{erase: w.eraseCustomer, person: Shopper.addCustomer},
		},
	}
}

// staffDeclarations returns those of the people who work for a shop.
func (w Worker) staffDeclarations() []declaration {
	const notCustomers = "people who work for the shop; an owner or the command line removes them"
	return []declaration{
		{Collection: staff.RosterCollection(), jobs: w.rosterJobs(), personal: personal{nothing: notCustomers}},
		{
			Collection: staff.AccessCollection(), jobs: w.accessJobs(),
			letters: map[string]composer{mailStaffSignIn: w.composeStaffSignIn,
				mailStaffNotice: w.composeStaffNotice},
			personal: personal{nothing: notCustomers},
		},
	}
}

// otherDeclarations returns those of what expires soon and of what has nothing personal.
func (w Worker) otherDeclarations() []declaration {
	const code, repeats = "a code that expires after 60 seconds", "hashes that expire after a day"
	const chosen = "ids of the customers of bulk changes, deleted after 32 days"
	const reasons = "filters, numbers, and the reason that staff gave for many at once, deleted after 31 days"
	return []declaration{
		{Collection: handOffCollection(), personal: personal{kept: code, withheld: code}},
		{Collection: repeatableCollection(), personal: personal{kept: repeats, withheld: repeats}},
		{Collection: batch.Collection(), jobs: w.batchJobs(),
			personal: personal{kept: reasons, withheld: reasons}},
		{Collection: batch.PageCollection(), personal: personal{kept: chosen, withheld: chosen}},
		{Collection: group.Collection(), jobs: w.groupJobs(),
			personal: personal{nothing: "names that the shop gave; the customers hold who belongs to which"}},
		{Collection: view.Collection(), jobs: w.viewJobs(),
			personal: personal{nothing: "names and filters that staff chose"}},
		{Collection: board.Collection(), jobs: w.boardJobs(), personal: personal{nothing: "numbers"}},
		{Collection: board.DayCollection(), personal: personal{nothing: "numbers"}},
		{Collection: board.SignInCollection(), personal: personal{nothing: "times, without who signed in"}},
		{Collection: customer.CountCollection(), jobs: w.customerCountJobs(),
			personal: personal{nothing: "filters and numbers"}},
		{Collection: shop.Collection(), jobs: w.shopJobs(), personal: personal{nothing: "the merchant's settings"}},
		{Collection: audit.LinkCollection(), personal: personal{nothing: "hashes, and who acted; no customer"}},
		{Collection: audit.HeadCollection(), jobs: audit.Jobs(w.app.auditLog),
			personal: personal{nothing: "a number and a hash"}},
		{Collection: keyCollection(), jobs: w.keyJobs(), personal: personal{nothing: "hashes of API keys"}},
		{Collection: installationCollection(), personal: personal{nothing: "a hash of the installation secret"}},
		{Collection: upgradeCollection(), personal: personal{nothing: "counts"}},
		{Collection: housekeepingCollection(), jobs: w.housekeepingJobs(), personal: personal{nothing: "jobs"}},
	}
}

// Collections lists all collections of the portal, for opening an engine.
func Collections() []storage.Collection {
	var all []storage.Collection
	for _, d := range (Worker{}).declarations() {
		all = append(all, d.Collection)
	}
	return all
}

package order

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"postern/portal/validate"
)

// paymentWord reads a payment word in any usual spelling; "" if it is unknown.
func paymentWord(key string) string { return paymentVocabulary()[key] }

// fulfillmentWord reads a fulfilment word in any usual spelling; "" if it is unknown.
func fulfillmentWord(key string) string { return fulfillmentVocabulary()[key] }

var (
	paymentVocabulary = sync.OnceValue(func() validate.Vocabulary {
		return validate.NewVocabulary(Payments(), paymentWords())
	})
	fulfillmentVocabulary = sync.OnceValue(func() validate.Vocabulary {
		return validate.NewVocabulary(Fulfillments(), fulfillmentWords())
	})
)

// paymentWords lists, for each payment word, the equivalents of other systems: Shopify, Ecwid, WooCommerce,
// PrestaShop, Medusa, Saleor, Vendure, Sylius, BigCommerce, Shopware, Magento, schema.org.
func paymentWords() map[string]string {
	return map[string]string{
		PaymentPending: "unpaid not_paid awaiting awaiting_payment pending_payment payment_pending payment_due due past_due payment_past_due " +
			"outstanding open unconfirmed in_progress reminded new created none waiting awaiting_check_payment awaiting_cheque_payment " +
			"awaiting_bank_wire_payment awaiting_cash_on_delivery_validation arranging_payment order_payment_due",
		PaymentRequiresAction: "action_required requires_payment_method requires_confirmation arranging_additional_payment",
		PaymentAuthorized:     "partially_authorized payment_authorized requires_capture reserved",
		PaymentPartiallyPaid:  "partial paid_partially partly_paid partially_captured",
		PaymentPaid: "captured settled complete completed full fully_paid paid_in_full overcharged succeeded success payment_complete " +
			"payment_completed payment_settled payment_received payment_accepted remote_payment_accepted payment_automatically_applied",
		PaymentPartiallyRefunded: "refunded_partially partly_refunded partial_refund",
		PaymentRefunded:          "fully_refunded refund refunded_in_full",
		PaymentVoided:            "void cancelled payment_cancelled",
		PaymentFailed:            "failure error declined rejected expired payment_failed payment_error payment_declined",
		PaymentDisputed:          "chargeback charged_back dispute",
	}
}

// fulfillmentWords lists the equivalents of the fulfilment words. "fulfilled" means shipped, as in Shopify,
// Saleor and WooCommerce.
func fulfillmentWords() map[string]string {
	return map[string]string{
		Unfulfilled: "not_fulfilled unshipped not_shipped open new created ready pending awaiting_processing awaiting_fulfillment",
		OnHold: "hold holded scheduled request_declined waiting_for_approval backorder backordered on_backorder on_backorder_paid " +
			"on_backorder_not_paid on_backorder_unpaid modifying manual_verification_required payment_review",
		Processing: "in_progress in_process processing_in_progress preparation preparing in_preparation pending_fulfillment label_printed " +
			"label_purchased confirmed packed packing picking awaiting_shipment ready_to_ship order_processing",
		ReadyForPickup:     "ready_for_pick_up ready_for_collection ready_to_collect awaiting_pickup order_pickup_available pickup_available",
		PartiallyShipped:   "partial partially_fulfilled shipped_partially partly_shipped partially_dispatched",
		Shipped:            "fulfilled in_transit dispatched despatched sent handed_over on_the_way order_in_transit",
		OutForDelivery:     "in_delivery",
		PartiallyDelivered: "delivered_partially partly_delivered",
		Delivered:          "order_delivered picked_up collected",
		DeliveryFailed: "failure attempted_delivery delivery_attempted delivery_failure failed_delivery not_delivered undeliverable " +
			"not_collected uncollected",
		PartiallyReturned:  "returned_partially partly_returned",
		Returned:           "restocked order_returned refunded_and_returned",
		FulfillmentStopped: "will_not_deliver stopped voided",
	}
}

// stateOf returns the status that a word of the state field stands for. Systems with a single status also
// use it for payment and fulfilment.
func stateOf(key string) (Status, bool) {
	switch key {
	case StateOpen, "new", "created", "placed", "pending", "active", "accepted", "confirmed",
		"unconfirmed", Unknown:
		return Status{State: StateOpen}, true
	case StateCompleted, "complete", "closed", "done", "finished", "fulfilled", "archived":
		return Status{State: StateCompleted}, true
	case StateCancelled, "cancel", "void", "voided", "aborted", "expired", "rejected", "order_cancelled":
		return Status{State: StateCancelled}, true
	case "declined":
		return Status{State: StateCancelled, Payment: PaymentFailed}, true
	case "failed", "payment_error":
		return Status{State: StateOpen, Payment: PaymentFailed}, true
	}
	if word := fulfillmentWord(key); word != "" {
		state := StateOpen
		if word == Delivered || word == Returned {
			state = StateCompleted
		}
		return Status{State: state, Fulfillment: word}, true
	}
	if word := paymentWord(key); word != "" {
		state := StateOpen
		if word == PaymentRefunded {
			state = StateCompleted
		}
		return Status{State: state, Payment: word}, true
	}
	return Status{}, false
}

// eventWord returns the canonical type of an event, or the type as given. It only recognises spellings: a
// system that reports "packed" and then "label printed" has two steps, which must not become the same step
// twice.
func eventWord(given string) string {
	return cmp.Or(eventVocabulary()[validate.StatusKey(given)], given)
}

var eventVocabulary = sync.OnceValue(func() validate.Vocabulary {
	return validate.NewVocabulary(
		slices.Concat([]string{placed, StateCompleted, StateCancelled, reopened}, Payments(), Fulfillments()),
		map[string]string{
			placed:           "ordered order_placed created",
			StateCompleted:   "complete closed",
			PartiallyShipped: "partially_fulfilled",
			Shipped:          "fulfilled dispatched despatched",
		})
})

// paymentKind reads the payment kind of an order, or keeps the word as given.
func paymentKind(given string) string {
	return cmp.Or(paymentKindVocabulary()[validate.StatusKey(given)], given)
}

var paymentKindVocabulary = sync.OnceValue(func() validate.Vocabulary {
	return validate.NewVocabulary(append(PaymentKinds(), PaymentByGiftCard, PaymentByCredit), map[string]string{
		"card":       "credit_card debit_card creditcard",
		"transfer":   "bank_transfer banktransfer wire wire_transfer bank_wire bacs sepa_transfer prepayment",
		PaymentByCOD: "cash_on_delivery collect_on_delivery cashondelivery",
		"invoice":    "pay_by_invoice on_account",

		PaymentByGiftCard: "giftcard voucher gift_certificate",
		PaymentByCredit:   "storecredit customer_balance wallet",
	})
})

// readStatus maps the words of the status fields. An unknown word is kept in Source, and the order is
// accepted. A field that was not sent is unknown, unless the state implies it. If neither state nor
// fulfilment was sent, source_status is read as the state.
func readStatus(state, payment, fulfillment, source string) Status {
	s := Status{Source: source}
	word := state
	if validate.SaysNothing(validate.StatusKey(word)) &&
		validate.SaysNothing(validate.StatusKey(fulfillment)) {
		word = source
	}
	said, known := stateOf(validate.StatusKey(word))
	switch {
	case known:
		s.State = said.State
	default:
		s.State = StateOpen
		s.keep(word)
	}
	s.Payment = s.axis(payment, said.Payment, paymentWord)
	// These words describe the whole order, not the goods.
	if key := validate.StatusKey(fulfillment); key == "complete" || key == StateCompleted {
		fulfillment = ""
		if validate.SaysNothing(validate.StatusKey(state)) {
			s.State = StateCompleted
		}
	}
	s.Fulfillment = s.axis(fulfillment, said.Fulfillment, fulfillmentWord)
	return s
}

// axis returns the canonical word for the value of a field, otherwise what the state implies for it,
// otherwise Unknown.
func (s *Status) axis(given, told string, read func(string) string) string {
	key := validate.StatusKey(given)
	if word := read(key); word != "" {
		return word
	}
	if !validate.SaysNothing(key) {
		s.keep(given)
		return Unknown
	}
	if told != "" {
		return told
	}
	return Unknown
}

// keep adds a word to Source unless it is already there.
func (s *Status) keep(word string) {
	for part := range strings.SplitSeq(s.Source, sourceGap) {
		if validate.SaysNothing(validate.StatusKey(word)) ||
			validate.StatusKey(part) == validate.StatusKey(word) {
			return
		}
	}
	if s.Source != "" {
		s.Source += sourceGap
	}
	s.Source += word
}

// sourceGap separates the words in Source.
const sourceGap = " · "

// OwnWords returns the words in Source that say more than the canonical ones, or "".
func (s Status) OwnWords() string {
	var words []string
	for part := range strings.SplitSeq(s.Source, sourceGap) {
		key := validate.StatusKey(part)
		said, known := stateOf(key)
		if validate.SaysNothing(key) || known && said.State == s.State || paymentWord(key) == s.Payment ||
			fulfillmentWord(key) == s.Fulfillment {
			continue
		}
		words = append(words, part)
	}
	return strings.Join(words, sourceGap)
}

package voucher

import (
	"strings"
	"time"

	"postern/portal/money"
	"postern/portal/validate"
)

// Wire is a voucher as a feed sends it.
type Wire struct {
	Code        string           `json:"code"`
	Title       string           `json:"title"`
	Description string           `json:"description"`
	Amount      *validate.Number `json:"amount"`
	Currency    string           `json:"currency"`
	Percent     *validate.Number `json:"percent"`
	For         *AudienceWire    `json:"for"`
	From        validate.Time    `json:"from"`
	Until       validate.Time    `json:"until"`
	Uses        *int64           `json:"uses"`
	PerCustomer *int64           `json:"uses_per_customer"`
	UpdatedAt   validate.Time    `json:"updated_at"`
}

// AudienceWire is for whom a voucher is.
type AudienceWire struct {
	FeedCustomer validate.FeedID `json:"customer_id"`
	Email        string          `json:"email"`
}

// The limits of a voucher.
const (
	MaxCode        = 64 // characters
	maxUses        = 1_000_000_000
	MaxPerCustomer = 100
)

// CanonicalCode returns a code in capitals. ok is false for one that has other characters than ASCII letters,
// digits, "-", "_" and ".", or none or too many. Letters that look alike in other scripts would make two
// codes of one.
func CanonicalCode(text string) (code string, ok bool) {
	code = strings.ToUpper(text)
	if code == "" || len(code) > MaxCode || code == "." || code == ".." {
		return "", false
	}
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-_.", r):
		default:
			return "", false
		}
	}
	return code, true
}

// Decode reads a voucher with the canonical code of its path, and when it was updated. Times without an
// offset are in the zone of the validator, which then has what is wrong.
func Decode(f *validate.Validator, body []byte, code string) (Terms, time.Time, error) {
	var w Wire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return Terms{}, time.Time{}, err
	}
	if given, ok := CanonicalCode(w.Code); w.Code != "" && (!ok || given != code) {
		f.Reject("/code", "voucher.code.other")
	}
	t := Terms{Title: f.Cut("/title", w.Title, validate.MaxName),
		Description: f.CutProse("/description", w.Description, validate.MaxText),
		From:        f.OptionalMoment("/from", w.From), Until: f.OptionalMoment("/until", w.Until),
		Uses:        f.Whole("/uses", w.Uses, maxUses),
		PerCustomer: f.Whole("/uses_per_customer", w.PerCustomer, MaxPerCustomer)}
	w.readValue(f, &t)
	if w.For != nil {
		t.For = w.For.read(f)
	}
	if !t.From.IsZero() && !t.Until.IsZero() && !t.From.Before(t.Until) {
		f.Reject("/until", "voucher.until")
	}
	at := f.Moment("/updated_at", w.UpdatedAt)
	f.NotAhead("/updated_at", at)
	return t, at, validate.InvalidFields(f.Rejected)
}

func (w Wire) readValue(f *validate.Validator, t *Terms) {
	switch {
	case (w.Amount == nil) == (w.Percent == nil):
		f.Reject("/amount", "voucher.value")
	case w.Percent != nil:
		t.Percent = f.Percent("/percent", *w.Percent)
		if w.Currency != "" {
			f.Reject("/currency", "voucher.value")
		}
	default:
		f.Currency = f.CurrencyCode("/currency", w.Currency)
		t.Amount, t.Currency = f.Positive("/amount", *w.Amount), f.Currency
	}
}

// read refuses an audience that names nobody: the voucher would be for everyone.
func (w AudienceWire) read(f *validate.Validator) Audience {
	a := Audience{FeedCustomer: f.Key("/for/customer_id", string(w.FeedCustomer), validate.MaxWord),
		Email: f.OptionalFedEmail("/for/email", w.Email)}
	switch {
	case a.FeedCustomer != "" && validate.IsForNobody(a.FeedCustomer):
		f.Reject("/for/customer_id", "customer_id.nobody")
	case (a.FeedCustomer == "") == (a.Email == "") && len(f.Rejected) == 0:
		f.Reject("/for", "voucher.for")
	}
	return a
}

// Record is a voucher as the shop's system reads it. What it sends is read back; Used and Left are added.
type Record struct {
	Code        string          `json:"code"`
	Title       string          `json:"title,omitempty"`
	Description string          `json:"description,omitempty"`
	Amount      string          `json:"amount,omitempty"`
	Currency    string          `json:"currency,omitempty"`
	Percent     string          `json:"percent,omitempty"`
	For         *AudienceRecord `json:"for,omitempty"`
	From        *time.Time      `json:"from,omitempty"`
	Until       *time.Time      `json:"until,omitempty"`
	Uses        int64           `json:"uses,omitempty"`
	PerCustomer int64           `json:"uses_per_customer,omitempty"`
	UpdatedAt   time.Time       `json:"updated_at"`
	Used        int64           `json:"used"`
	Left        *int64          `json:"left,omitempty"` // absent if uses is
}

// AudienceRecord is the customer that a voucher is for.
type AudienceRecord struct {
	FeedCustomer string `json:"customer_id,omitempty"`
	Email        string `json:"email,omitempty"`
}

// Record returns the voucher as the shop's system reads it.
func (v Voucher) Record() Record {
	r := Record{Code: v.Code, Title: v.Title, Description: v.Description, Currency: v.Currency,
		Amount: decimal(v.Amount, v.Currency), Percent: v.Percent.String(), Uses: v.Uses,
		PerCustomer: v.PerCustomer, UpdatedAt: v.UpdatedAt, Used: v.Used,
		From: moment(v.From), Until: moment(v.Until)}
	if v.For != (Audience{}) {
		r.For = &AudienceRecord{v.For.FeedCustomer, v.For.Email}
	}
	if left, limited := v.Left(); limited {
		r.Left = &left
	}
	return r
}

func decimal(minor int64, currency string) string {
	if currency == "" {
		return ""
	}
	return money.Amount{Minor: minor, Currency: currency}.Decimal()
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// RedeemWire asks for a use of a voucher by an order.
type RedeemWire struct {
	Order        string          `json:"order"`
	FeedCustomer validate.FeedID `json:"customer_id"`
	Email        string          `json:"email"`
}

// DecodeRedeem reads the order's number and who uses the voucher, which is nobody if it is not said.
func DecodeRedeem(body []byte) (order string, who Audience, err error) {
	var w RedeemWire
	if err := validate.DecodeJSON(body, &w); err != nil {
		return "", who, err
	}
	f := &validate.Validator{}
	order = ReadOrder(f, "/order", w.Order)
	who = Audience{FeedCustomer: f.OrderedBy("/customer_id", w.FeedCustomer),
		Email: f.OptionalFedEmail("/email", w.Email)}
	return order, who, validate.InvalidFields(f.Rejected)
}

// ReadOrder reads the number of an order.
func ReadOrder(f *validate.Validator, field, number string) string {
	number = f.Required(field, f.Key(field, number, validate.MaxNumber))
	if number == "." || number == ".." {
		f.Reject(field, "order.number.dots")
	}
	return number
}

// RedemptionRecord is a redemption as the shop's system reads it. A repeated request has the same one.
type RedemptionRecord struct {
	Code        string     `json:"code"`
	Order       string     `json:"order"`
	Amount      string     `json:"amount,omitempty"`
	Currency    string     `json:"currency,omitempty"`
	Percent     string     `json:"percent,omitempty"`
	RedeemedAt  time.Time  `json:"redeemed_at"`
	GivenBackAt *time.Time `json:"given_back_at,omitempty"`
}

// Record returns the redemption as the shop's system reads it.
func (r Redemption) Record() RedemptionRecord {
	return RedemptionRecord{Code: r.Code, Order: r.Order, Amount: decimal(r.Amount, r.Currency),
		Currency: r.Currency, Percent: r.Percent.String(), RedeemedAt: r.RedeemedAt,
		GivenBackAt: moment(r.GivenBackAt)}
}

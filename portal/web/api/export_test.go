package api

// The bodies of answers, for the tests that compare them with the document.
type (
	Result       = result
	Warning      = warning
	Delivery     = delivery
	Deliveries   = deliveries
	OrderPage    = orderPage
	CustomerPage = customerPage
	EventResult  = reported
	EventResults = reports
)

// Document returns the OpenAPI document.
func Document() []byte { return document }

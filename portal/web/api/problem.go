package api

// Problem is an error (RFC 9457). Its type is a URN derived from its code.
type Problem struct {
	Type    string         `json:"type"`
	Title   string         `json:"title"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail,omitempty"`
	Code    string         `json:"code"`              // stable, for programs
	Scope   string         `json:"scope,omitempty"`   // that the key lacks
	Request string         `json:"request,omitempty"` // id, as in the log
	Errors  []ProblemError `json:"errors,omitempty"`
}

// ProblemError is an invalid field of the document or an invalid query parameter.
type ProblemError struct {
	Pointer   string `json:"pointer"` // RFC 6901; "" is the whole document
	Parameter string `json:"parameter,omitempty"`
	Code      string `json:"code"`
	Detail    string `json:"detail"`
}

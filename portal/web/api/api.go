// Package api is the API for machines. A feed puts orders and customers, reads customers back, has a
// sign-in link emailed to a customer, and exchanges a storefront's hand-off code for the customer. It owns
// the paths under /api/v1 and the rules for the envelope of their bodies; package portal checks the
// contents of a body.
//
// It must not know cookies, pages or which status an error has: it returns errors.
package api

import (
	"context"
	"encoding/json"
	"mime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"postern/portal"
	"postern/portal/order"
	"postern/portal/validate"
	"postern/portal/web/gate"
	"postern/portal/web/page"
	"postern/templates/i18n"
)

// Root begins the path of every resource.
const Root = gate.APIPrefix + "v1"

// Handler serves the API.
type Handler struct {
	Config

	words     *i18n.Localizer
	described func() (reference, error) // the document as the page shows it, read once
}

// Config is what the API's handlers need.
type Config struct {
	Texts   *i18n.Catalogue // its sentences for developers, in English
	Problem func(error) Problem
	Pages   *page.Pages // of the documentation
	Area    *page.Area
}

// New returns the API's handlers.
func New(config Config) *Handler {
	h := &Handler{Config: config, words: config.Texts.Developer()}
	h.described = sync.OnceValues(h.describe)
	return h
}

// maxDocument is the maximum size of a document that a feed puts, in bytes.
const maxDocument = 4 << 20

// Routes returns the API's routes.
func (h *Handler) Routes() []gate.Route {
	const orders, lists = portal.ScopeOrders, portal.ScopeLists
	get := func(path string, scope portal.Scope, handle handle) gate.Route {
		return route(fiber.MethodGet, path, scope, handle)
	}
	document := func(method, path string, scope portal.Scope, handle handle) gate.Route {
		r := route(method, path, scope, handle)
		r.Body = maxDocument
		return r
	}
	batch := route(fiber.MethodPost, "/orders", orders, h.postOrders)
	batch.Body = maxBatch
	return slices.Concat([]gate.Route{
		gate.Get(gate.File, DocumentPath, serveDocument),
		gate.Get(gate.Public, DocsPath, h.docs),
		get("/orders", orders, h.orders),
		batch,
		get("/orders/:number", orders, h.order),
		document(fiber.MethodPut, "/orders/:number", orders, h.putOrder),
		route(fiber.MethodDelete, "/orders/:number", orders, h.deleteOrder),
		get("/customers", portal.ScopeCustomersRead, h.customers),
		get("/customers/by-email/:email", portal.ScopeCustomersRead, h.customerByEmail),
		document(fiber.MethodPut, "/customers/:id", portal.ScopeCustomersWrite, h.putCustomer),
		get("/withdrawals", lists, h.withdrawals),
		get("/requests", lists, h.requests),
		get("/requests/:id/photos/:photo", lists, h.returnPhoto),
		get("/messages", lists, h.messages),
		get("/orders/:number/messages", portal.ScopeMessages, h.conversation),
		route(fiber.MethodPost, "/orders/:number/messages", portal.ScopeMessages, h.answer),
		route(fiber.MethodPost, "/requests/:id/decline", portal.ScopeMessages, h.declineRequest),
		get("/customers/:id", portal.ScopeCustomersRead, h.customer),
		route(fiber.MethodPost, "/customers/:id/sign-in-mail", portal.ScopeSignInEmails, h.mailSignIn),
		route(fiber.MethodPost, "/hand-off", portal.ScopeHandOff, h.handOff),
	}, h.shoppingRoutes(), h.voucherRoutes())
}

// handle answers a feed's request.
type handle func(c *fiber.Ctx, feed portal.Feed) error

// route returns a route for feeds whose key has the scope. The key is checked first, so that a stranger
// learns nothing from the difference.
func route(method, path string, scope portal.Scope, handle handle) gate.Route {
	handler := func(c *fiber.Ctx) error {
		feed, err := gate.Feed(c, scope)
		if err != nil {
			return err
		}
		return handle(c, feed)
	}
	return gate.Route{Method: method, Path: Root + path, Class: gate.FeedKey, Scope: scope, Handler: handler}
}

func (h *Handler) putCustomer(c *fiber.Ctx, feed portal.Feed) error {
	return h.put(c, feed, portal.Feed.PutCustomer, "id")
}

// putDocument is one of the feed's methods that store a document under a name.
type putDocument func(f portal.Feed, ctx context.Context, name string, body []byte) (order.Receipt, error)

// put stores a document.
func (h *Handler) put(c *fiber.Ctx, feed portal.Feed, put putDocument, param string) error {
	name, err := only(c, param, "force")
	if err == nil {
		feed, err = forced(c, feed)
	}
	if err != nil {
		return err
	}
	body, err := jsonBody(c)
	if err != nil {
		return err
	}
	receipt, err := put(feed, c.UserContext(), name, body)
	if err != nil {
		return err
	}
	return h.respond(c, receipt)
}

// forced returns the feed with the permission that ?force= asks for.
func forced(c *fiber.Ctx, feed portal.Feed) (portal.Feed, error) {
	switch c.Query("force") {
	case "true":
		return feed.WithForce(gate.RequestID(c)), nil
	case "false", "":
		return feed, nil
	}
	return feed, wrong("force", "query.boolean")
}

func (h *Handler) customer(c *fiber.Ctx, feed portal.Feed) error {
	id, err := only(c, "id")
	if err != nil {
		return err
	}
	record, err := feed.Customer(c.UserContext(), id)
	if err != nil {
		return err
	}
	return c.JSON(record)
}

// customerPage is a page of the list of customers.
type customerPage struct {
	Customers []json.RawMessage `json:"customers"`
	Next      string            `json:"next,omitempty"`
}

func (h *Handler) customers(c *fiber.Ctx, feed portal.Feed) error {
	if err := checkQuery(c, "updated_since", "cursor", "limit"); err != nil {
		return err
	}
	page, err := feed.Customers(c.UserContext(), feedQuery(c))
	if err != nil {
		return err
	}
	return c.JSON(customerPage{page.Records, page.Next})
}

func (h *Handler) customerByEmail(c *fiber.Ctx, feed portal.Feed) error {
	email, err := only(c, "email")
	if err != nil {
		return err
	}
	record, err := feed.CustomerByEmail(c.UserContext(), email)
	if err != nil {
		return err
	}
	return c.JSON(record)
}

// idempotencyKey is the header of draft-ietf-httpapi-idempotency-key-header.
const idempotencyKey = "Idempotency-Key"

// mailSignIn emails a sign-in link to a customer; it needs no body. The response confirms that the email was
// queued and says nothing about the customer.
func (h *Handler) mailSignIn(c *fiber.Ctx, feed portal.Feed) error {
	id, err := only(c, "id")
	if err != nil {
		return err
	}
	var body []byte
	if len(c.BodyRaw()) > 0 {
		if body, err = jsonBody(c); err != nil {
			return err
		}
	}
	key, err := repeatKey(c)
	if err != nil {
		return err
	}
	if err := feed.MailSignIn(c.UserContext(), id, body, key); err != nil {
		return err
	}
	return c.Status(fiber.StatusAccepted).JSON(struct{}{})
}

// repeatKey reads the idempotencyKey, a string of RFC 8941, quoted or not; "" means none. It refuses an
// empty key or two keys: the sender would believe that a repeated request is recognised.
func repeatKey(c *fiber.Ctx) (string, error) {
	given := c.Request().Header.PeekAll(idempotencyKey)
	if len(given) == 0 {
		return "", nil
	}
	key := strings.Trim(string(given[0]), `" `)
	if key == "" || len(given) > 1 {
		wrong := validate.FieldError{Field: idempotencyKey, Key: "idempotency.form"}
		return "", &validate.Error{Kind: validate.Invalid, Key: "error.invalid",
			Fields: []validate.FieldError{wrong}}
	}
	return key, nil
}

// handOff exchanges the code that a storefront received for the customer.
func (h *Handler) handOff(c *fiber.Ctx, feed portal.Feed) error {
	if err := checkQuery(c); err != nil {
		return err
	}
	body, err := jsonBody(c)
	if err != nil {
		return err
	}
	record, err := feed.ExchangeHandOff(c.UserContext(), body)
	if err != nil {
		return err
	}
	return c.JSON(record)
}

// checkQuery rejects query parameters other than those named, since a misspelt one would have no effect.
func checkQuery(c *fiber.Ctx, parameters ...string) error {
	for name := range c.Context().QueryArgs().All() {
		if !slices.Contains(parameters, string(name)) {
			return wrong(clip(string(name)), "query.unknown")
		}
	}
	return nil
}

// clip shortens and cleans a parameter's name for a response.
func clip(name string) string {
	const most = 100
	name = strings.ToValidUTF8(name[:min(len(name), most)], "")
	if name == "" || strings.HasPrefix(name, "/") {
		return "?"
	}
	return name
}

func wrong(parameter, key string) error {
	return &validate.Error{Kind: validate.Invalid, Key: "error.invalid",
		Fields: []validate.FieldError{{Field: parameter, Key: key}}}
}

// only returns a path parameter, and rejects query parameters other than those named.
func only(c *fiber.Ctx, param string, parameters ...string) (string, error) {
	if err := checkQuery(c, parameters...); err != nil {
		return "", err
	}
	return gate.Param(c, param)
}

// jsonBody returns the request's body, which must be declared as uncompressed JSON in UTF-8.
func jsonBody(c *fiber.Ctx) ([]byte, error) {
	body, _, err := declaredBody(c, fiber.MIMEApplicationJSON)
	return body, err
}

// declaredBody returns the request's body and its media type, which must be one of the kinds, uncompressed
// and in UTF-8.
func declaredBody(c *fiber.Ctx, kinds ...string) (body []byte, kind string, err error) {
	kind, params, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType))
	charset := strings.ToLower(params["charset"])
	if err != nil || !slices.Contains(kinds, kind) ||
		!slices.Contains([]string{"", "utf-8", "utf8"}, charset) {
		return nil, "", fiber.ErrUnsupportedMediaType
	}
	// Fiber's own Body would decompress a body to any size.
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return nil, "", fiber.ErrUnsupportedMediaType
	}
	return c.BodyRaw(), kind, nil
}

// result is the body of the response to a put.
type result struct {
	Result          order.Outcome  `json:"result,omitempty"`
	Customer        string         `json:"customer,omitempty"`  // our id
	LinkedBy        order.LinkedBy `json:"linked_by,omitempty"` // of an order
	StoredUpdatedAt *time.Time     `json:"stored_updated_at,omitempty"`
	Warnings        []warning      `json:"warnings,omitempty"`
}

// warning reports a value that was not stored as sent.
type warning struct {
	Pointer string `json:"pointer"` // RFC 6901; "" is the whole document
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

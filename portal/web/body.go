package web

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"postern/portal"
	"postern/portal/validate"
	"postern/portal/web/api"
	"postern/portal/web/gate"
)

// largeSlots is how many bodies above gate.MaxBody may be in flight at a time. Forms with files have slots of
// their own, one for each customer: slow uploads must not keep out a shop's system. Each needs twice the size
// of its body.
const (
	largeSlots = 8
	fileSlots  = 4
)

// firstRead is the initial size of the buffer for a body. The buffer grows as bytes arrive, so that a large
// Content-Length alone costs nothing.
const firstRead = 4 << 10

// errManyFields refuses a form before its fields are parsed.
var errManyFields = fiber.NewError(fiber.StatusRequestEntityTooLarge, "too many fields")

// inbox reads request bodies: each up to its route's limit, and a large one only from a client that meets
// the requirements of the route's class.
type inbox struct {
	site    *site
	reading time.Duration // the site's time limit of a body
	app     *fiber.App
	table   routeTable
	slots   chan struct{}
	files   chan struct{} // slots of routes for files

	uploads sync.Map // the customers who have one of those slots
}

// slotsOf returns the slots that a route's large bodies take.
func (b *inbox) slotsOf(route gate.Route) chan struct{} {
	if route.Files.Most > 0 {
		return b.files
	}
	return b.slots
}

// allows decides from the header alone whether the body may be sent. A body of unknown length is checked as
// it is read.
func (b *inbox) allows(header *fasthttp.RequestHeader) error {
	route := b.table.of(header)
	switch length := header.ContentLength(); {
	case length > route.MaxBody():
		return fiber.ErrRequestEntityTooLarge
	case length > gate.MaxBody:
		return b.allowLargeBody(header, route, func(_ context.Context, uploads *portal.Shopper) error {
			slots, busy := b.slotsOf(route), false
			if uploads != nil {
				_, busy = b.uploads.Load(uploads.FormOwner())
			}
			if busy || len(slots) == cap(slots) { // a free one may be taken by the time the body arrives
				return errNoSlot()
			}
			return nil
		})
	}
	return nil
}

// allowLargeBody checks that the client meets the requirements of the route's class, and calls then with the
// customer of a form with files, otherwise nil.
func (b *inbox) allowLargeBody(header *fasthttp.RequestHeader, route gate.Route,
	then func(context.Context, *portal.Shopper) error) error {
	ctx := &fasthttp.RequestCtx{}
	header.CopyTo(&ctx.Request.Header)
	c := b.app.AcquireCtx(ctx)
	defer b.app.ReleaseCtx(c)
	defer b.site.gate.Deadline(c)()
	return caught(func() error {
		uploads, err := b.site.gate.AllowLargeBody(c, route)
		if err == nil {
			err = then(c.UserContext(), uploads)
		}
		return err
	})
}

// anyClient is for allowLargeBody where nothing else is to be done.
func anyClient(context.Context, *portal.Shopper) error { return nil }

func errNoSlot() error { return &validate.Error{Kind: validate.Unavailable} }

// receive reads the body of a request and returns a function that releases its slot.
func (b *inbox) receive(ctx *fasthttp.RequestCtx) (release func(), err error) {
	request := &ctx.Request
	route := b.table.of(&request.Header)
	in := intake{inbox: b, header: &request.Header, route: route, conn: ctx.Conn(),
		pace: newPace(b.reading, route)}
	if stream := request.BodyStream(); stream != nil && request.Header.ContentLength() != 0 {
		names := request.Header.Len()
		if err = in.read(stream); err == nil && request.Header.Len() != names {
			err = errTrailer
		}
		request.SetBodyRaw(in.body)
	}
	if err == nil {
		err = in.checkFields()
	}
	if err == nil {
		err = in.readParts(ctx)
	}
	return in.release, err
}

// readParts reads a multipart form for a route with files, as if its fields had been sent in the usual
// encoding. For any other route it discards the body but keeps the header, so that the request is still
// rejected: fasthttp would write the parts to files, and unpack them without a limit.
func (in *intake) readParts(ctx *fasthttp.RequestCtx) error {
	request := &ctx.Request
	if !bytes.HasPrefix(in.header.ContentType(), []byte(fiber.MIMEMultipartForm)) {
		if files := in.route.Files; files.Most > 0 && len(in.body) > files.Text {
			return fiber.ErrRequestEntityTooLarge
		}
		return nil
	}
	body := in.body
	in.body = nil
	request.ResetBody()
	if in.route.Files.Most == 0 || len(in.header.ContentEncoding()) > 0 {
		return nil
	}
	parts, err := gate.ReadParts(string(in.header.ContentType()), body, in.route.Files, in.route.MaxFields())
	if err != nil {
		return err
	}
	ctx.SetUserValue(gate.FilesKey{}, parts.Files)
	for i, name := range parts.Names {
		ctx.PostArgs().Add(name, parts.Values[i])
	}
	return nil
}

// checkFields counts the fields of a form before it is parsed. A form with more fields than usual needs
// the same permission as a large body.
func (in *intake) checkFields() error {
	switch n := countFields(in.header, in.body); {
	case n > in.route.MaxFields():
		return errManyFields
	case n > gate.MaxFields && !in.large:
		return in.inbox.allowLargeBody(in.header, in.route, anyClient)
	}
	return nil
}

// errTrailer refuses trailer fields: fasthttp adds them to the header after the decisions based on it were
// made.
var errTrailer = fiber.NewError(fiber.StatusBadRequest, "fields behind the body")

// intake is a body being read.
type intake struct {
	inbox  *inbox
	header *fasthttp.RequestHeader
	route  gate.Route
	body   []byte
	large  bool   // holds a slot
	sender string // the customer whose only slot it is, "" for a route without files
	conn   net.Conn
	pace   pace
}

// read reads to the end, or until the body is too large.
func (in *intake) read(stream io.Reader) error {
	length, limit := in.header.ContentLength(), in.route.MaxBody()
	if length > gate.MaxBody {
		if err := in.takeSlot(); err != nil {
			return err
		}
	}
	if length >= 0 {
		limit = length
	}
	in.body = make([]byte, 0, min(firstRead, limit+1))
	for {
		in.hurry()
		n, err := stream.Read(in.body[len(in.body):cap(in.body)])
		in.body = in.body[:len(in.body)+n]
		switch {
		case err == nil && in.sender != "" && in.pace.isSlow(time.Now(), len(in.body)):
			return fiber.ErrRequestTimeout
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case len(in.body) > limit:
			return fiber.ErrRequestEntityTooLarge
		case len(in.body) == cap(in.body):
			if err := in.grow(limit + 1); err != nil { // one byte more shows that the body is too large
				return err
			}
		}
	}
}

// grow doubles the buffer. A body that exceeds the usual limit needs permission and a slot.
func (in *intake) grow(limit int) error {
	if len(in.body) > gate.MaxBody && !in.large {
		err := in.inbox.allowLargeBody(in.header, in.route, anyClient)
		if err == nil {
			err = in.takeSlot()
		}
		if err != nil {
			return err
		}
	}
	larger := min(2*cap(in.body), limit)
	if cap(in.body) <= gate.MaxBody {
		larger = min(larger, gate.MaxBody+1)
	}
	in.body = append(make([]byte, 0, larger), in.body...)
	return nil
}

// takeSlot takes a slot for the body. A form with files is counted once it has one.
func (in *intake) takeSlot() error {
	if in.route.Files.Most > 0 {
		return in.inbox.allowLargeBody(in.header, in.route, in.takeUpload)
	}
	return in.takeFree()
}

func (in *intake) takeFree() error {
	select {
	case in.inbox.slotsOf(in.route) <- struct{}{}:
		in.large = true
		return nil
	default:
		return errNoSlot()
	}
}

// release releases the slot.
func (in *intake) release() {
	if in.large {
		in.large = false
		<-in.inbox.slotsOf(in.route)
	}
	if in.sender != "" {
		in.inbox.uploads.Delete(in.sender)
		in.sender = ""
	}
}

// countFields returns the number of fields that parsing the form would produce.
func countFields(header *fasthttp.RequestHeader, body []byte) int {
	for _, kind := range api.MediaTypes() {
		if bytes.HasPrefix(header.ContentType(), []byte(kind)) {
			return 0
		}
	}
	if len(body) == 0 {
		return 0
	}
	if boundary := header.MultipartFormBoundary(); len(boundary) > 0 {
		return bytes.Count(body, append([]byte("--"), boundary...)) - 1
	}
	return bytes.Count(body, []byte("&")) + 1
}

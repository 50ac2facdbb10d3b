package page

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Limits of a download: downloadTime is for the whole file, readTime is for the client to read one part of
// downloadBuffer bytes.
const (
	downloadTime   = 10 * time.Minute
	readTime       = 30 * time.Second
	downloadBuffer = 32 << 10
)

// Download streams a file while it is being written. An error midway breaks the connection, so that a
// truncated file never looks complete, and is passed to lost. A slow client may take as long as it needs
// while it keeps reading.
func Download(c *fiber.Ctx, name string, lost func(context.Context, error),
	write func(context.Context, io.Writer) error) error {
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.UserContext()), downloadTime)
	from, to := io.Pipe()
	connection := c.Context().Conn()
	go func() {
		defer cancel()
		out := bufio.NewWriterSize(unhurried{to, connection}, downloadBuffer)
		err := errors.Join(safely(func() error { return write(ctx, out) }), out.Flush())
		if err != nil && !errors.Is(err, io.ErrClosedPipe) { // the client has stopped reading
			lost(ctx, err)
		}
		to.CloseWithError(err)
	}()
	c.Context().SetBodyStream(from, -1)
	return nil
}

// safely turns a panic into an error, since the server's recovery does not cover a download.
func safely(do func() error) (err error) {
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("panic: %v", failure)
		}
	}()
	return do()
}

// unhurried extends the connection's write deadline with every write.
type unhurried struct {
	io.Writer
	connection net.Conn
}

func (u unhurried) Write(part []byte) (int, error) {
	if u.connection != nil {
		if err := u.connection.SetWriteDeadline(time.Now().Add(readTime)); err != nil {
			return 0, err
		}
	}
	return u.Writer.Write(part)
}

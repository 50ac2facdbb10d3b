package api

import (
	_ "embed"

	"github.com/gofiber/fiber/v2"
)

// document is the OpenAPI 3.1 document of the API.
//
//go:embed openapi.json
var document []byte

// The paths of the document, and of the page made from it.
const (
	DocumentPath = Root + "/openapi.json"
	DocsPath     = Root + "/docs"
)

// documentAge is how long clients may keep the document, in seconds.
const documentAge = "3600"

func serveDocument(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	c.Set(fiber.HeaderCacheControl, "public, max-age="+documentAge)
	return c.Send(document)
}

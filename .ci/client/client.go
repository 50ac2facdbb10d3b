// Package client is a client of the API that a public generator makes from its OpenAPI document. CI makes it
// anew and uses it against a portal, which proves that integrators can.
package client

//go:generate go tool oapi-codegen -generate types,client -package client -o client.gen.go ../../portal/web/api/openapi.json

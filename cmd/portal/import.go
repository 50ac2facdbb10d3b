package main

// importGroup holds the subcommands for imports.
type importGroup struct {
	Orders importOrders `cmd:"" help:"Import orders from a file, one JSON document per line."`
}

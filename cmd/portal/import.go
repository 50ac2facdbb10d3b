package main

// importGroup holds the sub-commands that bring something in.
type importGroup struct {
	Orders importOrders `cmd:"" help:"Import orders from a file, one JSON document per line."`
}

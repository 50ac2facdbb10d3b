package main

// apikeyGroup holds the subcommands for API keys.
type apikeyGroup struct {
	Create apikeyCreate `cmd:"" help:"Create a key; it is shown once."`
	List   apikeyList   `cmd:"" help:"List the keys, without their secrets."`
	Revoke apikeyRevoke `cmd:"" help:"Revoke a key at once."`
}

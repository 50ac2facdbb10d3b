package main

// apikeyGroup holds the sub-commands on keys.
type apikeyGroup struct {
	Create apikeyCreate `cmd:"" help:"Make a key; it is shown once."`
	List   apikeyList   `cmd:"" help:"List the keys, without what they open."`
	Revoke apikeyRevoke `cmd:"" help:"End a key at once."`
}

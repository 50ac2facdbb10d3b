package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"postern/portal"
	"postern/portal/shop"
	"postern/storage"
	"postern/storage/mongodb"
	"postern/storage/sqlite"
)

// storeFlag names the store. Every command that needs the store embeds it.
type storeFlag struct {
	Store             string `help:"Where the data is: a local directory, or a mongodb:// or mongodb+srv:// URL such as mongodb://user@host/database. The password comes from PORTAL_STORE_PASSWORD or --store-password-file." default:"portal-data" placeholder:"DIR|mongodb://…"`
	StorePasswordFile string `help:"A file with the password of the MongoDB server." placeholder:"FILE"`

	secretFlag

	secret string    // value of the environment variable storeSecret
	user   string    // who gives the command
	waits  io.Writer // receives a line if opening the store takes long
}

// storeSecret is the environment variable of the store's password.
const storeSecret = envPrefix + "STORE_PASSWORD"

// AfterApply reads the password from the environment.
func (f *storeFlag) AfterApply(w *environment) error {
	f.secret, f.waits, f.user = w.env[storeSecret], w.stderr, w.systemUser()
	return nil
}

// address returns the store's address with the password, and adds any problems.
func (f storeFlag) address(wrong *problems) string {
	return storePassword{
		of: "--store", variable: storeSecret, value: f.secret, flag: "--store-password-file",
		file: f.StorePasswordFile,
	}.address(f.Store, wrong)
}

// checkStore adds the problems of the store's address that can be found without opening the store.
func (f storeFlag) checkStore(wrong *problems) {
	address := f.address(wrong)
	switch {
	case onMongoDB(address):
		if err := mongodb.CheckAddress(address); err != nil {
			wrong.add("--store: %s.", strings.TrimPrefix(err.Error(), "mongodb: "))
		}
	case strings.Contains(address, "://"):
		wrong.add("--store: must be a directory, or a URL that begins with mongodb:// or mongodb+srv://.")
		return
	}
	f.secretFiles(wrong)
}

func onMongoDB(address string) bool {
	return strings.HasPrefix(address, "mongodb://") || strings.HasPrefix(address, "mongodb+srv://")
}

// open opens the store, and creates it if there is none.
func (f storeFlag) open(ctx context.Context) (storage.Engine, error) {
	var wrong problems
	address := f.address(&wrong)
	f.secretFiles(&wrong) // checked before a store is created
	if err := wrong.usage(""); err != nil {
		return nil, err
	}
	return openStore(ctx, address, "--store", f.waits)
}

// openStore opens the store at an address. of is the part of the command line that named it. waits receives
// a line if opening takes long.
func openStore(ctx context.Context, address, of string, waits io.Writer) (storage.Engine, error) {
	if onMongoDB(address) {
		opener := mongodb.Opener{Say: func(line string) { fmt.Fprintln(waits, line) }}
		store, err := opener.Open(ctx, address, portal.Collections()...)
		if err != nil {
			return nil, failf("Cannot open the store on MongoDB: %s", err)
		}
		return store, nil
	}
	if strings.Contains(address, "://") {
		var wrong problems
		wrong.add("%s: must be a directory, or a URL that begins with mongodb:// or mongodb+srv://.", of)
		return nil, wrong.usage("")
	}
	store, err := sqlite.Open(ctx, address, portal.Collections()...)
	if err != nil {
		return nil, failf("Cannot open the store in %s: %s", address, err)
	}
	return store, nil
}

// isNew reports whether the store is a directory that is missing or contains no store.
func (f storeFlag) isNew() bool {
	return !strings.Contains(f.Store, "://") && !sqlite.Found(f.Store)
}

// use opens an existing store, calls do with its operator and closes the store. It creates no store,
// because a missing one is most likely a typing error.
func (f storeFlag) use(ctx context.Context, do func(portal.Operator) error, options ...portal.Option) error {
	if f.isNew() {
		return f.noStore("create one with \"portal shop create\"")
	}
	return f.begin(ctx, do, options...)
}

// noStore returns the error for a directory without a store. instead is the advice how to create one.
func (f storeFlag) noStore(instead string) error {
	return failf("There is no store in %s. Check --store, or %s.", f.where(), instead)
}

// where returns the full path of the store's directory, or its URL without a password.
func (f storeFlag) where() string {
	if strings.Contains(f.Store, "://") {
		return f.shownStore()
	}
	if path, err := filepath.Abs(f.Store); err == nil {
		return path
	}
	return f.Store
}

// begin is like use, for the command that may create a store.
func (f storeFlag) begin(ctx context.Context, do func(portal.Operator) error,
	options ...portal.Option) error {
	engine, err := f.open(ctx)
	if err != nil {
		return err
	}
	ring, err := f.ring(ctx, engine)
	if err == nil {
		err = do(portal.New(engine, ring, options...).Operator().By(f.user))
	}
	return errors.Join(err, engine.Close())
}

// shopFlag names a command's shop.
type shopFlag struct {
	Shop string `help:"The shop's id; optional if there is only one shop." placeholder:"ID"`
}

// pick returns the shop of the command.
func (f shopFlag) pick(ctx context.Context, operator portal.Operator) (shop.Shop, error) {
	return pick(ctx, operator, f.Shop, "--shop ID")
}

// pick returns the named shop, or the only one. how explains how to name a shop.
func pick(ctx context.Context, operator portal.Operator, id, how string) (shop.Shop, error) {
	shops, err := operator.Shops(ctx)
	if err != nil {
		return shop.Shop{}, err
	}
	var ids []string
	for _, shop := range shops {
		if shop.ID == id || id == "" && len(shops) == 1 {
			return shop, nil
		}
		ids = append(ids, shop.ID)
	}
	switch {
	case len(ids) == 0:
		return shop.Shop{}, failf("There is no shop yet. Create one with \"portal shop create\".")
	case id == "":
		return shop.Shop{}, failf("There are several shops: %s. Choose one with %s.",
			strings.Join(ids, ", "), how)
	}
	return shop.Shop{}, failf("There is no shop %q. The shops are %s.", id, strings.Join(ids, ", "))
}

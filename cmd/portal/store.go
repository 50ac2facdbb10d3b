package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"postern/portal"
	"postern/storage"
	"postern/storage/mongodb"
	"postern/storage/sqlite"
)

// storeFlag says where everything is kept. Every command that needs the store embeds it.
type storeFlag struct {
	Store             string `help:"Where the data is: a local directory, or a mongodb:// or mongodb+srv:// URL such as mongodb://user@host/database. The password comes from PORTAL_STORE_PASSWORD or --store-password-file." default:"portal-data" placeholder:"DIR|mongodb://…"`
	StorePasswordFile string `help:"A file with the password of the MongoDB server." placeholder:"FILE"`

	secretFlag

	secret string    // of storeSecret
	waits  io.Writer // gets a line when opening the store waits for long
}

// storeSecret is the environment variable of the store's password.
const storeSecret = envPrefix + "STORE_PASSWORD"

// AfterApply takes the password from the environment.
func (f *storeFlag) AfterApply(w *world) error {
	f.secret, f.waits = w.env[storeSecret], w.stderr
	return nil
}

// address is the store as the engine takes it; what is wrong is added.
func (f storeFlag) address(wrong *faults) string {
	return storePassword{
		of: "--store", variable: storeSecret, value: f.secret, flag: "--store-password-file", file: f.StorePasswordFile,
	}.address(f.Store, wrong)
}

// checkStore adds what is wrong with the store's address, as far as it shows without a look at the store.
func (f storeFlag) checkStore(wrong *faults) {
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

// open opens the store, and makes it when there is none.
func (f storeFlag) open(ctx context.Context) (storage.Engine, error) {
	var wrong faults
	address := f.address(&wrong)
	f.secretFiles(&wrong) // before a store is made
	if err := wrong.usage(""); err != nil {
		return nil, err
	}
	return openStore(ctx, address, "--store", f.waits)
}

// openStore opens the store at an address, which the part of the command line named by of gave. waits gets
// a line when that waits for long.
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
		var wrong faults
		wrong.add("%s: must be a directory, or a URL that begins with mongodb:// or mongodb+srv://.", of)
		return nil, wrong.usage("")
	}
	store, err := sqlite.Open(ctx, address, portal.Collections()...)
	if err != nil {
		return nil, failf("Cannot open the store in %s: %s", address, err)
	}
	return store, nil
}

// isNew reports whether the store is a directory without one, or is not there yet.
func (f storeFlag) isNew() bool {
	return !strings.Contains(f.Store, "://") && !sqlite.Found(f.Store)
}

// use opens a store that is there, lets do work as the operator, and closes it. Looking into a store that
// nobody made yet is a slip of the keyboard, so it makes none.
func (f storeFlag) use(ctx context.Context, do func(portal.Operator) error, options ...portal.Option) error {
	if f.isNew() {
		return f.noStore("create one with \"portal shop create\"")
	}
	return f.begin(ctx, do, options...)
}

// noStore is the error for a directory without a store; instead says how to begin one.
func (f storeFlag) noStore(instead string) error {
	return failf("There is no store in %s. Check --store, or %s.", f.where(), instead)
}

// where is the whole path of the store's directory, or its address without a password that may be in it.
func (f storeFlag) where() string {
	if strings.Contains(f.Store, "://") {
		return f.shownStore()
	}
	if path, err := filepath.Abs(f.Store); err == nil {
		return path
	}
	return f.Store
}

// begin is use for the command that may begin a store.
func (f storeFlag) begin(ctx context.Context, do func(portal.Operator) error, options ...portal.Option) error {
	engine, err := f.open(ctx)
	if err != nil {
		return err
	}
	ring, err := f.ring(ctx, engine)
	if err == nil {
		err = do(portal.New(engine, ring, options...).Operator())
	}
	return errors.Join(err, engine.Close())
}

// shopFlag says which shop a command is about.
type shopFlag struct {
	Shop string `help:"The shop's id; optional if there is only one shop." placeholder:"ID"`
}

// pick is the shop meant.
func (f shopFlag) pick(ctx context.Context, operator portal.Operator) (portal.Shop, error) {
	return pick(ctx, operator, f.Shop, "--shop ID")
}

// pick is the shop meant: the one named, or the only one. how is what names one.
func pick(ctx context.Context, operator portal.Operator, id, how string) (portal.Shop, error) {
	shops, err := operator.Shops(ctx)
	if err != nil {
		return portal.Shop{}, err
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
		return portal.Shop{}, failf("There is no shop yet. Create one with \"portal shop create\".")
	case id == "":
		return portal.Shop{}, failf("There are several shops: %s. Choose one with %s.", strings.Join(ids, ", "), how)
	}
	return portal.Shop{}, failf("There is no shop %q. The shops are %s.", id, strings.Join(ids, ", "))
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"postern/portal"
	"postern/portal/secret"
	"postern/storage"
	"postern/storage/mongodb"
	"postern/storage/sqlite"
)

// stores makes temporary stores: directories, or databases of a MongoDB server.
type stores struct {
	server string // an address, "" for the embedded store
	prefix string // of databases
	dir    string
	made   []string
}

// newStores makes them below a directory or at the server where says.
func newStores(where, dir string) (*stores, error) {
	if !isServer(where) {
		return &stores{dir: dir}, nil
	}
	address, err := url.Parse(where)
	if err != nil {
		return nil, errors.New("--store: this is no address of a MongoDB server")
	}
	prefix := strings.Trim(address.Path, "/")
	if prefix == "" {
		prefix = "postern"
	}
	return &stores{server: where, prefix: fmt.Sprintf("%s_bench_%d", prefix, os.Getpid())}, nil
}

// next names a store that is not there yet, as --store of serve takes it.
func (s *stores) next(name string) (string, error) {
	if s.server == "" {
		return filepath.Join(s.dir, name), nil
	}
	address, err := url.Parse(s.server)
	if err != nil {
		return "", err
	}
	address.Path = "/" + s.prefix + "_" + name
	s.made = append(s.made, address.String())
	return address.String(), nil
}

// remove drops the databases; directories go with the one they are in.
func (s *stores) remove(ctx context.Context) error {
	var faults []error
	for _, store := range s.made {
		faults = append(faults, drop(ctx, store))
	}
	return errors.Join(faults...)
}

func drop(ctx context.Context, address string) error {
	store, err := mongodb.Open(ctx, address)
	if err != nil {
		return err
	}
	return errors.Join(store.Drop(ctx), store.Close())
}

// openStore opens a store with all that the product keeps.
func openStore(ctx context.Context, store string) (storage.Engine, error) {
	if isServer(store) {
		return mongodb.Open(ctx, store, portal.Collections()...)
	}
	return sqlite.Open(ctx, store, portal.Collections()...)
}

// benchSecret is the installation secret of the bench's stores, which hold nothing of anybody.
func benchSecret() []byte { return bytes.Repeat([]byte("b"), secret.Bytes) }

// secretFile writes the installation secret into a file for the server.
func (b *bench) secretFile() (string, error) {
	file := filepath.Join(b.dir, secret.FileName)
	return file, os.WriteFile(file, benchSecret(), 0o600)
}

// isServer tells an address from a directory.
func isServer(store string) bool { return strings.HasPrefix(store, "mongodb") }

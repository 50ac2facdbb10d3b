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

// stores creates temporary stores: directories, or databases of a MongoDB server.
type stores struct {
	server string // URL, "" for the embedded store
	prefix string // of the databases
	dir    string
	made   []string
}

// newStores creates stores in a directory, or on the MongoDB server that where names.
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

// next returns a new store's name in the form that --store expects.
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

// remove drops the databases. The directories are removed with their parent.
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

// openStore opens a store with all collections of the product.
func openStore(ctx context.Context, store string) (storage.Engine, error) {
	if isServer(store) {
		return mongodb.Open(ctx, store, portal.Collections()...)
	}
	return sqlite.Open(ctx, store, portal.Collections()...)
}

// benchSecret returns the installation secret of the benchmark's stores, which hold no real data.
func benchSecret() []byte { return bytes.Repeat([]byte("b"), secret.Bytes) }

// secretFile writes the installation secret to a file for the server.
func (b *bench) secretFile() (string, error) {
	file := filepath.Join(b.dir, secret.FileName)
	return file, os.WriteFile(file, benchSecret(), 0o600)
}

// isServer reports whether a store is a MongoDB URL.
func isServer(store string) bool { return strings.HasPrefix(store, "mongodb") }

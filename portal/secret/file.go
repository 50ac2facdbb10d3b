package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// FileName is the name of the file in the directory of an embedded store.
const FileName = "secret.key"

// Read reads a secret from its file, which must contain exactly 32 bytes and be accessible only to its
// owner. If the file does not exist, the error is fs.ErrNotExist. Any other error says what is wrong with
// the file and how to fix it.
func Read(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("the installation secret cannot be read: %w", err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a directory; name the file of the installation secret", file)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file; the installation secret must be one", file)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s can be read or changed by others (mode %04o); run: chmod 600 %s", file,
			info.Mode().Perm(), file)
	case info.Size() != Bytes:
		return nil, fmt.Errorf("%s has %d bytes; an installation secret has exactly %d", file,
			info.Size(), Bytes)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the installation secret cannot be read: %w", err)
	}
	if len(content) != Bytes {
		return nil, fmt.Errorf("%s has %d bytes; an installation secret has exactly %d", file,
			len(content), Bytes)
	}
	return content, nil
}

// Create writes a new secret to a file with mode 0600, durably and atomically. An existing file is kept,
// and the error is fs.ErrExist.
func Create(file string) (err error) {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	made, err := os.CreateTemp(dir, ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreMissing(os.Remove(made.Name()))) }()
	secret := make([]byte, Bytes)
	rand.Read(secret) // never fails (crypto/rand)
	_, err = made.Write(secret)
	if err == nil {
		err = made.Sync()
	}
	if err = errors.Join(err, made.Close()); err != nil {
		return err
	}
	if err := os.Link(made.Name(), file); err != nil { // unlike a rename, this never replaces an existing file
		return err
	}
	return syncDir(dir)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncDir makes the file's directory entry as durable as its content.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

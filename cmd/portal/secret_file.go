package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"postern/portal"
	"postern/portal/secret"
	"postern/storage"
)

// secretFlag names the files of the installation secret.
type secretFlag struct {
	SecretKeyFile []string `help:"The file of the installation secret, 32 bytes that only its owner may read. Default: secret.key in the store's directory; required with MongoDB. To replace the secret, name the new file and the old one, separated by a comma." placeholder:"FILE"`
}

// maxSecrets allows the current secret and, while it is being replaced, the previous one.
const maxSecrets = 2

// secretFiles returns the files of the secret, the current one first, and adds any problems.
func (f storeFlag) secretFiles(wrong *problems) []string {
	switch {
	case len(f.SecretKeyFile) > maxSecrets:
		wrong.add("--secret-key-file: name one file, or two to replace the secret: the new one and the old one.")
	case len(f.SecretKeyFile) == 0 && onMongoDB(f.Store):
		wrong.add("--secret-key-file: required with MongoDB: the file of the installation secret, the same for every process. " +
			"A new store creates it.")
	case len(f.SecretKeyFile) == 0:
		return []string{filepath.Join(f.Store, secret.FileName)}
	}
	return f.SecretKeyFile
}

// secretName returns the file of the current secret, for messages.
func (f storeFlag) secretName() string {
	var wrong problems
	return append(f.secretFiles(&wrong), secret.FileName)[0]
}

// ring returns the installation secret of the store. For a new store it creates the secret.
func (f storeFlag) ring(ctx context.Context, engine storage.Engine) (*secret.Ring, error) {
	var wrong problems
	files := f.secretFiles(&wrong)
	if err := wrong.usage(""); err != nil {
		return nil, err
	}
	begun, err := portal.Begun(ctx, engine)
	if err != nil {
		return nil, err
	}
	if !begun {
		if err := secret.Create(files[0]); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, failf("Cannot create the installation secret: %s.", err)
		}
	}
	ring, err := readSecrets(files)
	if err != nil {
		return nil, err
	}
	err = portal.New(engine, ring).TakeSecret(ctx)
	if errors.Is(err, portal.ErrOtherSecret) {
		return nil, failf("The store was created with another installation secret than the one in %s. Name the right one with --secret-key-file, "+
			"or put it back. To replace a secret, name both files: --secret-key-file NEW,OLD.", files[0])
	}
	return ring, err
}

func readSecrets(files []string) (*secret.Ring, error) {
	var secrets [][]byte
	for _, file := range files {
		one, err := secret.Read(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, failf("The installation secret %s is missing. "+
				"Put back your copy, or name it with --secret-key-file. Backups of the store do not contain it.", file)
		case err != nil:
			return nil, failf("%s.", err)
		}
		secrets = append(secrets, one)
	}
	return secret.New(secrets[0], secrets[1:]...)
}

package portal

import (
	"context"
	"errors"
	"time"

	"postern/portal/credential"
	"postern/portal/shop"
	"postern/storage"
)

// installationDoc is the store's record of the installation that it belongs to.
type installationDoc struct {
	Check     string    `bson:"check"`                // of the installation secret; does not reveal it
	RotatedAt time.Time `bson:"rotated_at,omitempty"` // when the secret was replaced; zero after the cleanup
}

const (
	installationKey = "secret"
	// rotatedKeep is how long documents of a replaced secret are kept. Until then, links that only protect
	// an account, such as "this wasn't me", still work.
	rotatedKeep = credential.RevokeTokenLife + 24*time.Hour
)

func installationCollection() storage.Collection { return storage.Collection{Name: "installation"} }

func installationDocs(engine storage.Engine) storage.Docs[installationDoc] {
	return storage.Open[installationDoc](engine, shop.Installation, installationCollection())
}

// ErrOtherSecret is returned when the store belongs to an installation with another secret.
var ErrOtherSecret = errors.New("portal: the store belongs to another installation secret")

// Begun reports whether the store belongs to an installation with a secret, or already contains shops.
func Begun(ctx context.Context, engine storage.Engine) (bool, error) {
	_, _, err := installationDocs(engine).Get(ctx, installationKey)
	if !errors.Is(err, storage.ErrNotFound) {
		return err == nil, err
	}
	shops, err := New(engine, nil).loadShops(ctx)
	return len(shops) > 0, err
}

// TakeSecret checks that the App's secret matches the store's; a store without one adopts it. If the store
// has the older secret of the ring, the secret is being replaced: TakeSecret re-encrypts all sealed data
// with the new secret, and from then on the store accepts only that one. This invalidates sign-in links and
// sessions. Any other secret gives ErrOtherSecret.
func (a *App) TakeSecret(ctx context.Context) error {
	docs := installationDocs(a.engine)
	known, _, err := docs.Get(ctx, installationKey)
	if errors.Is(err, storage.ErrNotFound) {
		err = docs.Insert(ctx, installationKey, installationDoc{Check: a.secret.Check()})
		if errors.Is(err, storage.ErrExists) { // another process was faster; it may have another secret
			return a.TakeSecret(ctx)
		}
		return err
	}
	switch {
	case err != nil || known.Check == a.secret.Check():
		return err
	case known.Check != a.secret.OlderCheck():
		return ErrOtherSecret
	}
	if err := a.sealAgain(ctx); err != nil {
		return err
	}
	_, err = docs.Change(ctx, installationKey, func(d *installationDoc) error {
		switch d.Check {
		case a.secret.Check():
			return storage.ErrUnchanged // another process was faster
		case a.secret.OlderCheck():
			d.Check, d.RotatedAt = a.secret.Check(), a.now()
			return nil
		}
		return ErrOtherSecret
	})
	return err
}

// hasSecret returns ErrOtherSecret if another process has replaced the secret since this one started.
func (a *App) hasSecret(ctx context.Context) error {
	known, _, err := installationDocs(a.engine).Get(ctx, installationKey)
	if err == nil && known.Check != a.secret.Check() {
		return ErrOtherSecret
	}
	return ifFound(err)
}

// sweepRotated removes the credentials documents of a replaced secret after rotatedKeep.
func (w Worker) sweepRotated(ctx context.Context, shops []shop.Shop) error {
	docs := installationDocs(w.app.engine)
	known, read, err := docs.Get(ctx, installationKey)
	if err != nil || known.RotatedAt.IsZero() || w.app.now().Before(known.RotatedAt.Add(rotatedKeep)) {
		return ifFound(err)
	}
	for _, shop := range shops {
		credentials := w.app.credentialDocs(shop.ID)
		if err := credentials.eachOf(ctx, "", func(ctx context.Context, key, email string) error {
			if key == credentials.id(email) {
				return nil
			}
			return remove(ctx, credentials.Docs, key)
		}); err != nil {
			return err
		}
	}
	known.RotatedAt = time.Time{}
	err = docs.Replace(ctx, installationKey, read, known)
	if errors.Is(err, storage.ErrConflict) {
		return nil // the next sweep tries again
	}
	return err
}

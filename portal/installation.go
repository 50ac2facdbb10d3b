package portal

import (
	"context"
	"errors"
	"time"

	"postern/storage"
)

// installationDoc is what the store knows of the installation that it belongs to.
type installationDoc struct {
	Check     string    `bson:"check"`                // of the installation secret; gives nothing away of it
	RotatedAt time.Time `bson:"rotated_at,omitempty"` // when the secret was replaced, until what it left behind is removed
}

const (
	installationKey = "secret"
	// rotatedKeep is how long documents of a replaced secret stay: links that only protect, as "this wasn't
	// me", work until then.
	rotatedKeep = alarmLife + 24*time.Hour
)

func installationCollection() storage.Collection { return storage.Collection{Name: "installation"} }

func installationDocs(engine storage.Engine) storage.Docs[installationDoc] {
	return storage.Open[installationDoc](engine, installation, installationCollection())
}

// ErrOtherSecret says that the store belongs to an installation with another secret.
var ErrOtherSecret = errors.New("portal: the store belongs to another installation secret")

// Begun reports whether an installation with a secret keeps its data in the store, or has kept shops in it.
func Begun(ctx context.Context, engine storage.Engine) (bool, error) {
	_, _, err := installationDocs(engine).Get(ctx, installationKey)
	if !errors.Is(err, storage.ErrNotFound) {
		return err == nil, err
	}
	shops, err := New(engine, nil).loadShops(ctx)
	return len(shops) > 0, err
}

// TakeSecret makes sure that the App's secret is the store's; a store that has none takes it. When the
// store knows the older one of the ring, the secret is being replaced: what is sealed is sealed with the
// new one, and then the store knows that one alone. That ends sign-in links and sessions. For any other it
// returns ErrOtherSecret.
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

// hasSecret is ErrOtherSecret when another process has replaced the secret since this one began.
func (a *App) hasSecret(ctx context.Context) error {
	known, _, err := installationDocs(a.engine).Get(ctx, installationKey)
	if err == nil && known.Check != a.secret.Check() {
		return ErrOtherSecret
	}
	return ifFound(err)
}

// sweepRotated removes, when their time is over, the access documents of a secret that was replaced.
func (w Worker) sweepRotated(ctx context.Context, shops []Shop) error {
	docs := installationDocs(w.app.engine)
	known, read, err := docs.Get(ctx, installationKey)
	if err != nil || known.RotatedAt.IsZero() || w.app.now().Before(known.RotatedAt.Add(rotatedKeep)) {
		return ifFound(err)
	}
	for _, shop := range shops {
		access := w.app.accessDocs(shop.ID)
		if err := access.eachOf(ctx, "", func(ctx context.Context, key, email string) error {
			if key == access.id(email) {
				return nil
			}
			return remove(ctx, access.Docs, key)
		}); err != nil {
			return err
		}
	}
	known.RotatedAt = time.Time{}
	err = docs.Replace(ctx, installationKey, read, known)
	if errors.Is(err, storage.ErrConflict) {
		return nil // the next sweep sees to it
	}
	return err
}

package sqlite_test

import (
	"testing"

	"postern/storage"
	"postern/storage/sqlite"
	"postern/storage/storagetest"
)

func TestConformance(t *testing.T) { storagetest.Run(t, place) }

func TestRaces(t *testing.T) { storagetest.Races(t, place) }

func place(t *testing.T) storagetest.Opener {
	dir := t.TempDir()
	return func(collections ...storage.Collection) (storage.Engine, error) {
		return sqlite.Open(t.Context(), dir, collections...)
	}
}

package portal

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"postern/portal/order"
)

// TestAnImportFindsAnOwnerOnce checks that orders of one buyer that arrive together find the customer once,
// that other buyers are apart, and that a failure is not kept.
func TestAnImportFindsAnOwnerOnce(t *testing.T) {
	t.Parallel()
	var owners importOwners
	jan, guest := buyer{"", "jan@example.com"}, buyer{"7", "jan@example.com"}
	var mu sync.Mutex
	calls := map[buyer]int{}
	find := func(of buyer) (order.Ownership, error) {
		return owners.find(t.Context(), of, func() (order.Ownership, error) {
			mu.Lock()
			defer mu.Unlock()
			calls[of]++
			return order.Ownership{Customer: of.feedCustomer + of.email}, nil
		})
	}
	var all sync.WaitGroup
	for range 50 {
		for _, of := range []buyer{jan, guest} {
			all.Go(func() {
				if got, err := find(of); err != nil || got.Customer != of.feedCustomer+of.email {
					t.Errorf("%v has the owner %v, %v", of, got, err)
				}
			})
		}
	}
	all.Wait()
	if calls[jan] != 1 || calls[guest] != 1 {
		t.Errorf("looked for %v times", calls)
	}
	owners.begun = owners.begun.Add(-ownerLife)
	if _, err := find(jan); err != nil || calls[jan] != 2 {
		t.Errorf("after %s: looked for %d times, %v", ownerLife, calls[jan], err)
	}

	failure, eva := errors.New("being erased"), buyer{"", "eva@example.com"}
	for range 2 {
		_, err := owners.find(t.Context(), eva, func() (order.Ownership, error) {
			return order.Ownership{}, failure
		})
		if !errors.Is(err, failure) {
			t.Errorf("error %v", err)
		}
	}
	if got, err := find(eva); err != nil || got.Customer != eva.email {
		t.Errorf("after a failure: %v, %v", got, err)
	}
}

// TestAnImportThatEndsDoesNotWaitForAnOwner checks that a wait for another order's search ends with the
// import.
func TestAnImportThatEndsDoesNotWaitForAnOwner(t *testing.T) {
	t.Parallel()
	var owners importOwners
	begun, goOn := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if _, err := owners.find(t.Context(), buyer{}, func() (order.Ownership, error) {
			close(begun)
			<-goOn
			return order.Ownership{}, nil
		}); err != nil {
			t.Errorf("the search: %v", err)
		}
	})
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := owners.find(ctx, buyer{}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	close(goOn)
	all.Wait()
}

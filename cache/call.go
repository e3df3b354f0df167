package cache

import (
	"context"
	"sync"
)

// loads is what is being loaded.
type loads[K comparable, V any] struct {
	one  func(context.Context, K) (*V, error)
	many func(context.Context, []K) (map[K]*V, error)

	mu     sync.Mutex // taken before any lock of the tiers
	calls  map[K]*call[K, V]
	errors errorList[K]
}

// call is the load of one key. It is in loads.calls until it ends; what it loads is
// stored only if it is still there. It is taken out when nobody waits for it any more,
// and when the key is invalidated.
type call[K comparable, V any] struct {
	key   K
	hash  uint64
	batch *batch[K, V]
	renew *entry[K]     // the entry whose value is loaded anew; nil if there was none
	done  chan struct{} // closed when v and err are final; nil as long as nobody waits for that
	v     *V
	err   error
	entry *entry[K] // of v
}

// batch is the calls that one run of a loader serves. The run is apart from it because
// it is the loader's context, which may live long and must not keep the values.
type batch[K comparable, V any] struct {
	*run
	calls []*call[K, V]

	// Most have one call, and need no other memory for it.
	first call[K, V]
	only  [1]*call[K, V]
}

func (l *loads[K, V]) possible() bool { return l.one != nil || l.many != nil }

// add makes a call and enters it into the list. s.loads.mu is held.
func (s *core[K, V]) add(b *batch[K, V], hash uint64, key K) *call[K, V] {
	c := &b.first
	if len(b.calls) == 0 {
		b.calls = b.only[:0]
	} else {
		c = new(call[K, V])
	}
	*c = call[K, V]{key: key, hash: hash, batch: b}
	b.calls = append(b.calls, c)
	if key != key {
		return c // a NaN: nobody could find it, or take it out
	}
	if s.loads.calls == nil {
		s.loads.calls = make(map[K]*call[K, V])
	}
	s.loads.calls[key] = c
	return c
}

// beWaitedFor makes it possible to wait for the call. loads.mu is held.
func (c *call[K, V]) beWaitedFor() {
	if c.done == nil {
		c.done = make(chan struct{})
	}
}

func (l *loads[K, V]) forgetError(key K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.errors.forget(key)
}

// detach keeps what is being loaded for a key from being stored. l.mu is held.
func (l *loads[K, V]) detach(key K) {
	delete(l.calls, key)
	l.errors.forget(key)
}

func (l *loads[K, V]) detachAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.calls)
	clear(l.errors.list)
}

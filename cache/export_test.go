package cache

import (
	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// Validate checks the invariants of the weak tier.
func (c *Cache[K, V]) Validate() error {
	defer gcclock.Pause()()
	return c.ready().tier.Validate()
}

// Loading returns how many loads are under way, and how many errors are kept.
func (c *Cache[K, V]) Loading() (calls, errors int) {
	l := &c.ready().loads
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.calls), len(l.errors.list)
}

// Waiting returns how many wait for the load of a key.
func (c *Cache[K, V]) Waiting(key K) int {
	l := &c.ready().loads
	l.mu.Lock()
	defer l.mu.Unlock()
	graph.Lock()
	defer graph.Unlock()
	if c := l.calls[key]; c != nil {
		return c.batch.waiters
	}
	return 0
}

// Remover returns a function that removes the entry that the key has now, and no
// other, as one does who has looked it up before.
func (c *Cache[K, V]) Remover(key K) func() {
	s := c.ready()
	hash := s.keys.Hash(key)
	_, e := s.find(hash, key)
	return func() { s.remove(hash, e, Expired) }
}

// LateKeeper returns a function that puts the value that the key has now into the
// strong tier, as one does who has stored it before.
func (c *Cache[K, V]) LateKeeper(key K) func() {
	s := c.ready()
	hash := s.keys.Hash(key)
	v, e := s.find(hash, key)
	return func() { s.keep(hash, e, v) }
}

// Core returns a weak reference to what is behind the cache.
func (c *Cache[K, V]) Core() weakref.Ref[core[K, V]] { return weakref.Make(c.ready()) }

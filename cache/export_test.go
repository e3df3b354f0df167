package cache

import (
	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// Validate checks the invariants of the table.
func (c *Cache[K, V]) Validate() error {
	defer gcclock.Pause()()
	return c.ready().tier.Validate()
}

// Loading returns how many loads are under way, and how many errors are kept.
func (c *Cache[K, V]) Loading() (calls, errors int) {
	s := c.ready()
	for at := range s.tier.Slots {
		switch {
		case at.Side.is(failed):
			errors++
		case at.Side.isLoading():
			calls++
		}
	}
	s.refreshes.mu.Lock()
	defer s.refreshes.mu.Unlock()
	return calls + len(s.refreshes.calls), errors
}

// Waiting returns how many wait for the load of a key.
func (c *Cache[K, V]) Waiting(key K) int {
	s := c.ready()
	hash := s.keys.Hash(key)
	l := s.tier.Lock(hash)
	defer l.Unlock()
	at, _ := s.current(l, hash, key)
	if at == nil || !at.Side.isLoading() {
		return 0
	}
	return int(callOf(at).batch.run.state.Load() / waiter)
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
// strong tier, as one does who has found it weak before.
func (c *Cache[K, V]) LateKeeper(key K) func() {
	s := c.ready()
	hash := s.keys.Hash(key)
	v, e := s.find(hash, key)
	return func() { s.keep(hash, e, v) }
}

// Core returns a weak reference to what is behind the cache.
func (c *Cache[K, V]) Core() weakref.Ref[core[K, V]] { return weakref.Make(c.ready()) }

// LateLooker returns a function that says which value the entry that the key has now has, as
// one does who has found its slot before. There is one, though it may be loading.
func (c *Cache[K, V]) LateLooker(key K) func() *V {
	s := c.ready()
	hash := s.keys.Hash(key)
	at := findSlot(s.tier.Read(hash), hash, key)
	return func() *V {
		v, _ := s.look(at)
		return v
	}
}

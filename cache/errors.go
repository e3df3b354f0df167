package cache

import (
	"errors"
	"fmt"
)

var (
	errGoexit = errors.New("cache: the loader called runtime.Goexit")
	errNil    = errors.New("cache: Load returned nil and no error")
)

// keyError is an error with its key. It is put into words when somebody asks for them,
// because to do so calls the key's String, which may do anything, even ask the cache.
type keyError[K comparable] struct {
	key K
	err error
}

func keyed[K comparable](key K, err error) error { return &keyError[K]{key, err} }

// Error returns the error and the key.
func (e *keyError[K]) Error() string { return fmt.Sprintf("%v for key %v", e.err, e.key) }

// Unwrap returns the error without the key.
func (e *keyError[K]) Unwrap() error { return e.err }

// failure is an error that is kept in the place of a value.
type failure struct {
	mark
	err   error
	class class
	until int64
}

var noLoader = &failure{err: ErrNoLoader}

// fail ends the loading of an entry with an error, which is kept if it says something
// about the key. The segment is locked.
func (s *core[K, V]) fail(l locked[K, V], at *slot[K, V], c *call[K, V]) {
	if s.keepErrors == 0 || c.class == ofContext {
		l.Remove(at)
		return
	}
	f := &failure{err: c.err, class: c.class, until: after(s.times.now(), s.keepErrors)}
	l.Set(at, f.ref())
	c.entry.set(failed)
}

// tendFailure removes an error whose time is over, and reports whether it was not.
func (s *core[K, V]) tendFailure(e *entry[K, V], now int64) bool {
	hash := s.keys.Hash(e.key)
	l := s.tier.Lock(hash)
	defer l.Unlock()
	at, _ := s.slotOf(l, hash, e)
	if at == nil || !e.is(failed) {
		return false
	}
	if now < failureOf(at).until {
		return true
	}
	l.Remove(at)
	return false
}

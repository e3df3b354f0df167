package weakref

import (
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
)

// Kill makes every weak reference to p dead, although the caller still holds it.
func Kill[T any](p *T) bool { return handle.Kill(p) }

// UseConstantHash gives all keys of an unused map one hash.
func (m *ValueMap[K, V]) UseConstantHash() {
	m.begin().keys = keyhash.Constant[K]()
}

// Hash returns the hash of a key.
func (m *ValueMap[K, V]) Hash(key K) uint64 { return m.state.Load().keys.Hash(key) }

// Validate checks the invariants of the table.
func (m *ValueMap[K, V]) Validate() error {
	if s := m.state.Load(); s != nil {
		defer gcclock.Pause()()
		return s.table.Validate()
	}
	return nil
}

func (m *KeyMap[K, V]) Validate() error {
	if s := m.state.Load(); s != nil {
		defer gcclock.Pause()()
		return s.table.Validate()
	}
	return nil
}

func (s *Set[T]) Validate() error {
	if s := s.state.Load(); s != nil {
		defer gcclock.Pause()()
		return s.table.Validate()
	}
	return nil
}

func (in *Interner[T]) Validate() error {
	if s := in.state.Load(); s != nil {
		defer gcclock.Pause()()
		return s.table.Validate()
	}
	return nil
}

func (in *InternerFunc[T]) Validate() error {
	if s := in.state.Load(); s != nil {
		defer gcclock.Pause()()
		return s.table.Validate()
	}
	return nil
}

// UseConstantHash gives all values of an unused Interner one hash.
func (in *Interner[T]) UseConstantHash() { in.ready().keys = keyhash.Constant[T]() }

// HasSlots reports whether KeyMap hangs values on keys of type K.
func HasSlots[K any]() bool {
	_, ok := slotsOffset[K]()
	return ok
}

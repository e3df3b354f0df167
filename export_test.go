package weakref

import (
	"time"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/internal/table"
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

// BeforeHash has f called before a hash of an entry is computed.
func (m *ValueMap[K, V]) BeforeHash(f func()) { beforeHash(&m.state.Load().table, f) }

func (m *KeyMap[K, V]) BeforeHash(f func()) { beforeHash(&m.state.Load().table, f) }

func (s *Set[T]) BeforeHash(f func()) { beforeHash(&s.state.Load().table, f) }

func (in *Interner[T]) BeforeHash(f func()) { beforeHash(&in.state.Load().table, f) }

func beforeHash[S any](t *table.Table[S], f func()) {
	hash := t.Policy.Hash
	t.Policy.Hash = func(slot *table.Slot[S], ref handle.H) (uint64, bool) {
		f()
		return hash(slot, ref)
	}
}

// HurryWaiters has programs that do nothing but wait for deaths collect again and again.
func HurryWaiters() {
	awakeEvery = 10 * time.Millisecond
	neverCollected = func() bool { return true }
}

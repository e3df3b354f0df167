package weakref

import (
	"hash/maphash"
	"iter"
	"slices"

	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/lazy"
	"github.com/weakref-go/weakref/internal/table"
)

// Hasher says when two values are equal, and gives equal values equal hashes. It
// has the methods of the interface of that name proposed for package
// [hash/maphash].
type Hasher[T any] interface {
	Hash(h *maphash.Hash, v T)
	Equal(a, b T) bool
}

// InternerFunc is an [Interner] for values that Go cannot compare, or not in the
// way that is wanted: slices, structs with slices, strings without regard to case.
//
// Its fields are set before first use; it must not be copied after that.
type InternerFunc[T any] struct {
	// Name is shown by Stats.
	Name string

	// Hasher says which values are equal. It must be set. It is called under no
	// lock.
	Hasher Hasher[T]

	// Clone, if set, makes the copy that becomes canonical. Without it, the value is
	// copied as an assignment does: a slice then shares its elements with the value
	// that was interned first, which nobody may change any more.
	Clone func(T) T

	state lazy.Value[internFuncState[T]] // made at the first Intern
}

// internFuncState is an InternerFunc in use. Entries carry their hashes, because
// computing them anew would call the user's code under a lock.
type internFuncState[T any] struct {
	seed   maphash.Seed
	table  table.Table[uint64]
	copies copies[T]
	name   string // Name at the first Intern
}

// Intern returns the canonical pointer for values that equal v. It panics if Hasher
// is not set.
func (in *InternerFunc[T]) Intern(v T) *T {
	s := in.ready()
	hash := in.hash(s, v)
	var p *T
	var ref handle.H
	for {
		found, others := in.search(s, hash, v)
		if found != nil {
			return found
		}
		if p == nil {
			p = in.copy(s, v)
			ref = handle.Of(p)
		}
		if s.insert(hash, ref, others) {
			return p
		}
	}
}

// Lookup returns the canonical pointer for values that equal v, if there is one.
func (in *InternerFunc[T]) Lookup(v T) (*T, bool) {
	s := in.state.Load()
	if s == nil {
		return nil, false
	}
	p, _ := in.search(s, in.hash(s, v), v)
	return p, p != nil
}

// Len is as [Interner.Len].
func (in *InternerFunc[T]) Len() int {
	if s := in.state.Load(); s != nil {
		return s.table.Len()
	}
	return 0
}

// All is as [Interner.All].
func (in *InternerFunc[T]) All() iter.Seq[*T] {
	return func(yield func(*T) bool) {
		if s := in.state.Load(); s != nil {
			live[T](&s.table, yield)
		}
	}
}

// Sweep is as [Interner.Sweep].
func (in *InternerFunc[T]) Sweep() int {
	if s := in.state.Load(); s != nil {
		return s.table.Sweep()
	}
	return 0
}

// Stats returns the counters.
func (in *InternerFunc[T]) Stats() Stats {
	st := Stats{Name: in.Name}
	if s := in.state.Load(); s != nil {
		reportTable(&st, &s.table)
	}
	return st
}

func (in *InternerFunc[T]) ready() *internFuncState[T] {
	if s := in.state.Load(); s != nil {
		return s
	}
	if in.Hasher == nil {
		panic("weakref: InternerFunc needs its Hasher set before first use")
	}
	return in.state.Begin(in.newState, func(s *internFuncState[T]) {
		gcclock.Watch(s, (*internFuncState[T]).sweep)
	})
}

func (in *InternerFunc[T]) newState() *internFuncState[T] {
	s := &internFuncState[T]{seed: maphash.MakeSeed(), name: in.Name}
	s.table.Policy.Hash = func(slot *table.Slot[uint64], _ handle.H) (hash uint64, live bool) {
		return slot.Side, true
	}
	return s
}

func (s *internFuncState[T]) sweep() { s.table.Sweep() }

func (in *InternerFunc[T]) hash(s *internFuncState[T], v T) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	in.Hasher.Hash(&h, v)
	return h.Sum64()
}

func (in *InternerFunc[T]) copy(s *internFuncState[T], v T) *T {
	if in.Clone == nil {
		return s.copies.value(v)
	}
	clone := in.Clone(v)
	if !in.Hasher.Equal(clone, v) && in.Hasher.Equal(v, v) {
		panic("weakref: InternerFunc.Clone has returned a value that is not equal to its argument")
	}
	return s.copies.value(clone)
}

// search returns the live copy that equals v, or nil and the handles of all that
// have the same hash and are not equal, or dead.
func (in *InternerFunc[T]) search(s *internFuncState[T], hash uint64, v T) (found *T, others []handle.H) {
	table.FindFunc(s.table.Read(hash), hash, func(slot *table.Slot[uint64]) bool {
		ref := slot.Ref()
		if ref == nil || slot.Side != hash {
			return false
		}
		if p := handle.Strong[T](ref); p != nil && in.Hasher.Equal(*p, v) {
			found = p
			return true
		}
		others = append(others, ref)
		return false
	})
	return found, others
}

// insert adds an entry, unless there is one with the same hash that is not among
// those that have been compared. It compares no values, so it can hold the lock.
func (s *internFuncState[T]) insert(hash uint64, ref handle.H, compared []handle.H) bool {
	l := s.table.Lock(hash)
	defer l.Unlock()
	next := 0 // of compared: its order is that of the table, unless there have been changes
	unseen := table.FindFunc(l.View(), hash, func(slot *table.Slot[uint64]) bool {
		other := slot.Ref()
		if other == nil || slot.Side != hash {
			return false
		}
		if next >= len(compared) || compared[next] != other {
			next = slices.Index(compared, other)
		}
		next++
		return next == 0 // it was not among them
	})
	if unseen != nil {
		return false
	}
	l.Insert(ref, hash)
	return true
}

// String is as [Interner.String].
func (in *InternerFunc[T]) String() string { return describe(in, in.Name, in.Len()) }

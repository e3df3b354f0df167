package suite

import (
	"math/bits"
	"sync/atomic"
	"weak"
)

// What is here finds nothing by key and removes nothing that is dead. It does only
// what the runtime, or the language, makes everybody do who refers to an object
// weakly, or keeps something with it: no container can be faster.

const (
	Floor      = "[]weak.Pointer"
	FieldFloor = "pointer-in-the-key"
)

// bare has a place for each key in a list, and a weak pointer in each place.
type bare struct{ places []weak.Pointer[object] }

// newBare returns a bare for n consecutive keys, wherever they begin.
func newBare(n int) subject[int, *object] {
	return &bare{make([]weak.Pointer[object], 1<<bits.Len(uint(n-1)))}
}

func (s *bare) at(k int) *weak.Pointer[object] { return &s.places[k&(len(s.places)-1)] }

func (s *bare) Store(k int, v *object) { *s.at(k) = weak.Make(v) }
func (s *bare) Load(k int) bool        { return s.at(k).Value() != nil }
func (s *bare) Delete(k int)           { *s.at(k) = weak.Pointer[object]{} }
func (s *bare) Loads(keys []int) int {
	return loads(keys, func(k int) bool { return s.at(k).Value() != nil })
}

func (s *bare) Each() (n int) {
	for i := range s.places {
		if s.places[i].Value() != nil {
			n++
		}
	}
	return n
}

// bareSet makes the weak pointers that a set of n objects needs.
type bareSet struct {
	members []weak.Pointer[object]
	n       atomic.Int64 // so that several threads can store
}

func newBareSet(n int) subject[*object, int] {
	return &bareSet{members: make([]weak.Pointer[object], n)}
}

func (s *bareSet) Store(k *object, _ int)   { s.members[s.n.Add(1)-1] = weak.Make(k) }
func (s *bareSet) Load(*object) bool        { return true }
func (s *bareSet) Delete(*object)           {}
func (s *bareSet) Loads(keys []*object) int { return len(keys) }
func (s *bareSet) Each() int                { return int(s.n.Load()) }

// pointing is an object of 64 bytes with a pointer to what is kept with it.
type pointing struct {
	value *int
	_     [64 - ptrSize]byte
}

// field is no container at all: who owns the type of the keys has a field of theirs
// lead to the values.
type field struct{}

func (field) Store(k *pointing, v int) { k.value = &v }
func (field) Load(k *pointing) bool    { return k.value != nil && *k.value != 0 }
func (field) Delete(k *pointing)       { k.value = nil }
func (field) Each() int                { return 0 }
func (field) Loads(keys []*pointing) int {
	return loads(keys, func(k *pointing) bool { return k.value != nil && *k.value != 0 })
}

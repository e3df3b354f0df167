// Package keyhash hashes comparable keys for in-memory tables.
package keyhash

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"unsafe"
)

// Hasher hashes keys of type K with seeds of its own, so that nobody can prepare
// keys that collide. Equal keys have equal hashes, which differ from Hasher to
// Hasher. As in a Go map, a NaN has another hash each time. A key that holds an
// interface with a value that cannot be compared makes Hash panic.
//
// The zero Hasher is not ready; see [Make].
type Hasher[K comparable] struct {
	seed maphash.Seed
	a, b uint64
	size uint8 // of an integer or a pointer, which is hashed as it is; else 0
}

// Make returns a Hasher with new seeds.
func Make[K comparable]() Hasher[K] {
	h := Hasher[K]{seed: maphash.MakeSeed(), a: rand.Uint64(), b: rand.Uint64() | 1}
	switch t := reflect.TypeFor[K](); t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Pointer, reflect.UnsafePointer, reflect.Chan:
		h.size = uint8(t.Size())
	}
	h.spoil()
	return h
}

// Constant returns a Hasher of integers that gives them all one hash. It is for
// tests.
func Constant[K comparable]() Hasher[K] {
	h := Make[K]()
	h.b = 0
	return h
}

// Hash returns the hash of k.
func (h *Hasher[K]) Hash(k K) uint64 {
	if hash, ok := h.Quick(k); ok {
		return hash
	}
	switch p := unsafe.Pointer(&k); h.size { // safe: size is that of K
	case 4:
		return h.Word(uint64(*(*uint32)(p)))
	case 2:
		return h.Word(uint64(*(*uint16)(p)))
	case 1:
		return h.Word(uint64(*(*uint8)(p)))
	case truncated:
		return h.Word(lowest(p, unsafe.Sizeof(k)))
	}
	return maphash.Comparable(h.seed, k)
}

// Quick returns what Hash does, without a call, if keys are of one 64-bit word.
// It is for the one place where a call of Hash would show.
func (h *Hasher[K]) Quick(k K) (hash uint64, ok bool) {
	if h.size != 8 {
		return 0, false
	}
	return h.Word(*(*uint64)(unsafe.Pointer(&k))), true // safe: K is 8 bytes of plain bits
}

// Word returns the hash of one word: the halves of a product with a secret odd
// number, folded, and the same again with a known one. It is the step of wyhash;
// one of them would not do, as the test of common patterns of keys shows. All bits
// of the result are good to index with, in any place.
func (h *Hasher[K]) Word(w uint64) uint64 {
	hi, lo := bits.Mul64(w^h.a, h.b)
	hi, lo = bits.Mul64(hi^lo, golden)
	return hi ^ lo
}

// golden is 2 to the 64 divided by the golden ratio, odd and without pattern.
const golden = 0x9e3779b97f4a7c15

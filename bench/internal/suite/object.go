package suite

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/weakref-go/weakref"
)

// object is what is held weakly: 64 bytes, with a pointer in it for the collector
// to look at.
type object struct {
	_ *object
	_ [64 - ptrSize]byte
}

// slotted is an object that carries its own side table, of the same size.
type slotted struct {
	weakref.Slots
	_ [64 - 3*ptrSize]byte
}

const ptrSize = 4 << (^uintptr(0) >> 63)

// random returns the same numbers in every process.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// shuffled returns list in an order of its own.
func shuffled[T any](seed uint64, list []T) []T {
	random(seed).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

// many returns n objects in the order in which they were made, which is that in which
// a program stores them that makes and stores one after the other.
func many[T any](n int) []*T {
	list := make([]*T, n)
	for i := range list {
		list[i] = new(T)
	}
	return list
}

// numbers returns from, from+1, … in no order.
func numbers(from, n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = from + i
	}
	return shuffled(uint64(from), list)
}

// names is numbers as strings of 21 bytes.
func names(from, n int) []string {
	list := make([]string, n)
	for i, number := range numbers(from, n) {
		list[i] = fmt.Sprintf("customer/%012d", number)
	}
	return list
}

func same[T any](v T) T { return v }

// clone gives a key of its own bytes, as a key that was read from somewhere has.
func clone(s string) string { return strings.Clone(s) }

// Package real holds bugs found in published code, rewritten in minimal form.
package real

import (
	"runtime"
	"sync"
)

// A map that learns how large it gets: the finalizer is on a container that
// only this function knows.
type hint struct{ total, size int }

type container[K comparable, V any] struct {
	m    map[K]V
	hint *hint
}

func makeHint[K comparable, V any](h *hint) map[K]V {
	m := make(map[K]V, h.size)
	c := &container[K, V]{m: m, hint: h}
	runtime.SetFinalizer(c, func(c *container[K, V]) { // want `nothing refers to this object`
		c.hint.total++
		c.hint.size = len(c.m)
	})
	return m
}

// Accounts that go back to their pool when they die.
type sinker struct{ pool sync.Pool }

type account struct{ id string }

func (s *sinker) newAccount() *account {
	data := s.pool.Get()
	runtime.SetFinalizer(data, s.pool.Put) // want `an object from a sync.Pool comes back`
	return data.(*account)
}

// A cache in a variable, to be stopped when the process exits.
type arc struct{ quit chan int }

func newARC() *arc { return &arc{} }

func (a *arc) Stop() {}

var c = newARC()

func init() {
	runtime.SetFinalizer(c, func(c *arc) { c.Stop() }) // want `c stays in a package-level variable`
}

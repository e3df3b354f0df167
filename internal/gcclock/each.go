package gcclock

import (
	"slices"
	"sync/atomic"
)

// Watched stands for an object that is watched, without holding it. It is comparable, and
// no two objects ever have the same.
type Watched interface {
	// Alive reports whether the object has not been found dead.
	Alive() bool

	value() any // the object, a pointer; nil if it is dead
}

// Each calls f with every object that is watched and alive, one after the other, in the
// order in which they began to be watched, until it returns false. It is called under no lock. It holds one of them at a time. What is watched from the
// beginning of the call to its end is listed; other objects perhaps.
//
// A program that does not call Each does not contain it.
func Each(f func(w Watched, p any) bool) {
	clock.mu.Lock()
	all := slices.Clone(clock.watchers)
	clock.mu.Unlock()
	for _, w := range all {
		if p := w.value(); p != nil && !f(w, p) {
			return
		}
	}
}

// OnWatch, if it is set, is called on the goroutine that has an object watched, before
// that is. The object's container may be just being made, under locks: the function
// must not run user code, nor touch containers.
var OnWatch atomic.Pointer[func(Watched)]

// Package live lists the containers of the process that are alive, and gives each a
// number. It is what packages inspect and debug have in common.
//
// Nothing here holds a container, but for the time of a call. Numbers are given when a
// container is first listed, and are not used again.
package live

import (
	"reflect"
	"runtime"
	"sync"
	"weak"

	"github.com/weakref-go/weakref/internal/described"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// Each calls f with every container that is alive, the oldest first, until it returns
// false: its number, where it was made if that was recorded, and its state. It is called
// under no lock.
func Each(f func(id uint64, created []uintptr, s described.State) bool) {
	n := 0
	gcclock.Each(func(w gcclock.Watched, p any) bool {
		s, ok := p.(described.State)
		if !ok {
			return true
		}
		n++
		facts := known.of(w)
		return f(facts.id, facts.created, s)
	})
	known.forget(2*n + 64)
}

// Find returns the state of a container, or nil if there is none of this number that is
// alive. The caller holds it then.
func Find(id uint64) (found described.State) {
	Each(func(other uint64, _ []uintptr, s described.State) bool {
		if other == id {
			found = s
		}
		return found == nil
	})
	return found
}

// Weak returns something that holds the state of a container weakly and leads to nothing
// else, so that package heap can be asked what holds it.
func Weak(s described.State) any {
	return &struct{ p weak.Pointer[byte] }{weak.Make((*byte)(reflect.ValueOf(s).UnsafePointer()))}
}

// Record has it recorded, or no longer, where containers are made, and returns how it was.
func Record(on bool) (was bool) {
	var f *func(gcclock.Watched)
	if on {
		f = &recordHere
	}
	return gcclock.OnWatch.Swap(f) != nil
}

var recordHere = func(w gcclock.Watched) {
	var calls [32]uintptr
	n := runtime.Callers(2, calls[:])
	known.note(w, append([]uintptr(nil), calls[:n]...))
}

// facts is what is known of a container beyond what it says itself. It does not change.
type facts struct {
	id      uint64
	created []uintptr
}

// registry has the facts of those that have been listed, or whose making was recorded.
type registry struct {
	mu    sync.Mutex // a leaf: no lock is taken under it
	last  uint64
	all   map[gcclock.Watched]facts
	limit int // how many there may be until the dead are looked for
}

var known = registry{limit: 1024}

func (r *registry) of(w gcclock.Watched) facts {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.all[w]
	if !ok {
		f = r.addLocked(w, nil)
	}
	return f
}

func (r *registry) note(w gcclock.Watched, created []uintptr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addLocked(w, created)
	if len(r.all) > r.limit {
		r.forgetLocked()
		r.limit = max(2*len(r.all), 1024)
	}
}

func (r *registry) addLocked(w gcclock.Watched, created []uintptr) facts {
	if r.all == nil {
		r.all = make(map[gcclock.Watched]facts)
	}
	r.last++
	f := facts{r.last, created}
	r.all[w] = f
	return f
}

// forget forgets the dead if there are more than so many entries.
func (r *registry) forget(more int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) > more {
		r.forgetLocked()
	}
}

func (r *registry) forgetLocked() {
	all := make(map[gcclock.Watched]facts)
	for w, f := range r.all {
		if w.Alive() {
			all[w] = f
		}
	}
	r.all = all
}

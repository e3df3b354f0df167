package rc

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"
	"weak"

	"github.com/weakref-go/weakref/internal/callback"
)

// An anchor is what handles hold besides the block, and nothing else does: when
// the collector finds it dead, the handles that held it are gone, closed or not.
// A cleanup registered with the anchor then looks for shares that were never
// given back. The cleanup knows the slot, not the anchor:
//
//	handle ──► anchor ──► slot ◄── cleanup, a root
//	   │                    │
//	   └──────► block ◄─────┘
//
// Registering a cleanup costs more than everything else that New does, taken
// together and three times over, so anchors are used again. The last Close
// empties the slot and puts the anchor back; from then on no handle refers to
// it, because closing a handle clears what it refers to. Programs pay for as
// many cleanups as they have values at one time, not for one each.
//
// The fields of the slot are plain. They are written only by goroutines that hold
// the anchor, and the cleanup that reads them runs after a collection has found
// that none does: the runtime orders the two.
type anchor struct {
	slot *slot
	self atomic.Pointer[weak.Pointer[anchor]] // made when a weak handle first needs it
	_    [4]uintptr                           // fewer to a span: registration walks the span's records
}

type slot struct {
	lessee  lessee // nil while the anchor is not in use
	tracked bool   // the anchor's only handle has a record, which reports its loss
}

// lessee is a block, for the cleanup.
type lessee interface {
	lost(*slot)
}

// lease returns an anchor for handles of b.
func lease(b lessee) *anchor {
	a, _ := anchors.Get().(*anchor)
	if a == nil {
		a = newAnchors()
	}
	a.slot.lessee = b
	return a
}

// putBack takes back an anchor that no handle refers to any more.
func putBack(a *anchor) {
	*a.slot = slot{}
	anchors.Put(a)
}

// weak returns a weak pointer to the anchor, the same each time.
func (a *anchor) weak() weak.Pointer[anchor] {
	w := a.self.Load()
	if w == nil {
		p := weak.Make(a)
		w = &p
		a.self.Store(w)
	}
	return *w
}

// anchors are those not in use. The pool lets go of them after two collections;
// their cleanups then find an empty slot.
var anchors sync.Pool

// batch is how many anchors are made at a time. In descending order of address
// registration costs two fifths of what it costs one by one.
const batch = 32

// newAnchors makes a batch of anchors, returns one and puts the others into the
// pool.
func newAnchors() *anchor {
	all := make([]*anchor, batch)
	for i := range all {
		all[i] = &anchor{slot: new(slot)}
	}
	slices.SortFunc(all, func(a, b *anchor) int {
		return -cmp.Compare(uintptr(unsafe.Pointer(a)), uintptr(unsafe.Pointer(b)))
	})
	for _, a := range all {
		runtime.AddCleanup(a, anchorLost, a.slot)
	}
	for _, a := range all[1:] {
		anchors.Put(a)
	}
	return all[0]
}

// anchorLost runs on one of the runtime's cleanup goroutines, where the user's
// drop must not run: it could block all other cleanups of the program.
func anchorLost(s *slot) {
	if s.lessee != nil {
		callback.Go(lostHandles{}, func() { s.lessee.lost(s) })
	}
}

// lostHandles is where drop functions run for handles that were lost, and functions that
// are told of it, for weakref.Shutdown.
type lostHandles struct{}

// Describe says what is called.
func (lostHandles) Describe() string {
	return "drop functions of package rc for handles that were lost"
}

// Pending returns nothing: each begins at once.
func (lostHandles) Pending() int { return 0 }

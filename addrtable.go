package weakref

import (
	"runtime"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/internal/table"
)

// addrTable is a table of objects that are found by address. Looking an object up
// needs no weak pointer of it: the caller holds the object, so nothing else is at
// its address, and the handle of an entry gives away whose address it is. This
// rests on the collector not moving objects; see [handle.Addr].
type addrTable[K, S any] struct {
	addrs keyhash.Hasher[uintptr]
	table table.Table[S]
}

// init must be called before first use. The other functions of the policy are the
// caller's.
func (t *addrTable[K, S]) init() {
	t.addrs = keyhash.Make[uintptr]()
	t.table.Policy.Hash = func(_ *table.Slot[S], ref handle.H) (hash uint64, live bool) {
		addr := handle.Addr[S](ref)
		return t.addrs.Hash(addr), addr != 0
	}
}

// find returns the slot of an object, if it has one.
func (t *addrTable[K, S]) find(key *K) *table.Slot[S] {
	addr := uintptr(unsafe.Pointer(key))
	hash, ok := t.addrs.Quick(addr)
	if !ok {
		hash = t.addrs.Hash(addr)
	}
	slot := table.FindAddr(t.table.Read(hash), hash, addr)
	runtime.KeepAlive(key)
	return slot
}

// lock locks the segment of an object and returns its slot, if it has one.
func (t *addrTable[K, S]) lock(key *K) (table.Locked[S], *table.Slot[S]) {
	addr := uintptr(unsafe.Pointer(key))
	hash := t.addrs.Hash(addr)
	l := t.table.Lock(hash)
	slot := table.FindAddr(l.View(), hash, addr)
	runtime.KeepAlive(key)
	return l, slot
}

// keys yields the live objects.
func (t *addrTable[K, S]) keys(yield func(*K) bool) {
	for slot := range t.table.Slots {
		ref := slot.Ref()
		if ref == nil {
			continue
		}
		if key := handle.Strong[K](ref); key != nil && !yield(key) {
			return
		}
	}
}

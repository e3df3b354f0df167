package event

import (
	"math/bits"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/handle"
)

// list is places for listeners, in order, and an index by owner and handler. Except
// for the walk over the places, it is used under core.mu.
type list[E any] struct {
	n        atomic.Int64 // places in use, holes included
	unsorted atomic.Bool  // a listener has a higher priority than one before it
	subs     []atomic.Pointer[listener[E]]
	last     int // the priority of the listener added last

	// index is a hash table with linear probing of places, counted from 1, in the lower
	// half of a word, and their hashes in the upper, so that a look-up seldom looks at a
	// listener in vain. It is at least twice as long as subs, so that it is never more
	// than half full; the entry of a hole stays.
	index []uint64
}

func newList[E any](capacity int) *list[E] {
	return &list[E]{
		subs:  make([]atomic.Pointer[listener[E]], capacity),
		index: make([]uint64, 2<<bits.Len(uint(capacity-1))),
	}
}

// find returns the listener of a key whose owner the caller holds, or nil. One that has
// ended is about to be removed. While
// the owner lives, no other object has its address, so whatever handle yields that
// address is its own.
func (l *list[E]) find(k key) *listener[E] {
	hash := k.hash()
	for at := hash; ; at++ {
		entry := l.index[l.slot(at)]
		if entry == 0 {
			return nil
		}
		if uint32(entry>>32) != hash {
			continue
		}
		s := l.subs[uint32(entry)-1].Load()
		if s != nil && s.key == k && s.state.Load()&ended == 0 && handle.Addr[byte](s.owner) == k.owner {
			return s
		}
	}
}

// add adds a listener behind the last. The list is not full.
func (l *list[E]) add(s *listener[E]) {
	hash := s.key.hash()
	at := hash
	for l.index[l.slot(at)] != 0 {
		at++
	}
	n := l.n.Load()
	if n > 0 && s.priority > l.last {
		l.unsorted.Store(true)
	}
	l.last = s.priority
	s.index = uint32(n)
	l.index[l.slot(at)] = uint64(hash)<<32 | uint64(n+1)
	l.subs[n].Store(s)
	l.n.Store(n + 1) // publishes the listener: whoever loads n sees it whole
}

// slot returns a place in the index, whose length is a power of two.
func (l *list[E]) slot(hash uint32) int { return int(hash) & (len(l.index) - 1) }

// hash mixes two addresses. The upper half of a product depends on all bits below.
func (k key) hash() uint32 {
	const odd = 0x9E3779B97F4A7C15
	h := (uint64(k.owner) + uint64(uintptr(k.handler))*odd) * odd
	return uint32(h>>32) ^ uint32(h>>52)
}

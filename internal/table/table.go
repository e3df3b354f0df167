package table

import (
	"sync"
	"sync/atomic"

	"github.com/weakref-go/weakref/internal/handle"
)

// Table is described in the package comment. It is ready to use once its Policy
// is set, and must not be copied after that.
type Table[S any] struct {
	dir atomic.Pointer[directory[S]] // nil while the table is empty

	Policy Policy[S]

	_ [64]byte // keeps what writers write away from what readers read

	mu    sync.Mutex // guards dir and what it points to against writers
	count atomic.Int64
	stats Stats
}

// Policy is what the table must know of its entries. All its functions are set
// before first use.
type Policy[S any] struct {
	// Hash returns the hash of an entry, and false if the entry is dead. ref is what
	// the caller has loaded from the slot and is not nil: whoever loads it again may
	// get nil, for the lock is not always held. It must not run user code.
	Hash func(slot *Slot[S], ref handle.H) (hash uint64, live bool)

	// Release, if set, is called under a lock for an entry that is removed because
	// it is dead. It drops what the side value must not keep alive.
	Release func(side *S)

	// Dead, if set, is called with the side values of entries that were removed
	// because they were dead, each once. No lock is held.
	Dead func(sides []S)

	// Pointers says that side values hold pointers, so that the slot of a removed
	// entry keeps something alive until its segment is rebuilt.
	Pointers bool
}

// Stats counts what a table has done.
type Stats struct {
	Collected atomic.Uint64 // entries removed because they were dead
	Sweeps    atomic.Uint64 // completed sweeps
}

type entry[S any] struct {
	ref  handle.H
	side S
}

// Len returns the number of entries not yet known to be dead.
func (t *Table[S]) Len() int { return int(t.count.Load()) }

// Cap returns the number of slots.
func (t *Table[S]) Cap() int {
	n := 0
	for _, s := range t.segments {
		n += len(s.groups) * slotsPerGroup
	}
	return n
}

// Stats returns the counters.
func (t *Table[S]) Stats() *Stats { return &t.stats }

// Read returns the groups that may hold entries with this hash.
func (t *Table[S]) Read(hash uint64) View[S] {
	d := t.dir.Load()
	if d == nil {
		return View[S]{}
	}
	if d.only != nil {
		return View[S]{d.only, d.groups}
	}
	return View[S]{d.at(hash).first.Load(), d.groups}
}

// Locked is a locked segment: the part of the table that holds the entries with
// one hash, and others. What is found in its View stays as it is until Unlock.
type Locked[S any] struct {
	t    *Table[S]
	s    *segment[S]
	hash uint64
}

// Lock locks the segment of a hash.
func (t *Table[S]) Lock(hash uint64) Locked[S] {
	for {
		s := t.segmentAt(hash)
		if s == nil {
			t.begin()
			continue
		}
		s.mu.Lock()
		if !s.retired.Load() {
			return Locked[S]{t, s, hash}
		}
		s.mu.Unlock()
	}
}

// begin gives an empty table its first segment.
func (t *Table[S]) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir.Load() == nil {
		t.dir.Store(single(&segment[S]{groups: make([]group[S], 1)}))
	}
}

// single returns a directory of one segment.
func single[S any](s *segment[S]) *directory[S] {
	d := newDirectory[S](0, len(s.groups))
	d.install(s)
	d.only = &s.groups[0]
	return d
}

// Unlock unlocks the segment and reports the entries that were buried.
func (l Locked[S]) Unlock() { l.t.unlock(l.s) }

func (t *Table[S]) unlock(s *segment[S]) {
	dead := s.dead
	s.dead = nil
	s.mu.Unlock()
	if len(dead) > 0 {
		t.Policy.Dead(dead)
	}
}

// View returns the groups of the segment.
func (l Locked[S]) View() View[S] { return l.s.view() }

// Insert adds an entry that is not in the table. The slots of the View are not to
// be used any more.
func (l Locked[S]) Insert(ref handle.H, side S) {
	l.t.count.Add(1)
	e := entry[S]{ref, side}
	if l.s.used < l.s.limit() {
		l.s.add(l.hash, e)
		return
	}
	l.t.makeRoom(l.s, l.hash, e)
}

// Set exchanges the handle of an entry, or puts a removed entry back.
func (l Locked[S]) Set(slot *Slot[S], ref handle.H) {
	if slot.ref == nil {
		l.s.live++
		l.t.count.Add(1)
	}
	atomic.StorePointer(&slot.ref, ref)
}

// Remove removes an entry that has not been removed.
func (l Locked[S]) Remove(slot *Slot[S]) { l.t.remove(l.s, slot) }

// Bury removes an entry that is dead and has not been removed.
func (l Locked[S]) Bury(slot *Slot[S]) { l.t.buryOne(l.s, slot) }

func (t *Table[S]) remove(s *segment[S], slot *Slot[S]) {
	s.empty(slot)
	t.count.Add(-1)
}

func (s *segment[S]) empty(slot *Slot[S]) {
	atomic.StorePointer(&slot.ref, nil)
	s.live--
}

func (t *Table[S]) buryOne(s *segment[S], slot *Slot[S]) {
	t.bury(s, slot)
	t.countBuried(1)
}

// bury removes an entry that is dead. The caller counts those that he buries.
func (t *Table[S]) bury(s *segment[S], slot *Slot[S]) {
	s.empty(slot)
	if t.Policy.Dead != nil {
		s.dead = append(s.dead, slot.Side)
	}
	if t.Policy.Release != nil {
		t.Policy.Release(&slot.Side)
	}
}

func (t *Table[S]) countBuried(n int) {
	t.count.Add(-int64(n))
	t.stats.Collected.Add(uint64(n))
}

// TryBury removes an entry that a reader has found dead in v, unless somebody
// else is writing there. It does not wait.
func (t *Table[S]) TryBury(v View[S], hash uint64, slot *Slot[S]) {
	s := t.segmentAt(hash)
	if s == nil || !s.mu.TryLock() {
		return
	}
	if !s.retired.Load() && &s.groups[0] == v.first && slot.IsDead() {
		t.buryOne(s, slot)
	}
	t.unlock(s)
}

// Clear removes all entries at one moment.
func (t *Table[S]) Clear() {
	t.mu.Lock()
	d := t.dir.Load()
	t.dir.Store(nil)
	t.mu.Unlock()
	if d == nil {
		return
	}
	// A writer that found its segment before the exchange may still change it. It
	// began before, so its change counts as having been made before, and is gone.
	for s := range d.segments {
		s.mu.Lock()
		s.retired.Store(true)
		t.count.Add(-int64(s.live))
		s.mu.Unlock()
	}
}

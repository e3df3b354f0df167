package cache

import (
	"cmp"
	"fmt"
	"reflect"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/internal/table"
)

// core is a cache in use. It is apart from the Cache so that clock and timer can
// refer to it weakly.
type core[K comparable, V any] struct {
	name   string
	keys   keyhash.Hasher[K]
	tier   table.Table[*entry[K]]
	keeper *keeper[K, V] // nil without Keep
	loads  loads[K, V]
	times  times
	weigh  func(K, *V) uint32
	events *callback.Queue[removal[K, V]] // nil without OnRemove
	counts *counts
}

// removal is a call of OnRemove to be made.
type removal[K comparable, V any] struct {
	key   K
	v     *V
	cause Cause
}

func newCore[K comparable, V any](c *Cache[K, V]) *core[K, V] {
	if err := weakref.Check(new(V)); err != nil {
		panic(err)
	}
	for name, d := range map[string]time.Duration{
		"ExpireAfterWrite":  c.ExpireAfterWrite,
		"ExpireAfterAccess": c.ExpireAfterAccess,
		"RefreshAfter":      c.RefreshAfter,
		"KeepErrors":        c.KeepErrors,
		"Keep":              time.Duration(c.Keep),
	} {
		if d < 0 {
			panic(fmt.Sprintf("cache: %s is negative; 0 turns it off", name))
		}
	}
	s := &core[K, V]{
		name:   cmp.Or(c.Name, reflect.TypeOf(c).Elem().String()),
		keys:   keyhash.Make[K](),
		weigh:  c.Weigh,
		counts: new(counts),
		times: times{
			start:       time.Now(),
			afterWrite:  int64(c.ExpireAfterWrite),
			afterAccess: int64(c.ExpireAfterAccess),
			refresh:     int64(c.RefreshAfter),
		},
		loads: loads[K, V]{one: c.Load, many: c.LoadMany, errors: errorList[K]{keep: c.KeepErrors}},
	}
	if c.OnRemove != nil {
		onRemove := c.OnRemove
		s.events = &callback.Queue[removal[K, V]]{
			Call: func(r removal[K, V]) { onRemove(r.key, r.v, r.cause) },
			What: s.name + ".OnRemove",
		}
	}
	if c.Keep > 0 {
		s.keeper = newKeeper(c.Keep, c.Weigh != nil, s.events, s.counts)
	}
	s.tier.Policy = table.Policy[*entry[K]]{
		Hash:     func(slot *table.Slot[*entry[K]]) (uint64, bool) { return s.keys.Hash(slot.Side.key), true },
		Dead:     reportCollected[K, V](s.events, s.counts),
		Pointers: true,
	}
	return s
}

func (s *core[K, V]) watch() { gcclock.Watch(s, (*core[K, V]).sweep) }

func (s *core[K, V]) sweep() {
	s.tier.Sweep()
	if s.keeper != nil {
		s.keeper.settle()
	}
}

// reportCollected returns what the tier calls for entries whose values are dead.
func reportCollected[K comparable, V any](events *callback.Queue[removal[K, V]], counts *counts) func([]*entry[K]) {
	return func(dead []*entry[K]) {
		counts.byCause[Collected].Add(uint64(len(dead)))
		if events == nil {
			return
		}
		removals := make([]removal[K, V], len(dead))
		for i, e := range dead {
			removals[i] = removal[K, V]{e.key, nil, Collected}
		}
		events.Push(removals)
	}
}

// report counts and announces that an entry has left.
func (s *core[K, V]) report(key K, v *V, cause Cause) {
	s.counts.byCause[cause].Add(1)
	if s.events != nil {
		s.events.Push([]removal[K, V]{{key, v, cause}})
	}
}

// lookup returns the value of a key and its entry, or nil.
func (s *core[K, V]) lookup(hash uint64, key K) (*V, *entry[K]) {
	v, e := s.find(hash, key)
	if v != nil && s.times.expired(&e.age) {
		s.remove(hash, e, Expired)
		return nil, nil
	}
	return v, e
}

// find returns the value of a key and its entry, expired or not.
func (s *core[K, V]) find(hash uint64, key K) (*V, *entry[K]) {
	view := s.tier.Read(hash)
	slot := findSlot(view, hash, key)
	if slot != nil {
		if ref := slot.Ref(); ref != nil {
			if v := handle.Strong[V](ref); v != nil {
				return v, slot.Side
			}
		}
	}
	if view == (table.View[*entry[K]]{}) {
		return nil, nil // there was no entry at all; that Len is 0 would not say so
	}
	// The entry may just be being replaced, which takes two steps. Who writes holds
	// the lock meanwhile.
	l := s.tier.Lock(hash)
	defer l.Unlock()
	return s.current(l, hash, key)
}

// current returns the value of a key and its entry, or nil. It buries an entry that
// is dead.
func (s *core[K, V]) current(l table.Locked[*entry[K]], hash uint64, key K) (*V, *entry[K]) {
	slot := findSlot(l.View(), hash, key)
	if slot == nil {
		return nil, nil
	}
	v := handle.Strong[V](slot.Ref())
	if v == nil {
		l.Bury(slot)
		return nil, nil
	}
	return v, slot.Side
}

// findSlot returns the slot of a key's entry, if it has one. A removed entry may
// have left another slot.
func findSlot[K comparable](v table.View[*entry[K]], hash uint64, key K) *table.Slot[*entry[K]] {
	return table.FindFunc(v, hash, func(slot *table.Slot[*entry[K]]) bool {
		return slot.Side.key == key && slot.Ref() != nil
	})
}

// store stores a value that was loaded, unless the key has one that is not to be
// renewed. It returns the value that the key has then, and its entry.
func (s *core[K, V]) store(hash uint64, e *entry[K], v *V, renew *entry[K]) (*V, *entry[K]) {
	return s.set(hash, e, v, func(old *entry[K]) bool {
		return old == renew || s.times.expired(&old.age)
	})
}

// put stores a value whatever there is.
func (s *core[K, V]) put(key K, v *V) {
	hash, e := s.keys.Hash(key), s.newEntry(key, v)
	s.set(hash, e, v, func(*entry[K]) bool { return true })
	s.loads.forgetError(key)
	s.keep(hash, e, v)
}

// set stores a value, unless the key has one that may not be replaced. It returns
// the value that the key has then, and its entry.
func (s *core[K, V]) set(hash uint64, e *entry[K], v *V, replace func(old *entry[K]) bool) (*V, *entry[K]) {
	ref := handle.Of(v)
	l := s.tier.Lock(hash)
	old, oldEntry := s.current(l, hash, e.key)
	if old != nil {
		if !replace(oldEntry) {
			l.Unlock()
			return old, oldEntry
		}
		l.Remove(findSlot(l.View(), hash, e.key))
	}
	l.Insert(ref, e)
	l.Unlock()
	s.expireLater()
	if old != nil && old != v {
		s.reportReplaced(oldEntry, old)
	}
	return v, e
}

func (s *core[K, V]) reportReplaced(e *entry[K], v *V) {
	cause := Replaced
	if s.times.expired(&e.age) {
		cause = Expired
	}
	s.report(e.key, v, cause)
}

// remove removes an entry if it is still that of its key.
func (s *core[K, V]) remove(hash uint64, e *entry[K], cause Cause) {
	l := s.tier.Lock(hash)
	v, current := s.current(l, hash, e.key)
	if current == e {
		l.Remove(findSlot(l.View(), hash, e.key))
	}
	l.Unlock()
	if current != e {
		return
	}
	s.unkeep(e.key, v)
	s.report(e.key, v, cause)
}

// invalidate removes what the key has, and what is being loaded for it, as of one
// moment: no load can store its result in between, which would then be removed as well.
func (s *core[K, V]) invalidate(key K) {
	hash := s.keys.Hash(key)
	s.loads.mu.Lock()
	_, e := s.find(hash, key)
	s.loads.detach(key)
	s.loads.mu.Unlock()
	if e != nil {
		s.remove(hash, e, Removed)
	}
}

func (s *core[K, V]) invalidateAll() {
	s.loads.detachAll()
	for slot := range s.tier.Slots {
		s.remove(s.keys.Hash(slot.Side.key), slot.Side, Removed)
	}
}

// all yields the live entries.
func (s *core[K, V]) all(yield func(K, *V) bool) {
	for slot := range s.tier.Slots {
		v, e := s.find(s.keys.Hash(slot.Side.key), slot.Side.key)
		if v == nil || e != slot.Side || s.times.expired(&e.age) {
			continue
		}
		if !yield(e.key, v) {
			return
		}
	}
}

// hit does what is due when an entry is used.
func (s *core[K, V]) hit(hash uint64, e *entry[K], v *V) {
	s.counts.hits.Inc()
	s.times.touch(&e.age)
	if s.keeper == nil || !s.keeper.has(e.key, v) {
		s.counts.weakHits.Inc()
		s.keep(hash, e, v)
	}
}

// keep offers a value to the strong tier.
func (s *core[K, V]) keep(hash uint64, e *entry[K], v *V) {
	if s.keeper == nil {
		return
	}
	s.keeper.put(e, v)
	// If the entry has left meanwhile, whoever removed it may have been too early to
	// find it in the strong tier.
	if _, current := s.find(hash, e.key); current != e {
		s.keeper.remove(e.key, v)
	}
}

func (s *core[K, V]) unkeep(key K, v *V) {
	if s.keeper != nil {
		s.keeper.remove(key, v)
	}
}

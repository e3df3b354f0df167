package cache

import (
	"cmp"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
	"github.com/weakref-go/weakref/internal/policy"
	"github.com/weakref-go/weakref/internal/table"
)

// core is a cache in use. It is apart from the Cache so that clock and timer can
// refer to it weakly.
type core[K comparable, V any] struct {
	name   string
	keys   keyhash.Hasher[K]
	tier   table.Table[*entry[K, V]]
	keeper keeper
	times  times
	weigh  func(K, *V) uint32             // nil if nothing is to be weighed
	events *callback.Queue[removal[K, V]] // nil without OnRemove
	counts counts
	soft   softer

	loader     loader[K, V]
	keepErrors int64
	voids      voids
	turns      turns
	spare      atomic.Pointer[batch[K, V]] // for the next Get that loads
	refreshes  refreshes[K, V]
	refresher  refresher[K, V]
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
	c.check()
	s := &core[K, V]{
		name:       cmp.Or(c.Name, reflect.TypeOf(c).Elem().String()),
		keys:       keyhash.Make[K](),
		loader:     loader[K, V]{one: c.Load, many: c.LoadMany, tier: c.Tier},
		keepErrors: int64(c.KeepErrors),
		turns:      turns{limit: c.MaxLoads},
		refresher:  refresher[K, V]{timeout: c.RefreshTimeout},
	}
	if c.LoadMany != nil || c.Tier != nil {
		s.voids.cells = new([64]atomic.Uint64)
	}
	s.times.set(c.ExpireAfterWrite, c.ExpireAfterAccess, c.RefreshAfter, c.KeepFor, c.KeepErrors)
	if c.ExpireFunc != nil {
		s.times.each, s.times.expires, s.times.on = c.ExpireFunc, true, true
	}
	if c.OnRemove != nil {
		onRemove := c.OnRemove
		s.events = &callback.Queue[removal[K, V]]{
			Call: func(r removal[K, V]) { onRemove(r.key, r.v, r.cause) },
			What: s.name + ".OnRemove",
		}
	}
	if most := max(c.Keep, c.KeepSoft); most > 0 {
		var weight func(*policy.Node) int64
		if c.Weigh != nil {
			s.weigh = c.Weigh
			weight = func(n *policy.Node) int64 { return entryOf[K, V](n).weight() }
		}
		s.keeper.limit = int64(most)
		s.keeper.policy = policy.New(int64(c.Keep), weight)
	}
	s.keeper.now.Store(int64(c.Keep))
	s.joinSoft(int64(c.Keep), int64(c.KeepSoft))
	s.tier.Policy = table.Policy[*entry[K, V]]{
		Hash: func(at *slot[K, V], _ handle.H) (uint64, bool) { return s.keys.Hash(at.Side.key), true },
		// A dead entry is one that the policy does not have.
		Dead:     s.collected,
		Pointers: true,
	}
	return s
}

// check panics if a setting makes no sense.
func (c *Cache[K, V]) check() {
	for name, d := range map[string]time.Duration{
		"ExpireAfterWrite":  c.ExpireAfterWrite,
		"ExpireAfterAccess": c.ExpireAfterAccess,
		"RefreshAfter":      c.RefreshAfter,
		"RefreshTimeout":    c.RefreshTimeout,
		"KeepErrors":        c.KeepErrors,
		"KeepFor":           c.KeepFor,
		"Keep":              time.Duration(c.Keep),
		"KeepSoft":          time.Duration(c.KeepSoft),
		"MaxLoads":          time.Duration(c.MaxLoads),
	} {
		if d < 0 {
			panic(fmt.Sprintf("cache: %s is negative; 0 turns it off", name))
		}
	}
}

func (s *core[K, V]) watch() { gcclock.Watch(s, (*core[K, V]).afterCollection) }

func (s *core[K, V]) afterCollection() {
	s.tier.Sweep()
	s.followSoft()
}

// collected is called by the table for entries whose values are dead.
func (s *core[K, V]) collected(dead []*entry[K, V]) {
	s.counts.values.Add(-int64(len(dead)))
	s.counts.byCause[Collected].Add(uint64(len(dead)))
	if s.events == nil {
		return
	}
	removals := make([]removal[K, V], len(dead))
	for i, e := range dead {
		removals[i] = removal[K, V]{e.key, nil, Collected}
	}
	s.events.Push(removals)
}

// report counts and announces that an entry has left.
func (s *core[K, V]) report(key K, v *V, cause Cause) {
	s.counts.byCause[cause].Add(1)
	s.announce(key, v, cause)
}

// announce has OnRemove called.
func (s *core[K, V]) announce(key K, v *V, cause Cause) {
	if s.events != nil {
		s.events.Push([]removal[K, V]{{key, v, cause}})
	}
}

// departure is an entry that has left the table, which is to be reported when there is no
// lock. The zero departure is of none.
type departure[K comparable, V any] struct {
	e     *entry[K, V]
	v     *V
	cause Cause
}

func (s *core[K, V]) reportLeft(d departure[K, V]) {
	if d.e != nil {
		s.report(d.e.key, d.v, d.cause)
	}
}

// depart takes an entry with a value out of its slot. What cause is given counts if it has
// not expired. The segment is locked.
func (s *core[K, V]) depart(l locked[K, V], at *slot[K, V], v *V, cause Cause) departure[K, V] {
	d := departure[K, V]{at.Side, v, s.cause(at.Side, cause)}
	s.detach(l, at)
	return d
}

// detach takes an entry out of its slot. If it was loading, what is loaded is not stored.
// The segment is locked.
func (s *core[K, V]) detach(l locked[K, V], at *slot[K, V]) {
	e := at.Side
	l.Remove(at)
	if e.is(filled) {
		s.counts.values.Add(-1)
		s.release(e)
	}
}

// lookup returns the value of a key and its entry, or nil.
func (s *core[K, V]) lookup(hash uint64, key K) (*V, *entry[K, V]) {
	v, e := s.find(hash, key)
	if v != nil && s.expired(e) {
		s.remove(hash, e, Expired)
		return nil, nil
	}
	return v, e
}

// hit does what is due when an entry is used.
func (s *core[K, V]) hit(hash uint64, e *entry[K, V], v *V) {
	s.counts.hits.Inc()
	if s.times.access != 0 {
		s.times.touch(e.age())
	}
	e.node.Use()
	if e.strong.Load() == nil {
		s.hitWeak(hash, e, v)
	}
}

func (s *core[K, V]) hitWeak(hash uint64, e *entry[K, V], v *V) {
	s.counts.weakHits.Inc()
	if s.fits(e, s.keeper.now.Load()) || s.times.keepFor != 0 {
		s.keep(hash, e, v)
	}
}

// put stores a value whatever there is.
func (s *core[K, V]) put(key K, v *V) {
	hash := s.keys.Hash(key)
	e := s.newEntry(hash, key)
	s.fill(e, v, 0)
	if key != key {
		return // a NaN: nobody could find it
	}
	ref := s.refOf(e, v)
	var room [8]*policy.Node
	var left departure[K, V]
	l := s.tier.Lock(hash)
	at, old := s.current(l, hash, key)
	switch {
	case at == nil:
	case old != nil:
		left = s.depart(l, at, old, Replaced)
	default:
		if at.Side.isLoading() {
			callOf(at).put = v
		}
		l.Remove(at)
	}
	s.voids.note(hash)
	out := s.place(l, nil, e, v, ref, room[:0])
	l.Unlock()
	s.weaken(out)
	s.tendLater()
	if left.v != v || left.cause == Expired {
		s.reportLeft(left)
	}
}

// remove removes an entry if it is still that of its key.
func (s *core[K, V]) remove(hash uint64, e *entry[K, V], cause Cause) {
	var left departure[K, V]
	l := s.tier.Lock(hash)
	if at, v := s.slotOf(l, hash, e); v != nil {
		c := s.refreshes.of(e)
		left = s.depart(l, at, v, cause)
		if left.cause == Expired {
			s.serve(l, c)
		}
	}
	l.Unlock()
	s.reportLeft(left)
}

// serve has what is loaded to refresh an entry serve those who ask for its key, since the
// entry has expired. It reports false if there is no such call. The segment is locked.
func (s *core[K, V]) serve(l locked[K, V], c *call[K, V]) bool {
	if c == nil || c.batch.isAbandoned() || !s.refreshes.remove(c) {
		return false
	}
	l.Insert(c.ref(), c.entry)
	return true
}

// invalidate removes what the key has, and has what is being loaded for it not stored.
func (s *core[K, V]) invalidate(key K) {
	hash := s.keys.Hash(key)
	l := s.tier.Lock(hash)
	at, v := s.current(l, hash, key)
	s.voids.note(hash)
	left := s.void(l, at, v)
	l.Unlock()
	s.reportLeft(left)
}

// void takes whatever there is in a slot out of it. The segment is locked.
func (s *core[K, V]) void(l locked[K, V], at *slot[K, V], v *V) (left departure[K, V]) {
	switch {
	case at == nil:
	case v == nil:
		s.detach(l, at)
	default:
		left = s.depart(l, at, v, Removed)
	}
	return left
}

// invalidating says that everything is invalidated, and yields the entries that are there.
// Whoever is about to replace one by what was loaded before, with a segment locked, has
// either seen that, or has replaced it when the loop comes to the segment.
func (s *core[K, V]) invalidating(yield func(e *entry[K, V]) bool) {
	s.voids.noteAll()
	s.tier.Sides(yield)
}

// clear removes all that is there.
func (s *core[K, V]) clear() {
	for e := range s.invalidating {
		hash := s.keys.Hash(e.key)
		l := s.tier.Lock(hash)
		at, v := s.slotOf(l, hash, e)
		left := s.void(l, at, v)
		l.Unlock()
		s.reportLeft(left)
	}
}

// invalidateFunc removes the entries for which the user says so. For what is being loaded
// nobody knows what he would say; so it is not stored.
func (s *core[K, V]) invalidateFunc(del func(K, *V) bool) {
	for e := range s.invalidating {
		hash := s.keys.Hash(e.key)
		l := s.tier.Lock(hash)
		at, v := s.slotOf(l, hash, e)
		if at != nil && e.isLoading() {
			s.detach(l, at)
		}
		l.Unlock()
		if v != nil && !s.expired(e) && del(e.key, v) {
			s.remove(hash, e, Removed)
		}
	}
}

// all yields the live entries, each as it is when the loop comes to its key.
func (s *core[K, V]) all(yield func(K, *V) bool) {
	for e := range s.tier.Sides {
		v, now := s.find(s.keys.Hash(e.key), e.key)
		if v == nil || s.expired(now) {
			continue
		}
		if !yield(now.key, v) {
			return
		}
	}
}

// sweep removes what is known to be dead, or has expired, or is an error whose time is
// over, and returns how many entries with values it has removed.
func (s *core[K, V]) sweep() int {
	n := s.tier.Sweep()
	before := s.counts.byCause[Expired].Load()
	if s.times.period() != 0 && s.tend() {
		s.tendLater()
	}
	return n + int(s.counts.byCause[Expired].Load()-before)
}

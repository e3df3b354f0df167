package cache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/waits"
)

// loader is how values are loaded.
type loader[K comparable, V any] struct {
	one  func(context.Context, K) (*V, error)
	many func(context.Context, []K) (map[K]*V, error)
	tier Tier[K, V] // asked in the place of the two, if not nil
}

func (l *loader[K, V]) possible() bool { return l.one != nil || l.many != nil || l.tier != nil }

// call is the load of one key. While its entry is loading, the slot of the entry refers
// to it. What else changes before it ends, the lock of the key's segment guards.
type call[K comparable, V any] struct {
	mark   // first, so that it leads to the call
	hash   uint64
	entry  *entry[K, V] // of the value that is loaded
	batch  *batch[K, V]
	renews *entry[K, V] // the entry that this one is to replace, if it is to refresh it
	old    *V           // the value of that, which lives until then
	put    *V           // put while the key is loaded; it wins over what is loaded

	done    bubble.Latch // open when v and err are final
	v       *V
	age     int64 // how long ago v was loaded, elsewhere
	err     error
	class   class // of err
	renewed bool  // it has ended in time, if it is to refresh an entry
}

// batch is the calls that one run of a loader serves.
type batch[K comparable, V any] struct {
	*run
	reusable bool          // see newSingle
	queued   bool          // somebody will perform it, if nobody else does
	begun    uint64        // see voids
	bubble   bubble.ID     // in which it runs
	made     time.Duration // when its first call was, on the bubble's clock
	calls    []*call[K, V]

	// Most have one call, and need no other memory for it.
	first call[K, V]
	only  [1]*call[K, V]
}

func (s *core[K, V]) newBatch(ctx context.Context) *batch[K, V] {
	return &batch[K, V]{run: &run{values: ctx}, begun: s.voids.seq.Load()}
}

// newSingle is newBatch for a Get. Nobody but those who wait has such a batch, so it is
// used again after that.
func (s *core[K, V]) newSingle(ctx context.Context) *batch[K, V] {
	b := s.spare.Swap(nil)
	if b == nil {
		b = &batch[K, V]{reusable: true}
	}
	b.run, b.begun = &run{values: ctx}, s.voids.seq.Load()
	return b
}

// leave undoes enter, for one who has taken the result of a call, or gives up. He must not
// use the batch any more, unless it reports that the run is abandoned because of that.
func (s *core[K, V]) leave(b *batch[K, V]) (abandoned bool) {
	abandoned, unneeded := b.run.leave()
	if unneeded {
		s.reuse(b)
	}
	return abandoned
}

// reuse has a batch that nobody needs any more used again, if that can be. Whoever reads
// the table without a lock may have a slot that has led to its call, and goes on to see
// the mark there.
func (s *core[K, V]) reuse(b *batch[K, V]) {
	if !b.reusable {
		return
	}
	c := &b.first
	c.entry, c.put, c.v, c.age, c.err, c.class = nil, nil, nil, 0, nil, ofKey
	c.done = bubble.Latch{}
	b.run, b.calls = nil, nil
	s.spare.Store(b)
}

// add makes a call.
func (s *core[K, V]) add(b *batch[K, V], hash uint64, key K) *call[K, V] {
	c := &b.first
	if len(b.calls) == 0 {
		b.calls = b.only[:0]
		b.bubble, b.made = bubble.Now()
	} else {
		c = new(call[K, V])
	}
	c.hash, c.batch, c.entry = hash, b, s.newEntry(hash, key)
	c.done.Owner = b.bubble
	b.calls = append(b.calls, c)
	return c
}

// hurry has a call that somebody waits for performed, if it is still queued: he would have
// begun it himself if he had been first. ctx is his.
func (s *core[K, V]) hurry(ctx context.Context, c *call[K, V]) {
	b := c.batch
	if waits.From(ctx) != nil {
		s.turns.exempt(b.run)
	}
	if b.queued && !b.isClaimed() && b.bubble == bubble.Current() {
		go s.perform(b)
	}
}

// call calls the user's loader. It sets the values of the batch's calls, and returns
// those that were not asked for.
func (l *loader[K, V]) call(b *batch[K, V]) (extra map[K]Fetched[V], err error) {
	if len(b.calls) == 1 && l.one != nil {
		c := b.calls[0]
		c.v, err = l.one(b.run, c.entry.key)
		if err == nil && c.v == nil {
			err = keyed(c.entry.key, errNil)
		}
		return nil, err
	}
	keys := make([]K, len(b.calls))
	for i, c := range b.calls {
		keys[i] = c.entry.key
	}
	values, err := l.many(b.run, keys)
	if err != nil {
		return nil, err
	}
	for _, c := range b.calls {
		c.v = values[c.entry.key]
	}
	if len(values) > 0 {
		extra = make(map[K]Fetched[V], max(0, len(values)-len(keys))) // the map remains the user's
	}
	asked := make(map[K]bool, len(keys))
	for _, k := range keys {
		asked[k] = true
	}
	for k, v := range values {
		if !asked[k] {
			extra[k] = Fetched[V]{Value: v}
		}
	}
	return extra, nil
}

// voids remembers, for as long as loads can ask, of which keys something was invalidated
// or put, so that what a load brings that was not asked for, and for which therefore no
// entry is loading, is not stored if it may be out of date. It remembers by a part of the
// hash, so it may say so without need.
type voids struct {
	seq   atomic.Uint64
	all   atomic.Uint64      // when all keys were
	cells *[64]atomic.Uint64 // nil if a load brings nothing that was not asked for
}

// note notes that a key's value was put or invalidated. The key's segment is locked.
func (v *voids) note(hash uint64) {
	if v.cells != nil {
		raise(&v.cells[hash>>58], v.seq.Add(1))
	}
}

// noteAll notes that all values were invalidated.
func (v *voids) noteAll() { raise(&v.all, v.seq.Add(1)) }

// none reports whether a key was not noted since a batch began. Its segment is locked.
func (v *voids) none(begun, hash uint64) bool {
	return v.cells[hash>>58].Load() <= begun && v.noneOfAll(begun)
}

func (v *voids) noneOfAll(begun uint64) bool { return v.all.Load() <= begun }

func raise(at *atomic.Uint64, n uint64) {
	for {
		old := at.Load()
		if n <= old || at.CompareAndSwap(old, n) {
			return
		}
	}
}

// refreshes is the calls that refresh values, by the entries that they are to replace.
// Those have the bit refreshing.
type refreshes[K comparable, V any] struct {
	mu    sync.Mutex // taken after the lock of a segment
	calls map[*entry[K, V]]*call[K, V]
}

// of returns the call that refreshes an entry, or nil.
func (r *refreshes[K, V]) of(e *entry[K, V]) *call[K, V] {
	if !e.is(refreshing) {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[e]
}

func (r *refreshes[K, V]) add(c *call[K, V]) {
	c.renews.set(refreshing)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == nil {
		r.calls = make(map[*entry[K, V]]*call[K, V])
	}
	r.calls[c.renews] = c
}

// remove reports whether the call was still there.
func (r *refreshes[K, V]) remove(c *call[K, V]) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls[c.renews] != c {
		return false
	}
	delete(r.calls, c.renews)
	if len(r.calls) == 0 {
		r.calls = nil // a map never shrinks
	}
	c.renews.unset(refreshing)
	return true
}

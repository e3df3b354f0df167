package cache

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref"
)

// Cache is a loading cache that holds values weakly while they are in use, and
// the hottest of them strongly. See the package comment.
//
// The zero Cache is ready to use, as a weak cache without a loader. Its fields
// are set before first use; it must not be copied after that. All methods are safe
// for concurrent use. First use panics if a setting is negative, or with a
// [*weakref.UnsupportedError] if V cannot be weakly referenced.
//
// # What is guaranteed
//
//   - Identity: as long as anyone holds the value of a key, everyone who asks for
//     the key gets that same value, although the strong tier may have evicted it,
//     until it is replaced, invalidated or expired. There are never two loaded
//     copies of one thing in use because of eviction.
//   - A key is loaded once, however many ask for it at the same time.
//   - Get never returns a value that has been collected, or one that has expired.
//   - An error is not remembered, unless KeepErrors asks for it.
//   - No more than Keep values are alive because of the cache alone, except for
//     moments in which the strong tier chooses, and values in callbacks that have
//     not been made.
//   - The cache itself can be collected. It has no goroutine while nothing is
//     loaded or reported, and needs no Close.
type Cache[K comparable, V any] struct {
	// Name is shown by Stats and in reports.
	Name string

	// Load loads the value of a key for Get. It runs under no lock, and on a goroutine
	// of its own if the context of the Get that began it can end; if not, that Get
	// calls it. (So runtime.Goexit in Load ends its caller then. Others who wait get an
	// error.) Its context has the values of the context of that Get, and ends
	// when nobody waits for the result any more. It may ask
	// this cache, or others, for other keys, with its own context: then a circle of
	// loads that wait for each other is an error, not a deadlock.
	//
	// What it returns must be a value of its own that nothing else keeps, or the
	// cache could never see that nobody uses it.
	Load func(ctx context.Context, key K) (*V, error)

	// LoadMany loads several values at once for GetMany. A key that is missing from
	// its result is not found; further keys in it are stored as well if they have no
	// value. Without Load it serves Get, too; without LoadMany, GetMany calls Load for
	// each key. See Load for the rest.
	LoadMany func(ctx context.Context, keys []K) (map[K]*V, error)

	// Keep is how many values the strong tier holds, whether or not anybody uses
	// them; with Weigh, it is their greatest total weight. 0 is none: a value goes when
	// its last user lets go of it and a collection finds that out.
	Keep int

	// Weigh, if set, gives the weight of a value for Keep. It is called once for each
	// value, under no lock.
	Weigh func(key K, v *V) uint32

	// ExpireAfterWrite and ExpireAfterAccess, if not 0, are how long after it was
	// stored, or last returned, an entry expires. An expired entry is gone at once,
	// even if somebody holds its value; the memory of one that nobody asks for is
	// released within a quarter of the duration, or ten milliseconds, or a minute if
	// that is less. The time of access is exact to one percent of the duration.
	ExpireAfterWrite  time.Duration
	ExpireAfterAccess time.Duration

	// RefreshAfter, if not 0, is how long after it was stored a value is loaded anew
	// when it is asked for. Those who ask get the old value until the new one is
	// there. If that fails, it is logged, and tried again after the same time.
	RefreshAfter time.Duration

	// KeepErrors, if not 0, is how long an error of Load is returned to those who
	// ask for the same key, instead of loading again. An error that is only the end of
	// a context is not kept. A kept error takes memory until then.
	KeepErrors time.Duration

	// OnRemove, if set, is called for every entry that leaves the cache, once, and in
	// addition when the strong tier lets go of a value: see [Cause]. v is nil if the
	// value has been collected. It runs on a goroutine of the cache's own, under no lock,
	// later, in the order in which entries leave, except that no call waits for one
	// that takes long. A panic is recovered, logged and counted.
	//
	// What OnRemove refers to lives as long as the cache.
	OnRemove func(key K, v *V, cause Cause)

	state atomic.Pointer[core[K, V]] // made at first use
}

// Cause is why an entry has left the cache.
type Cause int

const (
	// Collected: nobody used the value any more, and the collector has found it dead.
	Collected Cause = iota + 1
	// Removed: by Invalidate or InvalidateAll.
	Removed
	// Replaced: by Put, or by a value loaded to refresh it.
	Replaced
	// Expired: its time was over.
	Expired
	// Evicted: the strong tier has let go of the value. The entry has not left: it
	// stays as long as anyone uses the value, and leaves, if nothing else happens, as
	// Collected. A value may be kept and evicted several times.
	Evicted
)

// String returns the name of the cause.
func (c Cause) String() string {
	switch c {
	case Collected:
		return "collected"
	case Removed:
		return "removed"
	case Replaced:
		return "replaced"
	case Expired:
		return "expired"
	case Evicted:
		return "evicted"
	}
	return "unknown"
}

var (
	// ErrNoLoader is returned by Get and GetMany of a cache that has neither Load nor
	// LoadMany.
	ErrNoLoader = errors.New("cache: no value, and neither Load nor LoadMany is set to load it")

	// ErrNotFound is returned by Get for a key that LoadMany has left out of its
	// result. Load may return it as well; it is like any other error then.
	ErrNotFound = errors.New("cache: not found")

	// ErrDeadlock is returned by Get and GetMany when a load would wait for itself.
	ErrDeadlock = errors.New("cache: the load waits for its own result")
)

// Get returns the value of a key, and loads it if there is none.
//
// If others ask for the key at the same time, it is loaded once for all of them.
// If ctx ends first, Get returns its error, and the load goes on for the others;
// when nobody waits for it any more, its context is cancelled. An error of the load
// is returned to all who wait for it. If the load panics, all of them get a
// [*weakref.PanicError].
//
// A value that is put while the key is loaded wins over the loaded one. If the key is
// invalidated meanwhile, those who were waiting get what is loaded, and it is not
// stored.
func (c *Cache[K, V]) Get(ctx context.Context, key K) (*V, error) {
	s := c.ready()
	hash := s.keys.Hash(key)
	if v, e := s.lookup(hash, key); v != nil {
		s.hit(hash, e, v)
		s.refreshIfDue(ctx, hash, e)
		return v, nil
	}
	s.counts.misses.Inc()
	return s.get(ctx, hash, key)
}

// GetMany returns the values of several keys, and loads those that have none,
// with one call of LoadMany if that is set. Each key is treated as by Get. A key that
// is not found is missing from the result. The error joins those of all keys that
// failed; the result has the others.
func (c *Cache[K, V]) GetMany(ctx context.Context, keys []K) (map[K]*V, error) {
	return c.ready().getMany(ctx, keys)
}

// Lookup returns the value of a key if there is one. It never loads. It counts as
// an access.
func (c *Cache[K, V]) Lookup(key K) (*V, bool) {
	s := c.ready()
	hash := s.keys.Hash(key)
	v, e := s.lookup(hash, key)
	if v == nil {
		s.counts.misses.Inc()
		return nil, false
	}
	s.hit(hash, e, v)
	return v, true
}

// Put stores a value. It panics with a [*weakref.UnsupportedError] if v is nil.
func (c *Cache[K, V]) Put(key K, v *V) {
	s := c.ready()
	if v == nil {
		panic(weakref.Check(v))
	}
	s.put(key, v)
}

// Invalidate removes the entry of a key. What is being loaded for it will not be
// stored.
func (c *Cache[K, V]) Invalidate(key K) {
	c.ready().invalidate(key)
}

// InvalidateAll removes all entries that are in the cache when it is called. What
// is being loaded will not be stored.
func (c *Cache[K, V]) InvalidateAll() {
	c.ready().invalidateAll()
}

// Len returns the number of entries not yet known to be dead or expired, which is
// never less than the number of those that can be got.
func (c *Cache[K, V]) Len() int {
	return c.ready().tier.Len()
}

// All returns an iterator over the entries that Lookup would find, in no order. It
// yields every entry that is in the cache from the beginning of the loop to its
// end once, and others at most once; a key that gets another value meanwhile is
// another entry then, and may come again. It does not count as an access, keeps
// one value alive at a time, and allows the loop to change the cache.
func (c *Cache[K, V]) All() iter.Seq2[K, *V] {
	return c.ready().all
}

// ready returns the state of the cache, and makes it if need be.
func (c *Cache[K, V]) ready() *core[K, V] {
	if s := c.state.Load(); s != nil {
		return s
	}
	s := newCore(c)
	if !c.state.CompareAndSwap(nil, s) {
		return c.state.Load() // somebody else was first
	}
	s.watch()
	return s
}

package cache

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/lazy"
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
//   - No more than Keep values are alive because of the cache alone, or as many as memory
//     allows and KeepSoft says, and those that KeepFor keeps, when no call is under way; values
//     in callbacks that have not been made come on top.
//   - The cache itself can be collected. It has no goroutine while nothing is
//     loaded or reported, and needs no Close.
//   - No code of the user's runs under a lock, and all of it may panic, or end its
//     goroutine, except the methods that keys would need to be compared, which Go does
//     itself.
//
// # What is not
//
// A key that does not equal itself, as one with a NaN, cannot be found again: it is
// loaded whenever it is asked for, and nothing is stored for it.
//
// Time is that of the bubble in a bubble of testing/synctest. A cache may be used inside
// and outside of one, but an entry that was stored in the time of the one expires in that
// of the other at once, or not for long.
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

	// LoadMany loads several values at once for GetMany and for refreshes. A key that is
	// missing from its result is not found; further keys in it are stored as well, before
	// the call returns for which they were loaded, if they have no value; but if a key was
	// put or invalidated meanwhile, its value is not, and by chance that may happen to
	// another key. Without Load it serves Get, too; without LoadMany, GetMany calls
	// Load for each key, on no more than 64 goroutines. See Load for the rest.
	LoadMany func(ctx context.Context, keys []K) (map[K]*V, error)

	// Tier, if set, is asked for the values of keys in the place of the loader, which it is
	// given: other processes may have them. See [Tier].
	Tier Tier[K, V]

	// MaxLoads, if not 0, is how many loads run at once; others wait for their turn, in
	// order. A load that another one asks for, with its context, does not count.
	MaxLoads int

	// Keep is how many values the strong tier holds, whether or not anybody uses
	// them; with Weigh, it is their greatest total weight. 0 is none: a value goes when
	// its last user lets go of it and a collection finds that out.
	Keep int

	// KeepSoft, if more than Keep, is how many values the strong tier holds as long as there
	// is memory, or which weight. What there is, and how it is shared, is in the package
	// comment. Between two collections the limit does not change: see Stats.Limit. It is Keep
	// until the first one. A hit costs the same as with Keep.
	KeepSoft int

	// Weigh, if set, gives the weight of a value for Keep. It is called once for each
	// value, under no lock. A value of weight 0 counts as 1, or there would be no bound. One
	// that is heavier than Keep, or than memory allows, is held weakly only.
	Weigh func(key K, v *V) uint32

	// KeepFor, if not 0, is how long the cache holds a value after its last use, and
	// not longer than a quarter more (or ten milliseconds, or a minute if that is less),
	// in addition to those that Keep holds. After that it holds it weakly, and still has
	// it if somebody else does: unlike one that expires, it never has a second copy.
	// It costs a use nothing.
	KeepFor time.Duration

	// ExpireAfterWrite and ExpireAfterAccess, if not 0, are how long after it was
	// stored, or last returned, an entry expires. An expired entry is gone at once,
	// even if somebody holds its value; the memory of one that nobody asks for is
	// released within a quarter of the duration, or ten milliseconds, or a minute if
	// that is less. The time of access is exact to one percent of the duration.
	ExpireAfterWrite  time.Duration
	ExpireAfterAccess time.Duration

	// ExpireFunc, if set, says how long after it was stored a value expires, instead of
	// ExpireAfterWrite: math.MaxInt64 is never, and 0 or less at once. It is called once
	// for each value, under no lock. The memory of an expired entry that nobody asks for
	// is released within a quarter of the shortest duration so far, but not sooner
	// than in a second.
	ExpireFunc func(key K, v *V) time.Duration

	// RefreshAfter, if not 0, is how long after it was stored a value is loaded anew
	// when it is asked for. Those who ask get the old value until the new one is
	// there. If that fails, it is logged, and tried again after the same time; but if the
	// error is ErrNotFound, the entry is removed. With LoadMany, values that become due
	// while others are refreshed are refreshed together.
	RefreshAfter time.Duration

	// RefreshTimeout, if not 0, is how long a refresh in the background may take. Then
	// its context ends, and what it returns afterwards is not stored.
	RefreshTimeout time.Duration

	// KeepErrors, if not 0, is how long an error of Load is returned to those who
	// ask for the same key, instead of loading again. An error that is only the end of
	// a context is not kept. A kept error takes some hundred bytes until then, and
	// is released as an expired entry is.
	KeepErrors time.Duration

	// OnRemove, if set, is called for every entry that leaves the cache, once, and in
	// addition when the strong tier lets go of a value: see [Cause]. v is nil if the
	// value has been collected. It runs on a goroutine of the cache's own, under no lock,
	// later, in the order in which entries leave, except that no call waits for one
	// that takes long. A panic is recovered, logged and counted.
	//
	// What OnRemove refers to lives as long as the cache.
	OnRemove func(key K, v *V, cause Cause)

	state lazy.Value[core[K, V]] // made at first use
}

// Cause is why an entry has left the cache.
type Cause int

const (
	// Collected: nobody used the value any more, and the collector has found it dead.
	Collected Cause = iota + 1
	// Removed: by Invalidate, InvalidateFunc or Clear, or because a load to refresh it
	// has returned ErrNotFound.
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

// MarshalText returns what String does.
func (c Cause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

var (
	// ErrNoLoader is returned by Get and GetMany of a cache that has neither Load nor
	// LoadMany.
	ErrNoLoader = errors.New("cache: no value, and neither Load nor LoadMany is set to load it")

	// ErrNotFound is returned by Get for a key that LoadMany has left out of its
	// result. Load may return it as well, or an error that wraps it; it is like any other
	// error then, but that GetMany does not report it, and a refresh removes the entry.
	ErrNotFound = errors.New("cache: not found")

	// ErrDeadlock is weakref.ErrDeadlock, which Get, GetMany and Refresh return, wrapped,
	// when a load would wait for itself.
	ErrDeadlock = weakref.ErrDeadlock
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
	v, e, _ := s.peek(hash, key)
	if v == nil || s.expired(e) {
		return s.get(ctx, hash, key)
	}
	s.hit(hash, e, v)
	if s.isDue(e) {
		s.refreshSoon(ctx, due[K, V]{hash, e, v})
	}
	return v, nil
}

// GetMany returns the values of several keys, and loads those that have none,
// with one call of LoadMany if that is set. Each key is treated as by Get. A key that
// is not found is missing from the result. The error joins those of all keys that
// failed; the result has the others.
func (c *Cache[K, V]) GetMany(ctx context.Context, keys []K) (map[K]*V, error) {
	return c.ready().getMany(ctx, keys)
}

// Refresh loads the values of some keys anew, with one call of LoadMany if that is set,
// and returns when they are stored. Until then, those who ask for a key that has a value
// get that one. A key that is being loaded, or refreshed, is waited for; so what is stored may
// have been read before the call. (If that will not do, Invalidate the key, and Get it.) The
// error joins those of all keys that failed; the value of one that is not found is removed.
//
// If ctx ends first, Refresh returns its error, and the loads that nobody else waits for
// are cancelled. A caller who does not want to wait can give it a goroutine.
func (c *Cache[K, V]) Refresh(ctx context.Context, keys ...K) error {
	return c.ready().refresh(ctx, keys)
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

// Peek returns what the cache knows of a key that has a value. It never loads, and does
// not count as an access, or in Stats.
func (c *Cache[K, V]) Peek(key K) (Entry[V], bool) {
	return c.ready().peekEntry(key)
}

// Put stores a value. It panics with a [*weakref.UnsupportedError] if v is nil. Those who
// wait for a load of the key get v, and what is loaded is not stored.
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

// InvalidateFunc removes the entries for which del reports true. It never removes a
// newer value than the one that del has seen. What is being loaded when
// it is called will not be stored, since del cannot be asked.
//
// del runs under no lock, and may use the cache. It is called for every entry with a value,
// one after the other.
func (c *Cache[K, V]) InvalidateFunc(del func(key K, v *V) bool) {
	c.ready().invalidateFunc(del)
}

// Clear removes all entries that are in the cache when it is called, one after the other.
// What is being loaded will not be stored.
func (c *Cache[K, V]) Clear() {
	c.ready().clear()
}

// Sweep removes the entries that are known to be dead or have expired, and returns how
// many they were. The cache does so by itself, after collections and in time; Sweep is
// for who wants to know that it is done.
func (c *Cache[K, V]) Sweep() int {
	return c.ready().sweep()
}

// Len returns the number of entries not yet known to be dead or expired, which is
// never less than the number of those that can be got.
func (c *Cache[K, V]) Len() int {
	return int(c.ready().counts.values.Load())
}

// All returns an iterator over the entries that Lookup would find, in no order. It
// yields every key that has a value from the beginning of the loop to its end once, with a
// value that it has at that moment, others at most once, and no key twice. It does not count
// as an access, keeps one value alive at a time, and allows the loop to change the cache. It
// copies up to 1792 entries, 14 kB, at a time, for some microseconds under a lock.
func (c *Cache[K, V]) All() iter.Seq2[K, *V] {
	return c.ready().all
}

// Keys returns an iterator over the keys that All would yield.
func (c *Cache[K, V]) Keys() iter.Seq[K] {
	return func(yield func(K) bool) {
		for key := range c.All() {
			if !yield(key) {
				return
			}
		}
	}
}

// Values returns an iterator over the values that All would yield.
func (c *Cache[K, V]) Values() iter.Seq[*V] {
	return func(yield func(*V) bool) {
		for _, v := range c.All() {
			if !yield(v) {
				return
			}
		}
	}
}

// String returns the name of the cache, and how many entries it has.
func (c *Cache[K, V]) String() string {
	s := c.ready()
	return fmt.Sprintf("%s: %d entries, %d kept", s.name, s.counts.values.Load(), s.counts.strong.Load())
}

// ready returns the state of the cache, and makes it if need be.
func (c *Cache[K, V]) ready() *core[K, V] {
	if s := c.state.Load(); s != nil {
		return s
	}
	return c.state.Begin(func() *core[K, V] { return newCore(c) }, (*core[K, V]).watch)
}

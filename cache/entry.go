package cache

import (
	"sync/atomic"
	"time"
	"weak"
)

// entry is what the cache knows of a stored value, but for the value itself. A new
// value gets a new entry, so an entry's identity says whether the value of a key is
// still the same.
type entry[K comparable] struct {
	key    K
	weight uint32
	age
}

// age is when things were done to an entry, in nanoseconds since the cache's start.
type age struct {
	written int64        // when it was stored
	touched atomic.Int64 // when it was last used, roughly
	refresh atomic.Int64 // when it may be loaded anew
}

func (s *core[K, V]) newEntry(key K, v *V) *entry[K] {
	e := &entry[K]{key: key, weight: 1}
	if s.weigh != nil && s.keeper != nil {
		e.weight = s.weigh(key, v)
	}
	e.written = s.times.now()
	e.touched.Store(e.written)
	e.refresh.Store(e.written + s.times.refresh)
	return e
}

// times knows when entries expire.
type times struct {
	start       time.Time
	afterWrite  int64 // 0: never, like the others
	afterAccess int64
	refresh     int64
	armed       atomic.Bool // a timer runs that removes expired entries
}

// now returns the time, or 0 if nobody needs it.
func (t *times) now() int64 {
	if t.afterWrite|t.afterAccess|t.refresh == 0 {
		return 0
	}
	return int64(time.Since(t.start))
}

// touch notes that an entry has been used, but not every time, so that goroutines
// that use one entry do not wait for each other's writes.
func (t *times) touch(a *age) {
	if t.afterAccess == 0 {
		return
	}
	if now := t.now(); now-a.touched.Load() > t.afterAccess/100 {
		a.touched.Store(now)
	}
}

func (t *times) expired(a *age) bool {
	if t.afterWrite|t.afterAccess == 0 {
		return false
	}
	now := t.now()
	return t.afterWrite > 0 && now-a.written >= t.afterWrite ||
		t.afterAccess > 0 && now-a.touched.Load() >= t.afterAccess
}

// dueForRefresh reports whether the caller shall load an entry anew. It says so to
// one caller, and not again before the same time has passed.
func (t *times) dueForRefresh(a *age) bool {
	if t.refresh == 0 {
		return false
	}
	now, due := t.now(), a.refresh.Load()
	return now >= due && a.refresh.CompareAndSwap(due, now+t.refresh)
}

// expireLater makes sure that entries that expire are removed although nobody
// asks for them.
func (s *core[K, V]) expireLater() {
	period := s.times.period()
	if period == 0 || !s.times.armed.CompareAndSwap(false, true) {
		return
	}
	w := weak.Make(s) // the timer must not keep the cache
	time.AfterFunc(period, func() {
		if s := w.Value(); s != nil {
			s.expireNow()
		}
	})
}

func (s *core[K, V]) expireNow() {
	s.times.armed.Store(false)
	for slot := range s.tier.Slots {
		if e := slot.Side; s.times.expired(&e.age) {
			s.remove(s.keys.Hash(e.key), e, Expired)
		}
	}
	if s.tier.Len() > 0 {
		s.expireLater()
	}
}

// period is how often expired entries are removed, 0 if none expire.
func (t *times) period() time.Duration {
	shortest := t.afterWrite
	if shortest == 0 || t.afterAccess > 0 && t.afterAccess < shortest {
		shortest = t.afterAccess
	}
	if shortest == 0 {
		return 0
	}
	return min(max(time.Duration(shortest)/4, 10*time.Millisecond), time.Minute)
}

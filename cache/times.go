package cache

import (
	"math"
	"sync/atomic"
	"time"
	"weak"

	"github.com/weakref-go/weakref/internal/policy"
)

// times knows when things are due. Durations are in nanoseconds, and 0 is never.
type times struct {
	start   time.Time
	write   int64
	access  int64
	refresh int64
	keepFor int64
	each    any // ExpireFunc, or nil
	on      bool
	expires bool

	// shortest is the shortest time after which something must be tended to, so far.
	shortest atomic.Int64
	armed    atomic.Int64 // when the timer goes off that is the latest, or 0
}

const never = math.MaxInt64

func (t *times) set(write, access, refresh, keepFor, keepErrors time.Duration) {
	t.start = time.Now()
	t.write, t.access, t.refresh, t.keepFor = int64(write), int64(access), int64(refresh), int64(keepFor)
	t.expires = write|access != 0
	t.on = t.expires || refresh|keepFor != 0
	t.shortest.Store(never)
	for _, d := range []time.Duration{write, access, keepFor, keepErrors} {
		if d != 0 {
			t.notice(int64(d))
		}
	}
}

// notice notes a duration after which something is to be tended to.
func (t *times) notice(d int64) {
	for {
		old := t.shortest.Load()
		if d >= old || t.shortest.CompareAndSwap(old, d) {
			return
		}
	}
}

// leastNoticed is the shortest time that ExpireFunc can have noticed: what it says of one
// value shall not have all others looked at more often than once a second.
const leastNoticed = int64(4 * time.Second)

// now returns the time. In a bubble of testing/synctest it is that of the bubble.
func (t *times) now() int64 { return int64(time.Since(t.start)) }

// after returns the time a duration after another, or never if there is none.
func after(at, d int64) int64 {
	if d > never-max(at, 0) {
		return never
	}
	return at + d
}

// begin notes that an entry is stored now, with a value that was loaded some time ago, and
// how long that lives.
func (a *age) begin(t *times, ago, lifetime int64) {
	now := t.now()
	a.written = now - ago
	a.expires = after(a.written, lifetime)
	a.seen.Store(now)
	a.touched.Store(now)
	due := int64(never)
	if t.refresh != 0 {
		due = after(a.written, t.refresh)
	}
	a.refresh.Store(due)
}

// touch notes that an entry has been used, but not every time, so that goroutines
// that use one entry do not wait for each other's writes.
func (t *times) touch(a *age) {
	if now := t.now(); now-a.touched.Load() > t.access/100 {
		a.touched.Store(now)
	}
}

// left returns how long an entry has until it expires.
func (t *times) left(a *age) int64 {
	now := t.now()
	left := a.expires
	if left != never {
		left -= now
	}
	if t.access != 0 {
		left = min(left, t.access-(now-a.touched.Load()))
	}
	return left
}

func (s *core[K, V]) expired(e *entry[K, V]) bool {
	return s.times.expires && s.times.left(e.age()) <= 0
}

// cause returns why an entry leaves that would leave for cause if it had not expired.
func (s *core[K, V]) cause(e *entry[K, V], cause Cause) Cause {
	if s.expired(e) {
		return Expired
	}
	return cause
}

// lifetime asks the user how long a value lives.
func (s *core[K, V]) lifetime(key K, v *V) int64 {
	d := max(0, int64(s.times.each.(func(K, *V) time.Duration)(key, v)))
	if d != never {
		s.times.notice(max(d, leastNoticed))
	}
	return d
}

// dueForRefresh reports whether the caller shall load an entry anew. It says so to
// one caller, and not again before the same time has passed.
func (t *times) dueForRefresh(a *age) bool {
	due := a.refresh.Load()
	if due == never {
		return false
	}
	now := t.now()
	return now >= due && a.refresh.CompareAndSwap(due, after(now, t.refresh))
}

// usedLately reports whether KeepFor keeps an entry.
func (s *core[K, V]) usedLately(e *entry[K, V]) bool {
	if s.times.keepFor == 0 {
		return false
	}
	return e.is(policy.Fresh) || s.times.now()-e.age().seen.Load() < s.times.keepFor
}

// period is how long the timer waits, 0 if there is nothing to tend to.
func (t *times) period() int64 {
	shortest := t.shortest.Load()
	if shortest == never {
		return 0
	}
	return min(max(shortest/4, int64(10*time.Millisecond)), int64(time.Minute))
}

// tendLater makes sure that tend is called in a while.
//
// A timer that was made in a bubble of testing/synctest never goes off if the bubble ends
// first, and the time outside is another. So one that is late, or early, is taken for lost.
func (s *core[K, V]) tendLater() {
	period := s.times.period()
	if period == 0 {
		return
	}
	now, armed := s.times.now(), s.times.armed.Load()
	if armed != 0 && armed <= now+period && armed >= now-4*period-int64(time.Second) {
		return
	}
	at := now + period
	if !s.times.armed.CompareAndSwap(armed, at) {
		return
	}
	w := weak.Make(s) // the timer must not keep the cache
	time.AfterFunc(time.Duration(period), func() {
		if s := w.Value(); s != nil {
			latest := s.times.armed.CompareAndSwap(at, 0)
			if s.tend() && latest { // or there would be more and more timers
				s.tendLater()
			}
		}
	})
}

// tend removes what has expired, and lets go of what KeepFor no longer keeps. It
// reports whether it is to be called again in a while.
func (s *core[K, V]) tend() (again bool) {
	var out []*policy.Node
	now := s.times.now()
	for at := range s.tier.Slots {
		e := at.Side
		switch {
		case e.is(failed):
			again = s.tendFailure(e, now) || again
		case e.isLoading():
		case s.expired(e):
			s.remove(s.keys.Hash(e.key), e, Expired)
		case s.times.keepFor != 0 && e.strong.Load() != nil:
			if s.tendUsed(e, now) {
				again = true
			} else if !e.node.Inside() {
				out = append(out, &e.node)
			}
		}
	}
	s.weaken(out)
	return again || s.times.expires && s.counts.values.Load() > 0
}

// tendUsed notes whether an entry was used since the last time, and reports whether
// KeepFor keeps it. A use sets a bit only, or each would have to look at the clock.
func (s *core[K, V]) tendUsed(e *entry[K, V], now int64) bool {
	a := e.age()
	if e.is(policy.Fresh) {
		e.unset(policy.Fresh)
		a.seen.Store(now)
	}
	return now-a.seen.Load() < s.times.keepFor
}

package cache

import (
	"math"
	"reflect"
	"sync/atomic"
	"weak"

	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/policy"
	"github.com/weakref-go/weakref/internal/soft"
)

// softer is what a cache has that may keep more than Keep.
type softer struct {
	*soft.Member               // nil if it may not
	n            atomic.Uint32 // values stored
	unit         atomic.Uint64 // bytes of a value, or of a weight of 1: the bits of a float64
}

const (
	besideValue = 96      // bytes that an entry takes beside its value, roughly
	oneIn       = 8       // values is looked at
	lately      = 64      // values count for the mean
	startCount  = 1 << 10 // values that a cache may keep to begin with
	startWeight = 1 << 20 // likewise, if it weighs
)

// joinSoft has the controller of the process say how much more than Keep the cache keeps. In
// a bubble of testing/synctest it would depend on what happens outside of it.
func (s *core[K, V]) joinSoft(floor, most int64) {
	if most <= floor || bubble.Current() != 0 {
		return
	}
	start := int64(startCount)
	if s.weigh != nil {
		start = startWeight
	}
	w := weak.Make(s)
	s.soft.Member = soft.Process.Join(floor, most, start, func() (soft.Use, bool) {
		if s := w.Value(); s != nil {
			return s.use(), true
		}
		return soft.Use{}, false
	})
}

// use says what the cache does. Who weighs does so in bytes, or in more.
func (s *core[K, V]) use() soft.Use {
	unit, misses := math.Float64frombits(s.soft.unit.Load()), s.counts.misses.Load()
	s.keeper.mu.Lock()
	defer s.keeper.mu.Unlock()
	return soft.Use{Held: s.keeper.policy.Weight(), Unit: max(1, unit), Requests: s.counts.hits.Load() + misses, Misses: misses}
}

// notice notes the size of some values. No pointer is followed but that to the value. If two
// do so at once, one of them may be forgotten.
func (k *softer) notice(v any, weight uint32) {
	if k.Member == nil || k.n.Add(1)%oneIn != 1 {
		return
	}
	value := reflect.ValueOf(v).Elem()
	unit := float64(besideValue+int(value.Type().Size())+behind(value)) / float64(weight)
	if mean := math.Float64frombits(k.unit.Load()); mean != 0 {
		unit = mean + (unit-mean)/lately
	}
	k.unit.Store(math.Float64bits(unit))
}

// behind returns how many bytes the slices and strings of a value refer to.
func behind(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.String:
		n = v.Len()
	case reflect.Slice:
		n = v.Cap() * int(v.Type().Elem().Size())
	case reflect.Struct:
		for i := range v.NumField() {
			n += behind(v.Field(i))
		}
	}
	return n
}

// followSoft keeps as much as the controller says. It lets go of many values in many steps,
// so that requests do not wait long for the lock.
func (s *core[K, V]) followSoft() {
	if s.soft.Member == nil {
		return
	}
	soft.Process.Pass()
	k, limit := &s.keeper, s.soft.Limit()
	cut := int64(0)
	var out []*policy.Node
	for now := k.now.Load(); now != limit; {
		now = max(limit, now-max(512, (now-limit)/64))
		k.mu.Lock()
		before := k.policy.Weight()
		out = k.policy.Resize(now, out[:0])
		cut += before - k.policy.Weight()
		k.now.Store(now)
		k.mu.Unlock()
		s.weaken(out)
	}
	if cut > 0 {
		s.soft.Cut(cut)
	}
}

package cache

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/policy"
)

// keeper is the strong tier: which entries have their field strong set. An entry does
// that is inside the policy, and with KeepFor one that was used lately.
//
// An entry enters the policy under the lock of its segment and that of the keeper, and
// leaves it under the keeper's alone, since it is in another segment. So an entry that
// has left is still strong for a moment; whoever has made it leave calls weaken, which
// looks again, under the lock of the segment.
type keeper struct {
	mu     sync.Mutex     // taken after the lock of a segment
	policy *policy.Policy // nil without Keep and KeepSoft
	limit  int64          // the greatest that the policy's limit can be
	now    atomic.Int64   // the policy's limit
}

// fits reports whether the policy would take an entry if its limit were this one.
func (s *core[K, V]) fits(e *entry[K, V], limit int64) bool {
	weight := int64(1)
	if s.weigh != nil {
		weight = e.weight()
	}
	return weight <= limit
}

// keepable reports whether the strong tier may take an entry, for a while at least. The
// answer is always the same.
func (s *core[K, V]) keepable(e *entry[K, V]) bool {
	return s.fits(e, s.keeper.limit) || s.times.keepFor != 0
}

// strengthen has an entry keep its value. Its segment is locked, like that of the others
// here.
func (s *core[K, V]) strengthen(e *entry[K, V], v *V) {
	if e.strong.Swap(v) == nil {
		s.counts.strong.Add(1)
	}
}

func (s *core[K, V]) loosen(e *entry[K, V]) {
	if e.strong.Swap(nil) != nil {
		s.counts.strong.Add(-1)
	}
}

// refOf returns what the slot of an entry that is to have the value v refers to. It is
// not called under a lock: a new weak handle takes long.
func (s *core[K, V]) refOf(e *entry[K, V], v *V) handle.H {
	if s.keepable(e) {
		return handle.Word(unsafe.Pointer(&e.strong)) // a weak handle can wait until it is needed
	}
	return handle.Of(v)
}

// place gives an entry its value: in its slot if it is loading, and in a new one if at is
// nil. The slots of l's view are not to be used any more. What must be weakened when l
// is unlocked is appended to out.
func (s *core[K, V]) place(l locked[K, V], at *slot[K, V], e *entry[K, V], v *V, ref handle.H, out []*policy.Node) []*policy.Node {
	s.counts.values.Add(1)
	if s.keepable(e) {
		s.strengthen(e, v)
	} else {
		e.set(handled)
	}
	if at == nil {
		e.set(filled)
		l.Insert(ref, e)
	} else {
		l.Set(at, ref)
		e.set(filled) // who sees that sees Ref as well
	}
	return s.admit(e, out)
}

// admit offers an entry to the policy, if that may take it. Its segment is locked.
func (s *core[K, V]) admit(e *entry[K, V], out []*policy.Node) []*policy.Node {
	k := &s.keeper
	if !s.fits(e, k.limit) {
		return out
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.policy.Admit(&e.node, out)
}

// release takes an entry that leaves the cache out of the strong tier. Its segment is
// locked.
func (s *core[K, V]) release(e *entry[K, V]) {
	k := &s.keeper
	if k.policy != nil {
		k.mu.Lock()
		k.policy.Remove(&e.node)
		k.mu.Unlock()
	}
	s.loosen(e)
}

// keep takes the value of an entry that is weak into the strong tier again.
func (s *core[K, V]) keep(hash uint64, e *entry[K, V], v *V) {
	var room [8]*policy.Node
	l := s.tier.Lock(hash)
	at, _ := s.slotOf(l, hash, e)
	if at == nil {
		l.Unlock()
		return // it has left meanwhile
	}
	s.strengthen(e, v)
	out := s.admit(e, room[:0])
	l.Unlock()
	s.weaken(out)
	if s.times.keepFor != 0 {
		s.tendLater()
	}
}

// weaken lets go of the values of entries that have left the policy. To make weak
// handles in descending order of address is several times as fast as in any other: the
// runtime keeps those of a span in a list that is ordered so.
func (s *core[K, V]) weaken(out []*policy.Node) {
	if len(out) == 0 {
		return
	}
	slices.SortFunc(out, func(a, b *policy.Node) int {
		return -cmp.Compare(addrOf(entryOf[K, V](a)), addrOf(entryOf[K, V](b)))
	})
	evicted := 0
	for _, n := range out {
		e := entryOf[K, V](n)
		if v := s.weakenOne(e); v != nil {
			evicted++
			s.announce(e.key, v, Evicted)
		}
	}
	s.counts.strong.Add(-int64(evicted))
	s.counts.byCause[Evicted].Add(uint64(evicted))
}

func addrOf[K comparable, V any](e *entry[K, V]) uintptr {
	return uintptr(unsafe.Pointer(e.strong.Load()))
}

// weakenOne lets go of the value of one entry, and returns it if it has.
func (s *core[K, V]) weakenOne(e *entry[K, V]) *V {
	v := e.strong.Load()
	if v == nil {
		return nil
	}
	if s.usedLately(e) {
		s.tendLater() // which looks at it again
		return nil
	}
	var ref handle.H
	if !e.is(handled) {
		ref = handle.Of(v)
	}
	hash := s.keys.Hash(e.key)
	l := s.tier.Lock(hash)
	if e.node.Inside() || e.strong.Load() == nil {
		l.Unlock()
		return nil // it has come back meanwhile, or has left
	}
	if at, _ := s.slotOf(l, hash, e); at != nil && !e.is(handled) {
		l.Set(at, ref)
		e.set(handled)
	}
	e.strong.Store(nil)
	l.Unlock()
	return v
}

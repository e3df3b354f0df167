package suite

import (
	"runtime"
	"sync"
	"weak"

	"github.com/puzpuzpuz/xsync/v4"
	"github.com/weakref-go/weakref"
)

// ours is weakref.ValueMap.
type ours[K comparable] struct {
	m weakref.ValueMap[K, object]
}

func (s *ours[K]) Store(k K, v *object) { s.m.Store(k, v) }
func (s *ours[K]) Load(k K) bool        { _, ok := s.m.Load(k); return ok }
func (s *ours[K]) Delete(k K)           { s.m.Delete(k) }
func (s *ours[K]) Loads(keys []K) int {
	return loads(keys, func(k K) bool { _, ok := s.m.Load(k); return ok })
}

func (s *ours[K]) Each() (n int) {
	for range s.m.All() {
		n++
	}
	return n
}

func (s *ours[K]) Clean(live int) bool { return s.m.Len() <= live }

// recipe is what articles about package weak suggest: a sync.Map of weak pointers,
// and a cleanup for each value that removes its entry if that is still its own.
type recipe[K comparable] struct {
	m sync.Map // K → weak.Pointer[object]
}

type own[K comparable] struct {
	key K
	v   weak.Pointer[object]
}

func (s *recipe[K]) Store(k K, v *object) {
	w := weak.Make(v)
	s.m.Store(k, w)
	runtime.AddCleanup(v, func(o own[K]) { s.m.CompareAndDelete(o.key, o.v) }, own[K]{k, w})
}

func (s *recipe[K]) Load(k K) bool {
	w, ok := s.m.Load(k)
	return ok && w.(weak.Pointer[object]).Value() != nil
}

func (s *recipe[K]) Delete(k K) { s.m.Delete(k) }
func (s *recipe[K]) Loads(keys []K) int {
	return loads(keys, func(k K) bool {
		w, ok := s.m.Load(k)
		return ok && w.(weak.Pointer[object]).Value() != nil
	})
}

func (s *recipe[K]) Each() (n int) {
	s.m.Range(func(_, w any) bool {
		if w.(weak.Pointer[object]).Value() != nil {
			n++
		}
		return true
	})
	return n
}

func (s *recipe[K]) Clean(int) bool {
	clean := true
	s.m.Range(func(_, w any) bool {
		clean = w.(weak.Pointer[object]).Value() != nil
		return clean
	})
	return clean
}

// locked is the recipe with a plain map under a lock.
type locked[K comparable] struct {
	mu sync.RWMutex
	m  map[K]weak.Pointer[object]
}

func newLocked[K comparable]() subject[K, *object] {
	return &locked[K]{m: map[K]weak.Pointer[object]{}}
}

func (s *locked[K]) Store(k K, v *object) {
	w := weak.Make(v)
	s.mu.Lock()
	s.m[k] = w
	s.mu.Unlock()
	runtime.AddCleanup(v, func(o own[K]) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.m[o.key] == o.v {
			delete(s.m, o.key)
		}
	}, own[K]{k, w})
}

func (s *locked[K]) Load(k K) bool {
	s.mu.RLock()
	w := s.m[k]
	s.mu.RUnlock()
	return w.Value() != nil
}

func (s *locked[K]) Delete(k K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, k)
}

func (s *locked[K]) Loads(keys []K) int { return loads(keys, s.Load) }

func (s *locked[K]) Each() (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range s.m {
		if w.Value() != nil {
			n++
		}
	}
	return n
}

func (s *locked[K]) Clean(int) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, w := range s.m {
		if w.Value() == nil {
			return false
		}
	}
	return true
}

// better is the recipe with the fastest concurrent map there is.
type better[K comparable] struct {
	m *xsync.Map[K, weak.Pointer[object]]
}

func newBetter[K comparable]() subject[K, *object] {
	return &better[K]{xsync.NewMap[K, weak.Pointer[object]]()}
}

func (s *better[K]) Store(k K, v *object) {
	w := weak.Make(v)
	s.m.Store(k, w)
	runtime.AddCleanup(v, func(o own[K]) {
		s.m.Compute(o.key, func(w weak.Pointer[object], _ bool) (weak.Pointer[object], xsync.ComputeOp) {
			if w == o.v {
				return w, xsync.DeleteOp
			}
			return w, xsync.CancelOp
		})
	}, own[K]{k, w})
}

func (s *better[K]) Load(k K) bool { w, _ := s.m.Load(k); return w.Value() != nil }
func (s *better[K]) Delete(k K)    { s.m.Delete(k) }
func (s *better[K]) Loads(keys []K) int {
	return loads(keys, func(k K) bool { w, _ := s.m.Load(k); return w.Value() != nil })
}

func (s *better[K]) Each() (n int) {
	for _, w := range s.m.All() {
		if w.Value() != nil {
			n++
		}
	}
	return n
}

func (s *better[K]) Clean(int) bool {
	for _, w := range s.m.All() {
		if w.Value() == nil {
			return false
		}
	}
	return true
}

package suite

import (
	"sync"

	"github.com/puzpuzpuz/xsync/v4"
)

// The maps here hold what they hold: the limit of what a weak one could reach.

type syncMap[K comparable, V any] struct {
	m sync.Map
}

func (s *syncMap[K, V]) Store(k K, v V) { s.m.Store(k, v) }
func (s *syncMap[K, V]) Load(k K) bool  { _, ok := s.m.Load(k); return ok }
func (s *syncMap[K, V]) Delete(k K)     { s.m.Delete(k) }
func (s *syncMap[K, V]) Loads(keys []K) int {
	return loads(keys, func(k K) bool {
		v, ok := s.m.Load(k)
		if !ok {
			return false
		}
		_, ok = v.(V)
		return ok
	})
}

func (s *syncMap[K, V]) Each() (n int) {
	for range s.m.Range {
		n++
	}
	return n
}

type xsyncMap[K comparable, V any] struct {
	m *xsync.Map[K, V]
}

func newXsync[K comparable, V any]() subject[K, V] { return xsyncMap[K, V]{xsync.NewMap[K, V]()} }

func (s xsyncMap[K, V]) Store(k K, v V) { s.m.Store(k, v) }
func (s xsyncMap[K, V]) Load(k K) bool  { _, ok := s.m.Load(k); return ok }
func (s xsyncMap[K, V]) Delete(k K)     { s.m.Delete(k) }
func (s xsyncMap[K, V]) Loads(keys []K) int {
	return loads(keys, func(k K) bool { _, ok := s.m.Load(k); return ok })
}

func (s xsyncMap[K, V]) Each() (n int) {
	for range s.m.All() {
		n++
	}
	return n
}

type plainMap[K comparable, V any] struct {
	mu sync.RWMutex
	m  map[K]V
}

func newPlain[K comparable, V any]() subject[K, V] { return &plainMap[K, V]{m: map[K]V{}} }

func (s *plainMap[K, V]) Store(k K, v V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[k] = v
}

func (s *plainMap[K, V]) Load(k K) bool {
	s.mu.RLock()
	_, ok := s.m[k]
	s.mu.RUnlock()
	return ok
}

func (s *plainMap[K, V]) Delete(k K) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, k)
}

func (s *plainMap[K, V]) Loads(keys []K) int { return loads(keys, s.Load) }

func (s *plainMap[K, V]) Each() (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for range s.m {
		n++
	}
	return n
}

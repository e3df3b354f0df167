package suite

import (
	"runtime"
	"sync"
	"weak"

	"github.com/weakref-go/weakref"
)

// keyed is weakref.KeyMap.
type keyed[K any] struct {
	m weakref.KeyMap[K, int]
}

func (s *keyed[K]) Store(k *K, v int) { s.m.Store(k, v) }
func (s *keyed[K]) Load(k *K) bool    { _, ok := s.m.Load(k); return ok }
func (s *keyed[K]) Delete(k *K)       { s.m.Delete(k) }
func (s *keyed[K]) Loads(keys []*K) int {
	return loads(keys, func(k *K) bool { _, ok := s.m.Load(k); return ok })
}

func (s *keyed[K]) Each() (n int) {
	for range s.m.All() {
		n++
	}
	return n
}

// member is weakref.Set. The value says nothing.
type member struct {
	m weakref.Set[object]
}

func (s *member) Store(k *object, _ int) { s.m.Add(k) }
func (s *member) Load(k *object) bool    { return s.m.Has(k) }
func (s *member) Delete(k *object)       { s.m.Delete(k) }
func (s *member) Loads(keys []*object) int {
	return loads(keys, func(k *object) bool { return s.m.Has(k) })
}

func (s *member) Each() (n int) {
	for range s.m.All() {
		n++
	}
	return n
}

// weakKeys is what one writes first: weak pointers as the keys of a map under a
// lock, made for every look-up, and a cleanup for each key.
type weakKeys[V any] struct {
	mu sync.RWMutex
	m  map[weak.Pointer[object]]V
}

func newWeakKeys[V any]() *weakKeys[V] { return &weakKeys[V]{m: map[weak.Pointer[object]]V{}} }

func (s *weakKeys[V]) Store(k *object, v V) {
	w := weak.Make(k)
	s.mu.Lock()
	_, old := s.m[w]
	s.m[w] = v
	s.mu.Unlock()
	if !old {
		runtime.AddCleanup(k, s.remove, w)
	}
}

func (s *weakKeys[V]) remove(w weak.Pointer[object]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.m, w)
}

func (s *weakKeys[V]) Load(k *object) bool {
	w := weak.Make(k)
	s.mu.RLock()
	_, ok := s.m[w]
	s.mu.RUnlock()
	return ok
}

func (s *weakKeys[V]) Loads(keys []*object) int { return loads(keys, s.Load) }
func (s *weakKeys[V]) Delete(k *object)         { s.remove(weak.Make(k)) }

func (s *weakKeys[V]) Each() (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for w := range s.m {
		if w.Value() != nil {
			n++
		}
	}
	return n
}

// weakSet is weakKeys without values.
type weakSet struct {
	*weakKeys[struct{}]
}

func (s weakSet) Store(k *object, _ int) { s.weakKeys.Store(k, struct{}{}) }

// strongSet is xsync.Map without values.
type strongSet struct {
	subject[*object, struct{}]
}

func (s strongSet) Store(k *object, _ int) { s.subject.Store(k, struct{}{}) }

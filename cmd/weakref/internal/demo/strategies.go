package demo

import (
	"context"
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/weakref-go/weakref/cache"
)

// strategy is a way to hold on to trees, as the service sees it.
type strategy interface {
	// Get returns the tree of a file. It is for the caller to hold, and to let go of.
	Get(ctx context.Context, path string) (*Tree, error)
	// Len returns the number of entries, dead ones included.
	Len() int
}

// kind is a strategy to compare.
type kind struct {
	name    string // for machines
	title   string // for people
	new     func(load loader, size int) strategy
	explain func(f *figures, size int) string
}

// kinds is the strategies, each with the size that a user would guess where there
// is one to guess.
var kinds = []kind{
	{"map", "plain map", func(load loader, _ int) strategy {
		return &strong{load: load, trees: &treeMap{m: make(map[string]*Tree)}}
	}, explainMap},
	{"lru", "LRU", func(load loader, size int) strategy {
		trees, err := lru.New[string, *Tree](size)
		if err != nil {
			panic(err) // the size is not positive
		}
		return &strong{load: load, trees: trees}
	}, explainLRU},
	{"weak", "weak cache", func(load loader, _ int) strategy {
		return &cache.Cache[string, Tree]{Load: load}
	}, explainWeak},
	{"weak-keep", "weak, Keep", func(load loader, size int) strategy {
		return &cache.Cache[string, Tree]{Load: load, Keep: size}
	}, explainKeep},
}

// guess returns the size that a user who knows the editors would guess for an LRU:
// room for every file that can be open at once, even if no two editors shared one.
func guess(editors int) int { return editors * tabs }

// strong is a cache that holds its trees strongly: what a careful user writes around
// a map or an LRU.
type strong struct {
	load   loader
	flight singleflight.Group // a file is not parsed twice at the same time
	trees  store
}

// store holds trees. It is safe for concurrent use.
type store interface {
	Get(path string) (*Tree, bool)
	Add(path string, t *Tree) (evicted bool)
	Len() int
}

// Get parses the file if the store has no tree. The context of whoever is first
// serves all who ask meanwhile; here they all have the same.
func (s *strong) Get(ctx context.Context, path string) (*Tree, error) {
	if t, ok := s.trees.Get(path); ok {
		return t, nil
	}
	t, err, _ := s.flight.Do(path, func() (any, error) {
		if t, ok := s.trees.Get(path); ok {
			return t, nil // somebody has parsed it between our look and our turn
		}
		t, err := s.load(ctx, path)
		if err != nil {
			return nil, err
		}
		s.trees.Add(path, t)
		return t, nil
	})
	if err != nil {
		return nil, err
	}
	return t.(*Tree), nil
}

func (s *strong) Len() int { return s.trees.Len() }

// treeMap is a store that holds all it is given.
type treeMap struct {
	mu sync.RWMutex
	m  map[string]*Tree
}

func (s *treeMap) Get(path string) (*Tree, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t, ok := s.m[path]
	return t, ok
}

func (s *treeMap) Add(path string, t *Tree) (evicted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[path] = t
	return false
}

func (s *treeMap) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.m)
}

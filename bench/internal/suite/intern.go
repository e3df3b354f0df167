package suite

import (
	"strings"
	"sync/atomic"
	"unique"

	"github.com/puzpuzpuz/xsync/v4"
	"github.com/weakref-go/weakref"
	"go4.org/intern"
)

const (
	Interner     = "weakref.Interner"
	Unique       = "unique.Make"
	Go4Intern    = "go4-intern"
	StrongIntern = "xsync.Map"
)

// interned holds a handle for each string that was stored: H is what the interner
// gives out. Store interns a string that is new, Load one that is there.
type interned[H comparable] struct {
	intern func(string) H
	held   []H // by n, so that several threads can store
	n      atomic.Int64
}

func (s *interned[H]) Store(k string, _ struct{}) { s.held[s.n.Add(1)-1] = s.intern(k) }
func (s *interned[H]) Load(k string) bool         { var zero H; return s.intern(k) != zero }
func (s *interned[H]) Delete(string)              {}
func (s *interned[H]) Loads(keys []string) int {
	return loads(keys, s.Load)
}
func (s *interned[H]) Each() int { return int(s.n.Load()) }

func newInterned[H comparable](n int, intern func(string) H) subject[string, struct{}] {
	return &interned[H]{intern: intern, held: make([]H, n)}
}

// strongIntern interns for good.
func strongIntern(n int) subject[string, struct{}] {
	m := xsync.NewMap[string, *string]()
	return newInterned(n, func(k string) *string {
		if p, ok := m.Load(k); ok {
			return p
		}
		k = strings.Clone(k)
		p, _ := m.LoadOrStore(k, &k)
		return p
	})
}

func internSets(scale Scale) []Set {
	k := kind[string, struct{}]{
		keys:   names,
		query:  clone,
		value:  func() struct{} { return struct{}{} },
		values: func(n int) []struct{} { return make([]struct{}, n) },
	}
	var sets []Set
	for _, n := range sizes {
		type made = subject[string, struct{}]
		impls := []impl[string, struct{}]{
			{Interner, func() made { return newInterned(scale.of(n), new(weakref.Interner[string]).Intern) }},
			{Unique, func() made { return newInterned(scale.of(n), unique.Make[string]) }},
			{Go4Intern, func() made { return newInterned(scale.of(n), intern.GetByString) }},
			{StrongIntern, func() made { return strongIntern(scale.of(n)) }},
		}
		list := fixtureSets(scale, "Interning", "", n, k, impls, "store", "hit", "collect")
		sets = append(sets, slow(list, n > 131_072)...)
	}
	return sets
}

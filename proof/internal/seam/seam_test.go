package seam

import (
	"reflect"
	"runtime"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/keyhash"
)

type object struct{ _ [4]*object }

// TestHashes checks for every kind of container that the hash that was asked for is
// in effect.
func TestHashes(t *testing.T) {
	for _, h := range Hashes {
		t.Run(h.Name, func(t *testing.T) {
			defer keyhash.Use(h.Kind)()
			p := new(object)
			var (
				values weakref.ValueMap[int, object]
				keys   weakref.KeyMap[object, int]
				set    weakref.Set[object]
				intern weakref.Interner[int]
				cached cache.Cache[int, object]
			)
			values.Store(1, p)
			keys.Store(p, 1)
			set.Add(p)
			q := intern.Intern(1)
			cached.Put(1, p)
			for _, c := range []any{&values, &keys, &set, &intern, &cached} {
				CheckHash(t, c, h.Most)
				if err := Validate(c); err != nil {
					t.Error(err)
				}
			}
			runtime.KeepAlive(p)
			runtime.KeepAlive(q)
		})
	}
}

// TestValidateSees checks that Validate is not blind: a table whose entry is changed
// behind its back is found out.
func TestValidateSees(t *testing.T) {
	NeedsKill(t)
	var set weakref.Set[object]
	if err := Validate(&set); err != nil {
		t.Error(err)
	}
	set.Add(new(object))
	s := state(&set)
	h := field(s, func(v reflect.Value) bool { return v.MethodByName("Quick").IsValid() })
	p := new(object)
	set.Add(p)
	handle.Kill(p)
	if err := Validate(&set); err != nil {
		t.Errorf("a dead entry is no fault: %v", err)
	}
	*h.Interface().(*keyhash.Hasher[uintptr]) = keyhash.Make[uintptr]() // other hashes than those by which entries were placed
	for range 20 {
		if Validate(&set) != nil {
			return
		}
		*h.Interface().(*keyhash.Hasher[uintptr]) = keyhash.Make[uintptr]()
	}
	t.Error("Validate does not see that entries are in wrong places")
}

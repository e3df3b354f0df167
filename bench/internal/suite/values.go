package suite

import "slices"

// Names of the implementations, as the results have them.
const (
	ValueMap    = "weakref.ValueMap"
	Recipe      = "sync.Map+weak+cleanup"
	LockedWeak  = "RWMutex+map+weak+cleanup"
	XsyncWeak   = "xsync.Map+weak+cleanup"
	StrongSync  = "sync.Map"
	StrongXsync = "xsync.Map"
	StrongPlain = "RWMutex+map"
)

type impl[K comparable, V any] struct {
	name string
	make func() subject[K, V]
}

// weakValues lists the maps of weak values, valueMaps the strong ones as well.
func weakValues[K comparable]() []impl[K, *object] {
	return []impl[K, *object]{
		{ValueMap, func() subject[K, *object] { return new(ours[K]) }},
		{Recipe, func() subject[K, *object] { return new(recipe[K]) }},
		{XsyncWeak, newBetter[K]},
		{LockedWeak, newLocked[K]},
	}
}

func valueMaps[K comparable]() []impl[K, *object] {
	return append(weakValues[K](),
		impl[K, *object]{StrongXsync, newXsync[K, *object]},
		impl[K, *object]{StrongSync, func() subject[K, *object] { return new(syncMap[K, *object]) }},
		impl[K, *object]{StrongPlain, newPlain[K, *object]})
}

// newValues makes the values of every kind.
func newValues(n int) []*object { return many[object](n) }
func newValue() *object         { return new(object) }

var (
	intValues    = kind[int, *object]{numbers, same[int], newValue, newValues}
	stringValues = kind[string, *object]{names, clone, newValue, newValues}
)

// sizes are the numbers of entries at which everything is compared. At a million,
// and at those that only show how things grow, not all operations are measured.
var (
	sizes   = []int{1_000, 131_072, 1_000_000}
	most    = []string{"store", "hit", "miss", "collect", "iterate", "mixed-90-10"}
	growing = []string{"store", "hit"}

	// What a list of weak pointers can do as well.
	bounding = []string{"store", "hit", "collect", "replace", "mixed-90-10", "mixed-50-50"}
)

// Sizes returns the numbers of entries at which everything is compared.
func Sizes() []int { return slices.Clone(sizes) }

func valueSets(scale Scale) []Set {
	var sets []Set
	for _, n := range sizes {
		sets = append(sets, fixtureSets(scale, "Values", "int", n, intValues, valueMaps[int]())...)
		floor := []impl[int, *object]{{Floor, func() subject[int, *object] { return newBare(scale.of(n)) }}}
		sets = append(sets, fixtureSets(scale, "Values", "int", n, intValues, floor, bounding...)...)
	}
	for _, n := range sizes {
		list := fixtureSets(scale, "Values", "string", n, stringValues, valueMaps[string]())
		sets = append(sets, slow(list, n != 131_072)...)
	}
	for _, n := range []int{10_000, 10_000_000} {
		list := fixtureSets(scale, "Values", "int", n, intValues, valueMaps[int](), growing...)
		sets = append(sets, slow(list, true)...)
	}
	return sets
}

// fixtureSets returns a set for each implementation, with the operations given, or
// all.
func fixtureSets[K comparable, V any](scale Scale, group, keys string, n int, k kind[K, V], impls []impl[K, V], ops ...string) []Set {
	var sets []Set
	large, huge := n >= 1_000_000, n > 1_000_000
	if large && len(ops) == 0 {
		ops = most
	}
	n = scale.of(n)
	for _, i := range impls {
		if huge && !principal(i.name) {
			continue
		}
		name := Name{Group: group, Impl: i.name, Keys: keys, N: n}
		set := Set{Name: name, Need: uint64(n) * 500, Slow: large}
		if huge {
			set.MaxRound = 1
		}
		set.Cases = func() []Case {
			f := &fixture[K, V]{make: i.make, kind: k, n: n, scale: scale, global: group == "Interning"}
			list := f.cases(name)
			if len(ops) > 0 {
				list = keep(list, ops...)
			}
			return list
		}
		sets = append(sets, set)
	}
	return sets
}

// slow has quick runs leave the sets out, if so.
func slow(sets []Set, so bool) []Set {
	for i := range sets {
		sets[i].Slow = sets[i].Slow || so
	}
	return sets
}

// principal reports whether an implementation is one of those that targets are about.
func principal(impl string) bool {
	return slices.Contains([]string{ValueMap, Recipe, StrongXsync, StrongSync}, impl)
}

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

// sizes are the numbers of entries at which everything is measured, and growing
// those at which only the most important operations are.
var (
	sizes   = []int{1_000, 131_072, 1_000_000}
	growing = []int{10_000, 10_000_000}
)

func valueSets(scale Scale) []Set {
	var sets []Set
	for _, n := range sizes {
		sets = append(sets, fixtureSets(scale, "Values", "int", n, intValues, valueMaps[int]())...)
		strings := fixtureSets(scale, "Values", "string", n, stringValues, valueMaps[string]())
		sets = append(sets, mark(strings, n == 1_000_000)...)
	}
	for _, n := range growing {
		list := fixtureSets(scale, "Values", "int", n, intValues, valueMaps[int](), "store", "hit", "collect")
		sets = append(sets, mark(list, n > 1_000_000)...)
	}
	return sets
}

// fixtureSets returns a set for each implementation, with the operations given, or
// all.
func fixtureSets[K comparable, V any](scale Scale, group, keys string, n int, k kind[K, V], impls []impl[K, V], ops ...string) []Set {
	var sets []Set
	n = scale.of(n)
	for _, i := range impls {
		name := Name{Group: group, Impl: i.name, Keys: keys, N: n}
		sets = append(sets, Set{Name: name, Need: uint64(n) * 500, Cases: func() []Case {
			f := &fixture[K, V]{make: i.make, kind: k, n: n, scale: scale}
			list := f.cases(name)
			if len(ops) > 0 {
				list = keep(list, ops...)
			}
			return list
		}})
	}
	return sets
}

// mark marks sets of which a full run makes one round, and a quick one none.
func mark(sets []Set, slow bool) []Set {
	for i := range sets {
		sets[i].Slow = slow
		if sets[i].N > 1_000_000 {
			sets[i].MaxRound = 1
		}
	}
	return sets
}

// Sizes returns the numbers of entries at which everything is measured.
func Sizes() []int { return slices.Clone(sizes) }

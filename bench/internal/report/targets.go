package report

import (
	"fmt"
	"strings"

	"github.com/weakref-go/weakref/bench/internal/suite"
)

// target is a figure that was to be reached: at most limit, at every point.
type target struct {
	id     string // of what notes.md says about it
	what   string
	limit  float64
	unit   string  // "": a ratio
	less   float64 // what is taken off before the ratio is made
	points []point
}

// point is a place where a target is measured: ours divided by other, or ours. bound,
// if there is one, is what the work takes that nobody can leave out.
type point struct {
	label              string
	ours, other, bound figure
}

// targets are those that were set before anything was built.
var targets = []struct {
	title string
	list  []target
}{
	{"ValueMap", valueTargets()},
	{"KeyMap, Set, Interner", keyTargets()},
	{"rc", countingTargets()},
	{"event", eventTargets()},
	{"tree", treeTargets()},
}

func valueTargets() []target {
	hit := func(impl string, sizes ...int) []point {
		return against(suite.ValueMap, impl, "hit", "ns/op", sizes, suite.Threads())
	}
	one := func(op, unit string, sizes ...int) []point {
		return against(suite.ValueMap, suite.Recipe, op, unit, sizes, []int{1})
	}
	return []target{
		{"load-recipe-1000", "Load, hit, against the recipe, 1 000 entries", 1. / 2, "", 0, bounded(suite.Floor, hit(suite.Recipe, 1_000))},
		{"load-recipe-131072", "Load, hit, against the recipe, 131 072 entries", 1. / 4, "", 0, bounded(suite.Floor, hit(suite.Recipe, 131_072))},
		{"load-recipe-1000000", "Load, hit, against the recipe, 1 000 000 entries", 1. / 3, "", 0, bounded(suite.Floor, hit(suite.Recipe, 1_000_000))},
		{"load-xsync", "Load, hit, against xsync.Map with strong pointers", 2.5, "", 0, bounded(suite.Floor, hit(suite.StrongXsync, suite.Sizes()...))},
		{"load-syncmap", "Load, hit, against sync.Map with strong pointers", 1, "", 0, bounded(suite.Floor, hit(suite.StrongSync, suite.Sizes()...))},
		{"load-allocs", "Load, hit, allocations", 0, "allocs/op", 0, alone(suite.ValueMap, "hit", "allocs/op", suite.Sizes()...)},
		{"store", "Store, new key, against the recipe", 1. / 3, "", 0, bounded(suite.Floor, one("store", "ns/op", suite.Sizes()...))},
		{"bytes", "bytes an entry, against the recipe", 1. / 3, "", 0, one("store", "B/entry", suite.Sizes()...)},
		{"churn-cpu", "churn, processor time, against the recipe", 1 / 2.5, "", 0, bounded(suite.Floor, churn("cpu-ns/op"))},
		{"churn-peak", "churn, peak memory, against the recipe", 1 / 2.5, "", 0, churn("peak-MiB")},
		{"collect", "a forced collection, processor time an entry, against the recipe", 1. / 2, "", 0, one("collect", "cpu-ns/entry", 131_072, 1_000_000)},
		{"held-up", "longest call while a million die, against the same call's p99.9 before", 2, "", 0, heldUp()},
	}
}

func keyTargets() []target {
	large := []int{131_072, 1_000_000}
	pair := func(group, ours, other, op, unit string, sizes ...int) []point {
		return compared(group, ours, other, []string{""}, op, unit, sizes, []int{1})
	}
	return []target{
		{"keymap-load-weak", "KeyMap.Load, hit, against a map of weak pointers", 1. / 5, "", 0, pair("Keys", suite.KeyMap, suite.WeakMap, "hit", "ns/op", large...)},
		{"keymap-load-xsync", "KeyMap.Load, hit, against xsync.Map keyed by pointer", 2.5, "", 0, pair("Keys", suite.KeyMap, suite.StrongXsync, "hit", "ns/op", large...)},
		{"keymap-load-allocs", "KeyMap.Load, hit, allocations", 0, "allocs/op", 0, absolute("Keys", suite.KeyMap, "hit", "allocs/op", large...)},
		{"keymap-miss", "KeyMap.Load, miss, against a hit", 1, "", 0, missToHit(suite.Sizes()...)},
		{"keymap-miss-allocs", "KeyMap.Load, miss, allocations", 0, "allocs/op", 0, absolute("Keys", suite.KeyMap, "miss", "allocs/op", suite.Sizes()...)},
		{"slots-load", "KeyMap.Load with Slots, hit, against xsync.Map keyed by pointer", 1, "", 0, bounded(suite.FieldFloor, pair("Keys", suite.KeyMapSlots, suite.StrongXsync, "hit", "ns/op", suite.Sizes()...))},
		{"set-has-weak", "Set.Has against a map of weak pointers", 1. / 5, "", 0, pair("Sets", suite.WeakSet, suite.WeakMap, "hit", "ns/op", large...)},
		{"set-has-xsync", "Set.Has against xsync.Map keyed by pointer", 2.5, "", 0, pair("Sets", suite.WeakSet, suite.StrongXsync, "hit", "ns/op", large...)},
		{"set-add", "Set.Add against a map of weak pointers with cleanups", 1. / 3, "", 0, bounded(suite.Floor, pair("Sets", suite.WeakSet, suite.WeakMap, "store", "ns/op", suite.Sizes()...))},
		{"intern-hit-hot", "Interner, hit, against unique, 1 000 values", 1, "", 0, pair("Interning", suite.Interner, suite.Unique, "hit", "ns/op", 1_000)},
		{"intern-hit", "Interner, hit, against unique, 1 000 000 values", 1. / 2, "", 0, pair("Interning", suite.Interner, suite.Unique, "hit", "ns/op", 1_000_000)},
		{"intern-miss", "Interner, miss, against unique", 1. / 3, "", 0, pair("Interning", suite.Interner, suite.Unique, "store", "ns/op", suite.Sizes()...)},
		{"intern-bytes", "Interner, bytes of a new value, against unique", 1. / 3, "", 0, pair("Interning", suite.Interner, suite.Unique, "store", "B/entry", suite.Sizes()...)},
	}
}

func countingTargets() []target {
	of := func(impl, op, unit string) figure {
		return figure{suite.Name{Group: "Counting", Impl: impl, Op: op}, unit}
	}
	only := func(impl, op, unit string) []point { return []point{{ours: of(impl, op, unit)}} }
	return []target{
		{"rc-clone", "Strong: Clone and Close, not the last", 40, "ns/op", 0, only("rc", "clone+close", "ns/op")},
		{"rc-clone-allocs", "Strong: Clone and Close, allocations", 1, "allocs/op", 0, only("rc", "clone+close", "allocs/op")},
		{"rc-unchecked", "Unchecked: Clone and Close, not the last", 15, "ns/op", 0, only("rc-unchecked", "clone+close", "ns/op")},
		{"rc-unchecked-allocs", "Unchecked: Clone and Close, allocations", 0, "allocs/op", 0, only("rc-unchecked", "clone+close", "allocs/op")},
		{"rc-upgrade", "Weak: Upgrade and Close", 50, "ns/op", 0, only("rc", "upgrade+close", "ns/op")},
		{"rc-new", "New and Close, less 60 ns, against a plain allocation", 2, "", 60, []point{
			{ours: of("rc", "new+close", "ns/op"), other: of("plain", "new+close", "ns/op")}}},
	}
}

func eventTargets() []target {
	of := func(impl, op, unit string, n int) figure {
		return figure{suite.Name{Group: "Events", Impl: impl, Op: op, N: n}, unit}
	}
	var floor []point
	for _, n := range []int{1, 100, 10_000} {
		floor = append(floor, point{label: grouped(n), ours: of("bus", "publish", "cpu-ns/listener", n), other: of("floor", "publish", "cpu-ns/listener", n)})
	}
	return []target{
		{"publish", "Publish to 100 listeners, time for one", 15, "cpu-ns/listener", 0, []point{{ours: of("bus", "publish", "cpu-ns/listener", 100)}}},
		{"publish-allocs", "Publish to 100 listeners, allocations", 0, "allocs/op", 0, []point{{ours: of("bus", "publish", "allocs/op", 100)}}},
		{"publish-floor", "Publish, against a bare loop over weak pointers", 1.3, "", 0, floor},
		{"subscribe", "Subscribe, against a list of weak pointers with a cleanup each", 0.5, "", 0, []point{
			{ours: of("bus", "subscribe", "cpu-ns/listener", 100_000), other: of("mutex-cleanup", "subscribe", "cpu-ns/listener", 100_000)}}},
	}
}

func treeTargets() []target {
	byHand := func(op, unit string, n int) []point {
		of := func(impl string) figure { return figure{suite.Name{Group: "Trees", Impl: impl, Op: op, N: n}, unit} }
		return []point{{ours: of("tree"), other: of("hand")}}
	}
	const million = 1_000_000
	return []target{
		{"tree-append", "Append, against a tree with strong parents, by hand", 1.3, "", 0, byHand("append", "cpu-ns/node", million)},
		{"tree-detach", "Detach, against one by hand", 1.3, "", 0, byHand("detach", "cpu-ns/node", million)},
		{"tree-walk", "Descendants, against a walk by hand", 1.3, "", 0, byHand("walk", "cpu-ns/node", million)},
		{"tree-memory", "bytes a node less 16, against one by hand, eight children a parent", 1, "", 16, byHand("memory,fanout=8", "bytes/node", 0)},
	}
}

// against compares implementations of a map of weak values, with all kinds of keys.
func against(ours, other, op, unit string, sizes, threads []int) []point {
	return compared("Values", ours, other, []string{"int", "string"}, op, unit, sizes, threads)
}

func compared(group, ours, other string, keys []string, op, unit string, sizes, threads []int) (points []point) {
	for _, n := range sizes {
		for _, k := range keys {
			for _, t := range threads {
				name := suite.Name{Group: group, Impl: ours, Keys: k, Op: op, N: n, Threads: t}
				peer := name
				peer.Impl = other
				points = append(points, point{label: label(name, len(sizes) > 1), ours: figure{name, unit}, other: figure{peer, unit}})
			}
		}
	}
	return points
}

// bounded adds what the work takes without any container, as far as that is measured:
// making a weak pointer is the same whatever the key, finding one is not.
func bounded(floor string, points []point) []point {
	for i, p := range points {
		p.bound = p.ours
		p.bound.Impl = floor
		if p.bound.Op == "store" && p.bound.Keys != "" {
			p.bound.Keys = "int"
		}
		points[i].bound = p.bound
	}
	return points
}

// alone is our own figure, with all kinds of keys.
func alone(ours, op, unit string, sizes ...int) []point {
	points := against(ours, ours, op, unit, sizes, []int{1})
	for i := range points {
		points[i].other = figure{}
	}
	return points
}

func absolute(group, ours, op, unit string, sizes ...int) []point {
	points := compared(group, ours, ours, []string{""}, op, unit, sizes, []int{1})
	for i := range points {
		points[i].other = figure{}
	}
	return points
}

func churn(unit string) []point {
	points := compared("Churn", suite.ValueMap, suite.Recipe, []string{""}, "churn", unit, []int{100_000}, []int{1})
	return points
}

func heldUp() (points []point) {
	for _, call := range []string{"load", "store"} {
		name := suite.Name{Group: "Million", Impl: suite.ValueMap, Op: call + "-while-dying", N: 1_000_000, Threads: 1}
		points = append(points, point{label: call, ours: figure{name, "max-ns"}, other: figure{name, "quiet-p99.9-ns"}})
	}
	return points
}

func missToHit(sizes ...int) []point {
	points := compared("Keys", suite.KeyMap, suite.KeyMap, []string{""}, "miss", "ns/op", sizes, []int{1})
	for i := range points {
		points[i].other.Op = "hit"
	}
	return points
}

func label(n suite.Name, size bool) string {
	var parts []string
	if size {
		parts = append(parts, grouped(n.N))
	}
	if n.Keys != "" {
		parts = append(parts, n.Keys)
	}
	if n.Threads > 1 {
		parts = append(parts, fmt.Sprintf("%d threads", n.Threads))
	}
	return strings.Join(parts, ", ")
}

// measured returns what a figure of a point came to against the other, and whether it
// was measured.
func (t target) measured(f *figures, p point, of figure) (float64, bool) {
	value, ok := f.median(of)
	if !ok || p.other == (figure{}) {
		return value, ok
	}
	other, ok := f.median(p.other)
	return (value - t.less) / other, ok && other > 0
}

// reached reports whether a value is within the limit, as far as two digits tell.
func (t target) reached(value float64) bool { return value < t.limit+0.005 }

// show writes a value, or the limit.
func (t target) show(value float64) string {
	if t.unit == "" {
		return significant(value)
	}
	return amount(value, t.unit)
}

// verdict says what became of a target. The worst of its points counts.
type verdict int

const (
	unmeasured verdict = iota
	reached
	outOfReach // what nobody can leave out takes longer than that
	missed
)

func (v verdict) String() string {
	return [...]string{"not measured", "reached", "[out of reach](#out-of-reach)", "[missed](#missed)"}[v]
}

// cell returns what a point came to, beside its bound if that is why the limit was not
// reached.
func (t target) cell(f *figures, p point) (string, verdict) {
	value, ok := t.measured(f, p, p.ours)
	if !ok {
		return "", unmeasured
	}
	cell, v := t.show(value), reached
	bound, known := t.measured(f, p, p.bound)
	switch {
	case t.reached(value):
	case known && !t.reached(bound):
		cell, v = fmt.Sprintf("%s, bound %s", cell, t.show(bound)), outOfReach
	default:
		cell, v = "**"+cell+"**", missed
	}
	if p.label != "" {
		cell += " (" + p.label + ")"
	}
	return cell, v
}

// row returns the target's line of the table, and what became of it.
func (t target) row(f *figures) (line string, worst verdict) {
	var cells []string
	for _, p := range t.points {
		if cell, v := t.cell(f, p); v != unmeasured {
			cells = append(cells, cell)
			worst = max(worst, v)
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %v |\n", t.what, t.show(t.limit), strings.Join(cells, " · "), worst), worst
}

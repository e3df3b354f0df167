package design

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"unsafe"
	"weak"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/handle"
)

type small [2]uint64

type large [8]uint64

// BenchmarkMake makes the first weak pointers to a hundred thousand objects, in
// different orders of their addresses. See docs/decisions/0006-nursery.md.
func BenchmarkMake(b *testing.B) {
	benchmarkMake[small](b)
	benchmarkMake[large](b)
}

const objects = 100_000

func benchmarkMake[T any](b *testing.B) {
	size := unsafe.Sizeof(*new(T))
	for _, way := range []struct {
		name  string
		order func([]*T)
	}{
		{"ascending", func([]*T) {}},
		{"shuffled", func(s []*T) { rand.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] }) }},
		{"descending", func(s []*T) { slices.Reverse(s) }},
	} {
		b.Run(fmt.Sprintf("size=%d/way=%s", size, way.name), func(b *testing.B) {
			var made []weak.Pointer[T]
			for range b.N {
				b.StopTimer()
				all := fresh[T]()
				way.order(all)
				made = make([]weak.Pointer[T], len(all))
				b.StartTimer()
				for i, p := range all {
					made[i] = weak.Make(p)
				}
				runtime.KeepAlive(all)
			}
			perObject(b)
		})
	}
}

// fresh returns new objects in ascending order of address, on a heap without others.
func fresh[T any]() []*T {
	runtime.GC()
	all := make([]*T, objects)
	for i := range all {
		all[i] = new(T)
	}
	slices.SortFunc(all, func(p, q *T) int {
		return int(uintptr(unsafe.Pointer(p))) - int(uintptr(unsafe.Pointer(q)))
	})
	return all
}

func perObject(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/objects, "ns/object")
}

// BenchmarkIntern interns values that are new, which come from the nursery. See
// docs/decisions/0006-nursery.md.
func BenchmarkIntern(b *testing.B) {
	b.Run("way=nursery", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			runtime.GC()
			var in weakref.Interner[small]
			kept := make([]*small, objects)
			b.StartTimer()
			for i := range kept {
				kept[i] = in.Intern(small{uint64(i)})
			}
			runtime.KeepAlive(kept)
		}
		perObject(b)
	})
	b.Run("way=allocate", func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			runtime.GC()
			var m weakref.ValueMap[small, small]
			kept := make([]*small, objects)
			b.StartTimer()
			for i := range kept {
				v := small{uint64(i)}
				kept[i], _ = m.LoadOrStore(v, &v)
			}
			runtime.KeepAlive(kept)
		}
		perObject(b)
	})
}

// BenchmarkLiveness asks a hundred thousand weak pointers, in the order in which they
// lie in memory, whether their targets are alive. See docs/decisions/0001-handles.md.
func BenchmarkLiveness(b *testing.B) {
	all := fresh[large]()
	handles := make([]handle.H, len(all))
	pointers := make([]weak.Pointer[large], len(all))
	boxes := make([]any, len(all)) // what a table without direct handles would hold
	byKey := make(map[int]weak.Pointer[large], len(all))
	for i, p := range all {
		handles[i] = handle.Of(p)
		pointers[i] = weak.Make(p)
		boxes[i] = pointers[i]
		byKey[i] = pointers[i]
	}
	var dead atomic.Int64
	for _, way := range []struct {
		name string
		dead func() int
	}{
		{"word", func() (n int) {
			for _, h := range handles {
				if handle.Addr[large](h) == 0 {
					n++
				}
			}
			return n
		}},
		{"value", func() (n int) {
			for _, w := range pointers {
				if w.Value() == nil {
					n++
				}
			}
			return n
		}},
		{"boxed", func() (n int) {
			for _, x := range boxes {
				if x.(weak.Pointer[large]).Value() == nil {
					n++
				}
			}
			return n
		}},
		{"map", func() (n int) {
			for _, w := range byKey {
				if w.Value() == nil {
					n++
				}
			}
			return n
		}},
	} {
		b.Run("way="+way.name, func(b *testing.B) {
			for b.Loop() {
				dead.Add(int64(way.dead()))
			}
			perObject(b)
		})
	}
	if dead.Load() != 0 {
		b.Error("an object that is held is dead")
	}
	runtime.KeepAlive(all)
}

// BenchmarkValue takes the strong pointers of a million weak ones whose targets lie
// anywhere: what a look-up pays when it has found the weak pointer. See
// docs/decisions/0002-weak-table.md.
func BenchmarkValue(b *testing.B) {
	for _, n := range []int{1000, 131_072, 1_000_000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			all := make([]*large, n)
			made := make([]weak.Pointer[large], n)
			for i := range all {
				all[i] = new(large)
				made[i] = weak.Make(all[i])
			}
			rand.Shuffle(n, func(i, j int) { made[i], made[j] = made[j], made[i] })
			runtime.GC()
			i := 0
			for b.Loop() {
				if made[i].Value() == nil {
					b.Fatal("an object that is held is dead")
				}
				if i++; i == n {
					i = 0
				}
			}
			runtime.KeepAlive(all)
		})
	}
}

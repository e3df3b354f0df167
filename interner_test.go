package weakref_test

import (
	"fmt"
	"hash/maphash"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

type point struct{ x, y int }

func TestInterner(t *testing.T) {
	testInterner(t, point{1, 2}, point{2, 1})
	testInterner(t, "a", "b")
	testInterner(t, strings.Repeat("long", 100), "")
	testInterner(t, 1, 2)
	testInterner(t, byte(1), byte(2))
	testInterner(t, 1.5, 2.5)
	testInterner[any](t, 1, "1")
	testInterner(t, [3]string{"a"}, [3]string{"b"})
}

func testInterner[T comparable](t *testing.T, a, b T) {
	t.Helper()
	var in weakref.Interner[T]
	if _, ok := in.Lookup(a); ok || in.Len() != 0 || in.Sweep() != 0 {
		t.Errorf("%T: the zero Interner is not empty", a)
	}
	p, q := in.Intern(a), in.Intern(b)
	if *p != a || *q != b || p == q {
		t.Errorf("%T: %v and %v have become %v and %v", a, a, b, *p, *q)
	}
	for range 3 {
		if in.Intern(a) != p || in.Intern(b) != q {
			t.Errorf("%T: another pointer for the same value", a)
		}
		weaktest.Collect(t)
	}
	if r, ok := in.Lookup(a); r != p || !ok {
		t.Errorf("%T: Lookup = %p, %v", a, r, ok)
	}
	if n := len(slices.Collect(in.All())); n != 2 || in.Len() != 2 {
		t.Errorf("%T: All yields %d of 2, Len is %d", a, n, in.Len())
	}
	valid(t, &in)
	runtime.KeepAlive(p)
	runtime.KeepAlive(q)
	weaktest.Eventually(t, "all copies are gone", func() bool { return in.Len() == 0 })
}

func TestInternerZeroSize(t *testing.T) {
	var in weakref.Interner[struct{}]
	p := in.Intern(struct{}{})
	if in.Intern(struct{}{}) != p || in.Len() != 1 {
		t.Error("values without size are not interned")
	}
	runtime.KeepAlive(p)
	weaktest.Eventually(t, "the copy is gone", func() bool { return in.Len() == 0 })
}

func TestInternBytes(t *testing.T) {
	var in weakref.Interner[string]
	for _, n := range []int{0, 1, 15, 16, 17, 32, 33, 48, 49, 80, 81, 112, 113, 1000} {
		b := []byte(strings.Repeat("x", n))
		p := weakref.InternBytes(&in, b)
		if *p != string(b) || in.Intern(string(b)) != p {
			t.Fatalf("length %d: %q", n, *p)
		}
		for i := range b {
			b[i] = 'y' // the canonical copy must not share the bytes
		}
		if *p != strings.Repeat("x", n) {
			t.Fatalf("length %d: the copy has changed with the bytes", n)
		}
		copy(b, *p)
		if allocs := testing.AllocsPerRun(100, func() { weakref.InternBytes(&in, b) }); allocs != 0 {
			t.Errorf("length %d: %v allocations for a string that is there", n, allocs)
		}
		runtime.KeepAlive(p)
	}
}

func TestInternDoesNotAllocate(t *testing.T) {
	var points weakref.Interner[point]
	p := points.Intern(point{1, 2})
	if allocs := testing.AllocsPerRun(100, func() { points.Intern(point{1, 2}) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	runtime.KeepAlive(p)
}

// TestInternerReleasesLargeString: a small piece does not keep the whole.
func TestInternerReleasesLargeString(t *testing.T) {
	var in weakref.Interner[string]
	var p *string
	large := func() weakref.Ref[[1 << 16]byte] {
		b := new([1 << 16]byte)
		p = in.Intern(unsafe.String(&b[100], 10))
		return weakref.Make(b)
	}()
	weaktest.MustCollect(t, large)
	runtime.KeepAlive(p)
}

func TestInternerClone(t *testing.T) {
	type pair struct{ a, b string }
	cloned := 0
	in := weakref.Interner[pair]{Name: "pairs", Clone: func(p pair) pair {
		cloned++
		return pair{strings.Clone(p.a), strings.Clone(p.b)}
	}}
	p := in.Intern(pair{"a", "b"})
	if in.Intern(pair{"a", "b"}) != p || cloned != 1 {
		t.Errorf("%d clones", cloned)
	}
	if st := in.Stats(); st.Name != "pairs" || st.Len != 1 {
		t.Errorf("%+v", st)
	}
	runtime.KeepAlive(p)
}

func TestInternerManyAndConstantHash(t *testing.T) {
	for _, constant := range []bool{false, true} {
		var in weakref.Interner[int]
		n := 20_000
		if constant {
			in.UseConstantHash()
			n = 2_000
		}
		kept := make([]*int, n)
		for i := range kept {
			kept[i] = in.Intern(i)
		}
		for i, p := range kept {
			if in.Intern(i) != p || *p != i {
				t.Fatalf("%d has become %d", i, *p)
			}
		}
		valid(t, &in)
		few := slices.Clone(kept[:n/10])
		kept = nil
		weaktest.Eventually(t, "the dropped are gone", func() bool { return in.Len() == len(few) })
		for i, p := range few {
			if in.Intern(i) != p {
				t.Fatalf("%d has another copy", i)
			}
		}
		valid(t, &in)
		runtime.KeepAlive(few)
	}
}

func TestInternerIsCollectable(t *testing.T) {
	var kept []*string
	interner := func() weakref.Ref[weakref.Interner[string]] {
		in := new(weakref.Interner[string])
		for i := range 100 {
			kept = append(kept, in.Intern(fmt.Sprint(i)))
		}
		return weakref.Make(in)
	}
	weaktest.MustCollect(t, interner())
	runtime.KeepAlive(kept)
}

func TestInternerFuncIsCollectable(t *testing.T) {
	var kept []*[]string
	interner := func() weakref.Ref[weakref.InternerFunc[[]string]] {
		in := &weakref.InternerFunc[[]string]{Hasher: folding{new(atomic.Int32)}}
		for i := range 100 {
			kept = append(kept, in.Intern([]string{fmt.Sprint(i)}))
		}
		return weakref.Make(in)
	}
	weaktest.MustCollect(t, interner())
	runtime.KeepAlive(kept)
}

// folding ignores the case of letters.
type folding struct{ calls *atomic.Int32 }

func (f folding) Hash(h *maphash.Hash, s []string) {
	for _, s := range s {
		h.WriteString(strings.ToLower(s))
		h.WriteByte(0)
	}
}

func (f folding) Equal(a, b []string) bool {
	f.calls.Add(1)
	return slices.EqualFunc(a, b, strings.EqualFold)
}

func TestInternerFunc(t *testing.T) {
	var calls atomic.Int32
	in := weakref.InternerFunc[[]string]{Name: "words", Hasher: folding{&calls}, Clone: slices.Clone[[]string]}
	if _, ok := in.Lookup([]string{"a"}); ok || in.Len() != 0 || in.Sweep() != 0 {
		t.Error("the zero InternerFunc is not empty")
	}
	words := []string{"Ab", "cd"}
	p := in.Intern(words)
	words[0] = "x"
	if in.Intern([]string{"aB", "CD"}) != p || (*p)[0] != "Ab" {
		t.Errorf("%q", *p)
	}
	q := in.Intern([]string{"abc", "d"})
	if q == p || in.Len() != 2 || len(slices.Collect(in.All())) != 2 {
		t.Error("different values are one")
	}
	if r, ok := in.Lookup([]string{"ABC", "D"}); r != q || !ok {
		t.Error("Lookup does not find it")
	}
	if st := in.Stats(); st.Name != "words" || st.Len != 2 {
		t.Errorf("%+v", st)
	}
	valid(t, &in)
	runtime.KeepAlive(p)
	runtime.KeepAlive(q)
	weaktest.Eventually(t, "all copies are gone", func() bool { return in.Len() == 0 })

	defer func() {
		if v, _ := recover().(string); !contains(v, "Hasher") {
			t.Errorf("without a Hasher: %v", v)
		}
	}()
	new(weakref.InternerFunc[[]string]).Intern(nil)
}

// bad is a Hasher whose hashes are all equal, and which uses the Interner itself.
type bad struct {
	in *weakref.InternerFunc[int]
}

func (b bad) Hash(*maphash.Hash, int) {}
func (b bad) Equal(x, y int) bool {
	b.in.Len()
	if y >= 0 {
		b.in.Intern(-1 - y%3) // called under a lock, it would hang
	}
	return x == y
}

func TestInternerFuncCallsUnderNoLock(t *testing.T) {
	var in weakref.InternerFunc[int]
	in.Hasher = bad{&in}
	var kept []*int
	for i := range 50 {
		kept = append(kept, in.Intern(i))
	}
	for i, p := range kept {
		if *p != i || in.Intern(i) != p {
			t.Fatalf("%d has become %d", i, *p)
		}
	}
	runtime.KeepAlive(kept)
}

// TestInternConcurrent: goroutines that intern equal values at once get one
// pointer.
func TestInternConcurrent(t *testing.T) {
	var in weakref.Interner[string]
	var fn weakref.InternerFunc[[]string]
	fn.Hasher = folding{new(atomic.Int32)}
	whileCollecting(func() {
		for round := range 200 {
			const n = 4
			var ps [n]*string
			var fs [n]*[]string
			var ws sync.WaitGroup
			for i := range n {
				ws.Go(func() {
					ps[i] = in.Intern(fmt.Sprint("value ", round%10))
					fs[i] = fn.Intern([]string{fmt.Sprint("Value ", round%10)})
				})
			}
			ws.Wait()
			for i := range n {
				if ps[i] != ps[0] || fs[i] != fs[0] {
					t.Fatal("two pointers for one value")
				}
			}
		}
	})
	valid(t, &in)
	valid(t, &fn)
}

// TestInternRace has several goroutines intern the same new values at the same
// moment, again and again: they must agree.
func TestInternRace(t *testing.T) {
	var in weakref.Interner[int]
	var fn weakref.InternerFunc[[]string]
	fn.Hasher = folding{new(atomic.Int32)}
	const rounds = 20_000
	var got [2][rounds]*int
	var gotFn [2][rounds]*[]string
	lockstep(rounds, func(i, round int) {
		got[i][round] = in.Intern(round)
		if round%10 == 0 {
			gotFn[i][round] = fn.Intern([]string{fmt.Sprint(round)})
		}
	})
	if got[0] != got[1] || gotFn[0] != gotFn[1] {
		t.Error("two pointers for one value")
	}
}

// TestInternBytesGivesCloneItsOwn: Clone got a string of the caller's bytes, and a Clone that
// returns its argument made that the canonical copy, which changed with the bytes.
func TestInternBytesGivesCloneItsOwn(t *testing.T) {
	in := weakref.Interner[string]{Clone: func(s string) string { return s }}
	buf := []byte("content-type")
	p := weakref.InternBytes(&in, buf)
	copy(buf, "USER-AGENT!!")
	if *p != "content-type" {
		t.Errorf("the canonical string is %q by now", *p)
	}
	if found, ok := in.Lookup("content-type"); !ok || found != p {
		t.Error("and is not found")
	}
	if q := weakref.InternBytes(&in, []byte("content-type")); q != p {
		t.Error("and was interned again")
	}
}

// TestInternBytesOfAHitDoesNotAllocate holds it to its word.
func TestInternBytesOfAHitDoesNotAllocate(t *testing.T) {
	for name, in := range map[string]*weakref.Interner[string]{
		"without Clone": {},
		"with":          {Clone: strings.Clone},
	} {
		p := in.Intern("content-type")
		b := []byte(*p)
		if n := testing.AllocsPerRun(100, func() { weakref.InternBytes(in, b) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		runtime.KeepAlive(p)
	}
}

// TestCloneMustNotChangeTheValue: a copy that equals nothing that is interned is never
// found, and one more was kept for each call.
func TestCloneMustNotChangeTheValue(t *testing.T) {
	in := weakref.Interner[string]{Clone: strings.ToLower}
	mustPanic(t, "not equal", func() { in.Intern("Host") })
	if p := in.Intern("host"); *p != "host" || in.Len() != 1 {
		t.Errorf("afterwards: %q, %v", *p, &in)
	}
	fn := weakref.InternerFunc[[]string]{Hasher: folding{new(atomic.Int32)}, Clone: func([]string) []string { return nil }}
	mustPanic(t, "not equal", func() { fn.Intern([]string{"a"}) })
	nan := weakref.Interner[float64]{Clone: func(f float64) float64 { return f }}
	nan.Intern(math.NaN()) // is not even equal to itself
}

// BenchmarkIntern interns a value that is there, and a new one, among n others.
func BenchmarkIntern(b *testing.B) {
	for _, n := range []int{100, 10_000, 1_000_000} {
		var in weakref.Interner[int]
		kept := make([]*int, n)
		for i := range kept {
			kept[i] = in.Intern(i)
		}
		b.Run(fmt.Sprintf("op=hit/n=%d", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				in.Intern(i % n)
			}
		})
		b.Run(fmt.Sprintf("op=miss/n=%d", n), func(b *testing.B) {
			for i := n; b.Loop(); i++ {
				in.Intern(i)
			}
		})
		runtime.KeepAlive(kept)
	}
}

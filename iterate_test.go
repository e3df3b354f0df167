package weakref_test

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/weaktest"
)

// iterable is a container of the numbers below a limit, with an object for each.
type iterable struct {
	add, remove func(i int) // remove is nil if there is no such call
	yields      map[string]iter.Seq[int]
	sweep       func() int
	validate    func() error
	beforeHash  func(f func())
	kill        func(i int) // makes the object dead, and another one for the next add
	byNumber    bool        // the number is the key, not the object
}

// iterables returns an empty container of each kind, by name.
func iterables(limit int) map[string]iterable {
	all := map[string]iterable{
		"KeyMap":            keyMapIterable(limit, func(i int) *object { return newObject(i) }, func(o *object) int { return o.id }),
		"KeyMap with Slots": keyMapIterable(limit, newSlotted, func(k *slotted) int { return k.id }),
	}
	objects := make([]*object, limit)
	renew := func(i int) { objects[i] = newObject(i) }
	for i := range objects {
		renew(i)
	}
	kill := func(i int) { weakref.Kill(objects[i]); renew(i) }

	values := new(objectMap)
	all["ValueMap"] = iterable{
		add:    func(i int) { values.Store(i, objects[i]) },
		remove: func(i int) { values.Delete(i) },
		yields: map[string]iter.Seq[int]{
			"All": firsts(values.All()), "Keys": values.Keys(),
			"Values": numbers(values.Values(), func(o *object) int { return o.id }),
		},
		sweep: values.Sweep, validate: values.Validate, beforeHash: values.BeforeHash, kill: kill,
		byNumber: true,
	}
	set := new(weakref.Set[object])
	all["Set"] = iterable{
		add:    func(i int) { set.Add(objects[i]) },
		remove: func(i int) { set.Delete(objects[i]) },
		yields: map[string]iter.Seq[int]{"All": numbers(set.All(), func(o *object) int { return o.id })},
		sweep:  set.Sweep, validate: set.Validate, beforeHash: set.BeforeHash, kill: kill,
	}
	in := new(weakref.Interner[int])
	copies := make([]*int, limit)
	all["Interner"] = iterable{
		add:    func(i int) { copies[i] = in.Intern(i) },
		yields: map[string]iter.Seq[int]{"All": numbers(in.All(), func(p *int) int { return *p })},
		sweep:  in.Sweep, validate: in.Validate, beforeHash: in.BeforeHash,
		kill:     func(i int) { weakref.Kill(copies[i]) },
		byNumber: true,
	}
	return all
}

func keyMapIterable[K any](limit int, newKey func(int) *K, id func(*K) int) iterable {
	m := new(weakref.KeyMap[K, int])
	keys := make([]*K, limit)
	for i := range keys {
		keys[i] = newKey(i)
	}
	return iterable{
		add:    func(i int) { m.Store(keys[i], i) },
		remove: func(i int) { m.Delete(keys[i]) },
		yields: map[string]iter.Seq[int]{
			"All": numbers(firsts(m.All()), id), "Keys": numbers(m.Keys(), id), "Values": m.Values(),
		},
		sweep: m.Sweep, validate: m.Validate, beforeHash: m.BeforeHash,
		kill: func(i int) { weakref.Kill(keys[i]); keys[i] = newKey(i) },
	}
}

func firsts[K, V any](seq iter.Seq2[K, V]) iter.Seq[K] {
	return func(yield func(K) bool) {
		for k := range seq {
			if !yield(k) {
				return
			}
		}
	}
}

func numbers[T any](seq iter.Seq[*T], id func(*T) int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for p := range seq {
			if !yield(id(p)) {
				return
			}
		}
	}
}

// eachIterable runs a test for each iterator of each container.
func eachIterable(t *testing.T, limit int, f func(t *testing.T, c iterable, seq iter.Seq[int])) {
	for name := range iterables(0) {
		for method := range iterables(0)[name].yields {
			t.Run(name+"/"+method, func(t *testing.T) {
				c := iterables(limit)[name]
				f(t, c, c.yields[method])
			})
		}
	}
}

// TestIteratorsYieldOnce: whatever a loop deletes and stores again, no key comes twice,
// and what it does not touch comes once, although the table splits and merges.
func TestIteratorsYieldOnce(t *testing.T) {
	canKill := weakref.Kill(newObject(0))
	const n = 6000
	eachIterable(t, n, func(t *testing.T, c iterable, seq iter.Seq[int]) {
		constant := func(i int) bool { return i%6 == 0 }
		for i := range n {
			if constant(i) || i < n/2 {
				c.add(i)
			}
		}
		seen, killed := make(map[int]int), make(map[int]bool)
		round := 0
		for k := range seq {
			seen[k]++
			if len(seen)%100 != 1 {
				continue
			}
			round++
			for i := range n {
				switch {
				case constant(i), killed[i] && !c.byNumber:
				case c.remove != nil && (i+round)%3 == 0:
					c.remove(i)
					if round%8 < 4 {
						c.add(i)
					}
				case canKill && (i+round)%3 == 1 && round%8 == 4: // a death in the middle
					c.add(i)
					c.kill(i)
					if killed[i] = true; c.byNumber {
						c.add(i)
					}
				}
			}
			c.sweep()
		}
		for k, times := range seen {
			if times > 1 {
				t.Fatalf("%d was yielded %d times", k, times)
			}
		}
		for i := range n {
			if constant(i) && seen[i] != 1 {
				t.Fatalf("%d, there all the while, was yielded %d times", i, seen[i])
			}
		}
		if err := c.validate(); err != nil {
			t.Error(err)
		}
	})
}

// TestIterateWhileEntryGoes guards against a loop that asks for the hash of an entry
// that has just been removed: it loaded the handle a second time, and followed nil.
func TestIterateWhileEntryGoes(t *testing.T) {
	const n, few = 20_000, 500
	eachIterable(t, n, func(t *testing.T, c iterable, seq iter.Seq[int]) {
		if c.remove == nil {
			t.Skip("nothing is removed but the dead")
		}
		for i := range n {
			c.add(i)
		}
		defer gcclock.Pause()() // upkeep asks for hashes, too, under a lock
		hashes := 0
		var next atomic.Int64
		iterating := false
		c.beforeHash(func() {
			if iterating { // in the loop, and under no lock
				iterating = false
				hashes++
				for range 20 {
					c.remove(int(next.Add(1)) % few)
				}
				iterating = true
			}
		})
		first := true
		for range seq {
			if first {
				first = false
				for i := few; i < n; i++ {
					c.remove(i)
				}
				c.sweep() // merges what the loop has come to with what it has not
				iterating = true
			}
		}
		if hashes == 0 {
			t.Error("no hash was asked for; this test tests nothing")
		}
	})
}

// TestDeathsDuringIteration is CPython's point: what dies while a loop is under way is
// not yielded afterwards, harms nothing, and leaves when the loop has ended at the
// latest. Here the collector finds the dead, in the middle of the loop.
func TestDeathsDuringIteration(t *testing.T) {
	const n = 400
	t.Run("ValueMap", func(t *testing.T) {
		var m objectMap
		objects := fill(&m, n)
		deathsDuring(t, n, m.All(), m.Len, func(i int) { objects[i] = nil })
		runtime.KeepAlive(objects)
	})
	t.Run("KeyMap", func(t *testing.T) { testDeathsOfKeys(t, n, newObject) })
	t.Run("KeyMap with Slots", func(t *testing.T) { testDeathsOfKeys(t, n, newSlotted) })
	t.Run("Set", func(t *testing.T) {
		var s weakref.Set[object]
		objects := make([]*object, n)
		for i := range objects {
			objects[i] = newObject(i)
			s.Add(objects[i])
		}
		seq := func(yield func(int, *object) bool) {
			for p := range s.All() {
				if !yield(p.id, p) {
					return
				}
			}
		}
		deathsDuring(t, n, seq, s.Len, func(i int) { objects[i] = nil })
		runtime.KeepAlive(objects)
	})
}

func testDeathsOfKeys[K any](t *testing.T, n int, newKey func(int) *K) {
	var m weakref.KeyMap[K, int]
	keys := make([]*K, n)
	for i := range keys {
		keys[i] = newKey(i)
		m.Store(keys[i], i)
	}
	seq := func(yield func(int, *K) bool) {
		for k, i := range m.All() {
			if !yield(i, k) {
				return
			}
		}
	}
	deathsDuring(t, n, seq, m.Len, func(i int) { keys[i] = nil })
	runtime.KeepAlive(keys)
}

// deathsDuring lets go of every other object, and of the one that the loop has in its
// hands, when the loop has seen a quarter, and waits for their deaths in its body.
func deathsDuring[T any](t *testing.T, n int, seq iter.Seq2[int, *T], length func() int, forget func(i int)) {
	t.Helper()
	seen := make(map[int]bool)
	gone := make(map[int]bool)
	for i, p := range seq {
		if seen[i] {
			t.Fatalf("%d was yielded twice", i)
		}
		if gone[i] {
			t.Fatalf("%d was yielded after its death", i)
		}
		if seen[i] = true; len(seen) != n/4 {
			continue
		}
		for j := range n {
			if j%2 == 0 || j == i {
				forget(j)
				gone[j] = true
			}
		}
		p = nil // from here on the loop itself has it, if anyone
		weaktest.Eventually(t, "the others are dead", func() bool { return length() <= n-len(gone)+1 })
		_ = p
	}
	for i := range n {
		if !gone[i] && !seen[i] {
			t.Fatalf("%d, alive all the while, was not yielded", i)
		}
	}
	weaktest.Eventually(t, "nothing of the dead is left", func() bool { return length() == n-len(gone) })
}

// TestIterateStress iterates over a container of each kind while others delete and
// store, and while the collector runs.
func TestIterateStress(t *testing.T) {
	const n = 3000
	for name := range iterables(0) {
		t.Run(name, func(t *testing.T) {
			c := iterables(n)[name]
			constant := func(i int) bool { return i%8 == 0 }
			for i := range n {
				c.add(i)
			}
			var stop atomic.Bool
			var wg sync.WaitGroup
			if c.remove != nil {
				wg.Go(func() {
					for !stop.Load() {
						for i := range n {
							if !constant(i) {
								c.remove(i)
							}
						}
						for i := range n {
							if !constant(i) {
								c.add(i)
							}
						}
					}
				})
			}
			wg.Go(func() {
				for !stop.Load() {
					c.sweep()
					runtime.Gosched()
				}
			})
			for method, seq := range c.yields {
				for range 20 {
					seen := make([]int, n)
					for i := range seq {
						seen[i]++
					}
					for i, times := range seen {
						if times > 1 || times == 0 && constant(i) {
							t.Fatalf("%s yielded %d %d times", method, i, times)
						}
					}
				}
			}
			stop.Store(true)
			wg.Wait()
		})
	}
}

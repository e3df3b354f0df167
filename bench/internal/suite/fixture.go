package suite

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// subject is an implementation under measurement, with K as its keys. Loads is
// the loop that is measured; it is written with [loads], which the compiler inlines
// with the call, so that no implementation pays for the interface.
type subject[K, V any] interface {
	Store(key K, v V)
	Load(key K) bool
	Loads(keys []K) (found int)
	Delete(key K)
	Each() int // goes over all entries and returns their number
}

// loads calls load with every key and counts how many it finds.
func loads[K any](keys []K, load func(K) bool) (found int) {
	for _, k := range keys {
		if load(k) {
			found++
		}
	}
	return found
}

// strangers is how many keys are looked up, at most, that are not there.
const strangers = 1 << 17

// kind says how to make what goes into a subject.
type kind[K, V any] struct {
	keys   func(from, n int) []K
	query  func(K) K // a key as another part of a program has it
	value  func() V
	values func(n int) []V
}

// fixture is a subject with n entries, and those who hold what it holds weakly. It
// is built when it is first needed.
type fixture[K, V any] struct {
	make  func() subject[K, V]
	kind  kind[K, V]
	n     int
	scale Scale

	global bool // something is under measurement that remembers what was stored before

	all []filled[K, V] // several, if one has too few entries to be measured

	without collection // what a collection costs before anything is stored

	query  []K // the keys of all[0], in another order
	held   []V // the newest value under each key of query
	absent []K // keys that are not there
}

// filled is a subject with what it holds.
type filled[K, V any] struct {
	subject subject[K, V]
	keys    []K
	values  []V
}

// build fills the subjects, if that has not been done, and returns what it
// measured.
func (f *fixture[K, V]) build() []Metric {
	if f.all != nil {
		return nil
	}
	f.all = make([]filled[K, V], f.copies())
	for i := range f.all {
		f.all[i] = filled[K, V]{f.make(), f.kind.keys(i*f.n, f.n), f.kind.values(f.n)}
	}
	f.without = collect(f.scale.rounds())
	before := settled()
	start := time.Now()
	for i := range f.all {
		f.all[i].fill()
	}
	elapsed := time.Since(start)
	entries := len(f.all) * f.n
	metrics := append([]Metric{{float64(elapsed) / float64(entries), "ns/op"}}, memory(before, entries, 0)...)
	f.prepare()
	return metrics
}

// copies is how many subjects are made, to measure time and bytes of an entry.
func (f *fixture[K, V]) copies() int {
	least := f.scale.of(1 << 17)
	return max(1, (least+f.n/2)/f.n)
}

func (s *filled[K, V]) fill() {
	for i, k := range s.keys {
		s.subject.Store(k, s.values[i])
	}
}

// prepare makes the order in which entries are looked up.
func (f *fixture[K, V]) prepare() {
	first := f.all[0]
	f.query, f.held = make([]K, f.n), make([]V, f.n)
	for i, from := range random(7).Perm(f.n) {
		f.query[i], f.held[i] = f.kind.query(first.keys[from]), first.values[from]
	}
	f.absent = f.kind.keys(len(f.all)*f.n, min(f.n, strangers))
}

// release forgets everything, so that the next that needs the fixture builds it
// anew.
func (f *fixture[K, V]) release() {
	runtime.KeepAlive(f.all)
	f.all, f.query, f.held, f.absent = nil, nil, nil, nil
}

// parallel calls run on some threads at a time, with the number of each.
func parallel(threads int, t Timer, run func(thread int)) {
	if threads == 1 {
		t.StartTimer()
		run(0)
		t.StopTimer()
		return
	}
	var ready, done sync.WaitGroup
	var begin atomic.Bool
	for i := range threads {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			for !begin.Load() {
				runtime.Gosched()
			}
			run(i)
		})
	}
	ready.Wait()
	t.StartTimer()
	begin.Store(true)
	done.Wait()
	t.StopTimer()
}

// part is a piece of a list from some place on, which starts again at its end.
func around[T any](list []T, from, n int) [][]T {
	var pieces [][]T
	for n > 0 {
		from %= len(list)
		piece := list[from:min(len(list), from+n)]
		pieces = append(pieces, piece)
		from += len(piece)
		n -= len(piece)
	}
	return pieces
}

// look measures look-ups of keys that are there, or that are not.
func (f *fixture[K, V]) look(threads int, present bool) func(Timer, int) {
	var start int
	return func(t Timer, count int) {
		f.build()
		keys, want := f.absent, 0
		if present {
			keys, want = f.query, count
		}
		start += count
		pieces := make([][][]K, threads)
		for i := range pieces {
			pieces[i] = around(keys, start+i*len(keys)/threads, count)
		}
		parallel(threads, t, func(thread int) {
			found := 0
			for _, piece := range pieces[thread] {
				found += f.all[0].subject.Loads(piece)
			}
			mustBe(found == want, "%d found of %d", found, want)
		})
		runtime.KeepAlive(f)
	}
}

// each measures iteration; an operation is one entry.
func (f *fixture[K, V]) each(t Timer, count int) {
	f.build()
	for done := 0; done < count; done += f.n {
		t.StartTimer()
		n := f.all[0].subject.Each()
		t.StopTimer()
		mustBe(n == f.n, "%d entries of %d seen", n, f.n)
	}
	runtime.KeepAlive(f)
}

// replace measures stores under keys that are there, of values that exist already.
func (f *fixture[K, V]) replace(t Timer, count int) {
	f.build()
	s := f.all[0].subject
	for done := 0; done < count; {
		n := min(f.n, count-done)
		fresh := f.kind.values(n)
		t.StartTimer()
		for i, v := range fresh {
			s.Store(f.query[i], v)
		}
		t.StopTimer()
		copy(f.held, fresh)
		done += n
	}
	runtime.KeepAlive(f)
}

// mixed measures look-ups with some stores among them. A store is of a new value,
// which is made within the measured time, and takes the place of one that dies.
func (f *fixture[K, V]) mixed(threads, storesOfTen int) func(Timer, int) {
	turn := 0
	return func(t Timer, count int) {
		f.build()
		s := f.all[0].subject
		turn++
		parallel(threads, t, func(thread int) {
			size := f.n / threads // each thread replaces values of its own
			query, held := f.query[thread*size:][:size], f.held[thread*size:][:size]
			at := turn * count % size
			for i := range count {
				if at++; at == size {
					at = 0
				}
				if (i+turn)%10 < storesOfTen {
					v := f.kind.value()
					s.Store(query[at], v)
					held[at] = v
				} else if !s.Load(query[at]) {
					panic("not measured: a value that is held is not there")
				}
			}
		})
		runtime.KeepAlive(f)
	}
}

// remove measures deletion of all entries of all subjects.
func (f *fixture[K, V]) remove() []Metric {
	f.build()
	var w stopwatch
	for i := range f.all {
		s := f.all[i]
		keys := shuffled(5, slices.Clone(s.keys))
		w.StartTimer()
		for _, k := range keys {
			s.subject.Delete(k)
		}
		w.StopTimer()
		mustBe(s.subject.Each() == 0, "deleted entries are still there")
	}
	entries := len(f.all) * f.n
	f.release()
	return []Metric{{float64(w.elapsed) / float64(entries), "ns/op"}}
}

// storeParallel measures stores of new keys by several threads.
func (f *fixture[K, V]) storeParallel(threads int) func() []Metric {
	return func() []Metric {
		f.release()
		var w stopwatch
		size := f.n / threads
		for i := range f.copies() {
			s := filled[K, V]{f.make(), f.kind.keys(i*f.n, f.n), f.kind.values(f.n)}
			parallel(threads, &w, func(thread int) {
				for i := thread * size; i < (thread+1)*size; i++ {
					s.subject.Store(s.keys[i], s.values[i])
				}
			})
			runtime.KeepAlive(s)
		}
		return []Metric{{float64(w.elapsed) / float64(size*f.copies()), "ns/op"}}
	}
}

// collections measures what the entries add to a forced collection, all that it
// sets off in the background included.
func (f *fixture[K, V]) collections() []Metric {
	f.build()
	with := collect(f.scale.rounds())
	runtime.KeepAlive(f)
	entries := float64(len(f.all) * f.n)
	return []Metric{
		{float64(with.cpu-f.without.cpu) / entries, "cpu-ns/entry"},
		{float64(with.wall-f.without.wall) / entries, "wall-ns/entry"},
	}
}

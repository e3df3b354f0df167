package cache_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/gcclock"
)

// TestModel runs random scripts of operations against a plain map. One of them is
// Forget: the last strong pointer to a value is dropped, and the collector run; what
// the strong tier does not keep is dead then. The clock is a false one, so what has
// expired is known to the nanosecond.
func TestModel(t *testing.T) {
	const m = time.Minute
	for _, c := range []struct {
		keep          int
		write, access time.Duration
	}{{0, 0, 0}, {1, 0, 0}, {5, 0, 0}, {0, m, 0}, {5, m, 0}, {0, 0, m}, {5, 3 * m, m}} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			for seed := range uint64(3) {
				synctest.Test(t, func(t *testing.T) {
					s := newScript(t, rand.New(rand.NewPCG(seed, 11)))
					s.c.Keep, s.c.ExpireAfterWrite, s.c.ExpireAfterAccess = c.keep, c.write, c.access
					s.run(200)
					if t.Failed() {
						t.Logf("seed %d, the last steps being\n%s", seed, strings.Join(s.log[max(0, len(s.log)-30):], "\n"))
					}
				})
			}
		})
	}
}

// script is one run of TestModel.
type script struct {
	t   *testing.T
	rnd *rand.Rand
	log []string
	c   valueCache

	model map[int]*modelEntry        // by key; expired ones may be there
	held  map[int]*value             // by number
	refs  map[int]weakref.Ref[value] // of all values there have ever been, by number
	loads int                        // calls of Load
	fail  bool                       // the next one fails
}

type modelEntry struct {
	n                int // of the value
	written, touched time.Time
}

func newScript(t *testing.T, rnd *rand.Rand) *script {
	s := &script{
		t: t, rnd: rnd,
		model: make(map[int]*modelEntry),
		held:  make(map[int]*value),
		refs:  make(map[int]weakref.Ref[value]),
	}
	s.c.Load = func(_ context.Context, key int) (*value, error) {
		s.loads++
		if s.fail {
			return nil, errBoom
		}
		return s.make(key), nil
	}
	return s
}

// make returns a new value, which is held.
func (s *script) make(key int) *value {
	v := &value{key: key, load: len(s.refs) + 1}
	s.refs[v.load] = weakref.Make(v)
	s.held[v.load] = v
	return v
}

func (s *script) errorf(format string, args ...any) {
	s.t.Helper()
	s.t.Errorf("step %d, %s: %s", len(s.log), s.log[len(s.log)-1], fmt.Sprintf(format, args...))
}

// want returns the value that a key must have now, which lives as long as the caller
// holds it, or nil if it must have none. If the value is alive, for whatever reason,
// the cache must give it.
func (s *script) want(key int) *value {
	e := s.model[key]
	if e == nil || s.expired(e) {
		return nil
	}
	return s.refs[e.n].Value()
}

func (s *script) expired(e *modelEntry) bool {
	w, a := s.c.ExpireAfterWrite, s.c.ExpireAfterAccess
	return w > 0 && time.Since(e.written) >= w || a > 0 && time.Since(e.touched) >= a
}

func (s *script) stored(key int, v *value) {
	s.model[key] = &modelEntry{v.load, time.Now(), time.Now()}
}

func (s *script) run(steps int) {
	for range steps {
		s.step(s.rnd.IntN(12))
		s.consistent()
		if s.t.Failed() {
			return
		}
	}
	s.finish()
}

func (s *script) step(key int) {
	switch op := s.rnd.IntN(100); {
	case op < 30:
		s.logf("Get %d", key)
		s.get(key)
	case op < 40:
		s.logf("Lookup %d", key)
		s.lookup(key)
	case op < 50:
		s.logf("Put %d", key)
		v := s.make(key)
		s.c.Put(key, v)
		s.stored(key, v)
	case op < 56:
		s.logf("Invalidate %d", key)
		s.c.Invalidate(key)
		delete(s.model, key)
	case op < 57:
		s.logf("Clear")
		s.c.Clear()
		clear(s.model)
	case op < 85:
		s.forget()
	case op < 92:
		s.logf("All")
		s.all()
	default:
		// More than the percent to which the time of access is exact.
		d := time.Duration(1+s.rnd.IntN(5)) * 10 * time.Second
		s.logf("wait %v", d)
		time.Sleep(d)
		synctest.Wait()
	}
}

func (s *script) logf(format string, args ...any) {
	s.log = append(s.log, fmt.Sprintf(format, args...))
}

func (s *script) get(key int) {
	want, loads := s.want(key), s.loads
	s.fail = s.rnd.IntN(4) == 0
	v, err := s.c.Get(ctx, key)
	switch loaded := s.loads - loads; {
	case want != nil && (v != want || err != nil || loaded != 0):
		s.errorf("%v, %v after %d loads, want number %d", v, err, loaded, want.load)
	case want != nil:
		s.model[key].touched = time.Now()
	case loaded != 1:
		s.errorf("%d loads", loaded)
	case s.fail && (v != nil || err != errBoom):
		s.errorf("%v, %v, want the error of Load", v, err)
	case s.fail:
		delete(s.model, key) // what it had is dead, or has expired
	case err != nil || v == nil || v.load != len(s.refs):
		s.errorf("%v, %v, want what was loaded", v, err)
	default:
		s.stored(key, v)
	}
}

func (s *script) lookup(key int) {
	want := s.want(key)
	v, ok := s.c.Lookup(key)
	if v != want || ok != (want != nil) {
		s.errorf("%v, %v, want %v", v, ok, want)
	}
	if want != nil {
		s.model[key].touched = time.Now()
	}
}

// forget drops the last strong pointer to a value outside of the cache.
func (s *script) forget() {
	if len(s.held) == 0 {
		return
	}
	numbers := slices.Sorted(maps.Keys(s.held))
	n := numbers[s.rnd.IntN(len(numbers))]
	s.logf("Forget number %d", n)
	delete(s.held, n)
	s.collect(n)
}

// collect runs the collector until the values with these numbers are dead, if nothing
// keeps them. Time stands still meanwhile, so it cannot wait.
func (s *script) collect(numbers ...int) {
	for range 100 {
		runtime.GC()
		if !slices.ContainsFunc(numbers, func(n int) bool { return s.refs[n].Value() != nil }) {
			return
		}
		if s.c.Keep > 0 {
			return // it may well be kept
		}
	}
	s.errorf("some of %v are alive, though nobody holds them and the cache keeps none: %s", numbers, s.why())
}

// why says by what the values are held that the script has references to.
func (s *script) why() string {
	a, err := heap.WhyWeak(s.refs)
	if err != nil {
		return err.Error()
	}
	return a.String()
}

func (s *script) all() {
	want := make(map[int]*value)
	for key := range s.model {
		if v := s.want(key); v != nil {
			want[key] = v
		}
	}
	got := make(map[int]*value)
	for key, v := range s.c.All() {
		if _, twice := got[key]; twice {
			s.errorf("%d comes twice", key)
		}
		got[key] = v
	}
	if !maps.Equal(got, want) {
		s.errorf("%v, want %v", got, want)
	}
}

// consistent checks what holds at all times.
func (s *script) consistent() {
	alive := 0
	for key := range s.model {
		if s.want(key) != nil {
			alive++
		}
	}
	if n := s.c.Len(); n < alive {
		s.errorf("Len = %d with %d alive", n, alive)
	}
	if s.c.ExpireAfterWrite+s.c.ExpireAfterAccess == 0 {
		s.valid() // else the timer may write to the table while it is looked at
	}
}

// valid checks the table, which nothing may write to meanwhile: loads have to end.
func (s *script) valid() {
	synctest.Wait()
	if err := s.c.Validate(); err != nil {
		s.errorf("%v", err)
	}
}

// finish forgets everything. What the strong tier keeps is all that is left.
func (s *script) finish() {
	s.logf("the end")
	numbers := slices.Collect(maps.Keys(s.held))
	clear(s.held)
	synctest.Wait() // the strong tier chooses in the background
	s.collect(numbers...)
	runtime.GC()
	gcclock.Run()
	alive := 0
	for _, r := range s.refs {
		if r.Value() != nil {
			alive++
		}
	}
	if alive > s.c.Keep {
		s.errorf("%d values are alive, of which %d may be kept: %s", alive, s.c.Keep, s.why())
	}
	s.all()
	period := s.c.ExpireAfterWrite + s.c.ExpireAfterAccess
	if period == 0 {
		if n := s.c.Len(); n != len(maps.Collect(s.c.All())) {
			s.errorf("Len = %d after a collection, with %d alive", n, alive)
		}
		return
	}
	time.Sleep(2 * period) // all expires, and its timer ends
	synctest.Wait()
	if n := s.c.Len(); n != 0 {
		s.errorf("Len = %d after all has expired", n)
	}
	s.valid()
}

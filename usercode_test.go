package weakref_test

import (
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/weakref-go/weakref"
)

// asking is a Hasher, the key of a map and a cloner that calls the container by which it is
// called: if that holds a lock, it hangs. Then it ends as it is told.
type asking struct {
	container func()
	end       func()
}

func (a *asking) meet() {
	done := make(chan bool)
	go func() { // a goroutine of its own, so that no lock can be one that the caller may take again
		defer close(done)
		a.container()
	}()
	<-done
	a.end()
}

type askingHasher struct{ hash, equal *asking }

func (h askingHasher) Hash(*maphash.Hash, string) { h.hash.meet() } // all have one hash

func (h askingHasher) Equal(a, b string) bool {
	h.equal.meet()
	return a == b
}

type askingKey struct{ *asking }

func (k askingKey) String() string {
	k.meet()
	return "key"
}

// TestUserCodeMayEndAnyhow calls what is listed in docs/semantics.md under "User code", has it
// use the container, and panic or end its goroutine. The container must go on as before.
func TestUserCodeMayEndAnyhow(t *testing.T) {
	type subject struct {
		use  func(a *asking) // calls the user's code
		look func()          // must work in the middle of that, and afterwards
	}
	p := newObject(1)
	var m weakref.ValueMap[int, object]
	m.Store(1, p)
	keys := new(weakref.KeyMap[object, int])
	keys.Store(p, 1)
	set := new(weakref.Set[object])
	set.Add(p)
	var in weakref.Interner[string]
	kept := in.Intern("a")
	loop := func(a *asking) {
		for range m.All() {
			a.meet()
		}
	}
	var mu sync.Mutex
	hasher := askingHasher{hash: &asking{func() {}, func() {}}, equal: &asking{func() {}, func() {}}}
	fn := weakref.InternerFunc[string]{Hasher: &hasher}
	keptFn := fn.Intern("a")
	with := func(a **asking, to *asking, f func()) {
		mu.Lock()
		old := *a
		*a = to
		mu.Unlock()
		defer func() { *a = old }()
		f()
	}
	for name, s := range map[string]subject{
		"Finalizer.Run":    {func(a *asking) { weakref.Finalize(p, func(int) { a.meet() }, 1).Run() }, func() { weakref.Finalize(p, func(int) {}, 1).Stop() }},
		"Func":             {func(a *asking) { weakref.Bind(p, func(*object, int) { a.meet() }).Call(1) }, func() {}},
		"ValueMap.All":     {loop, func() { m.Store(2, p); m.Delete(2); m.Sweep() }},
		"KeyMap.All":       {func(a *asking) { consume2(keys.All(), a) }, func() { keys.Store(p, 1); keys.Sweep() }},
		"Set.All":          {func(a *asking) { consume(set.All(), a) }, func() { set.Add(p); set.Sweep() }},
		"Interner.All":     {func(a *asking) { consume(in.All(), a) }, func() { in.Intern("b"); in.Sweep() }},
		"InternerFunc.All": {func(a *asking) { consume(fn.All(), a) }, func() { fn.Intern("a"); fn.Sweep() }},
		"Interner.Clone": {func(a *asking) {
			cloning := weakref.Interner[string]{Clone: func(s string) string { a.meet(); return s }}
			cloning.Intern("new")
		}, func() { in.Intern("a") }},
		"Hasher.Hash":  {func(a *asking) { with(&hasher.hash, a, func() { fn.Intern("a") }) }, func() { fn.Len(); fn.Sweep() }},
		"Hasher.Equal": {func(a *asking) { with(&hasher.equal, a, func() { fn.Intern("a") }) }, func() { fn.Len(); fn.Sweep() }},
	} {
		for ending, end := range map[string]func(){
			"returns": func() {},
			"panics":  func() { panic("boom") },
			"exits":   runtime.Goexit,
		} {
			t.Run(name+" "+ending, func(t *testing.T) {
				ended := make(chan any)
				met := false
				go func() {
					defer func() { ended <- recover() }()
					s.use(&asking{func() { met = true; s.look() }, end})
				}()
				if got := <-ended; got != nil && got != "boom" || (got != nil) != (ending == "panics") {
					t.Errorf("ended with %v", got)
				}
				if !met {
					t.Error("the user's code was not called")
				}
				s.look()
			})
		}
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(kept)
	runtime.KeepAlive(keptFn)
}

func consume[T any](seq iter.Seq[T], a *asking) {
	for range seq {
		a.meet()
		return
	}
}

func consume2[K, V any](seq iter.Seq2[K, V], a *asking) {
	for range seq {
		a.meet()
		return
	}
}

// TestStringOfAKeyAsksTheMap: the error of a creator that asks for its own key names that key, by a
// String method that may ask for it as well.
func TestStringOfAKeyAsksTheMap(t *testing.T) {
	var m weakref.ValueMap[askingKey, object]
	var key askingKey
	create := func() (*object, error) {
		return m.LoadOrCreate(key, func() (*object, error) { return nil, errors.New("a second creator") })
	}
	for ending, end := range map[string]func(){
		"returns": func() {},
		"panics":  func() { panic("boom") },
	} {
		key = askingKey{&asking{func() { m.Load(key); m.Len() }, end}}
		_, err := m.LoadOrCreate(key, create)
		if text := fmt.Sprint(err); !errors.Is(err, weakref.ErrDeadlock) || !strings.Contains(text, "weakref") {
			t.Errorf("%s: %v", ending, err)
		}
	}
	key = askingKey{&asking{func() { m.Load(key) }, runtime.Goexit}}
	done := make(chan bool)
	go func() { defer close(done); m.LoadOrCreate(key, create) }()
	<-done
	v := newObject(1)
	if got, err := m.LoadOrCreate(key, func() (*object, error) { return v, nil }); got != v || err != nil {
		t.Errorf("after the creator ended its goroutine: %v, %v", got, err)
	}
}

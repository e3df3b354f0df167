package leaks

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/rc"
	"github.com/weakref-go/weakref/tree"
	"github.com/weakref-go/weakref/weaktest"
)

type object struct{ _ [4]*object }

type slotted struct {
	weakref.Slots
	_ [4]*object
}

// kinds make a container, use it with an object that lives on and with some that die,
// and drop it.
var kinds = map[string]func(kept *object){
	"ValueMap": func(kept *object) {
		m := weakref.ValueMap[int, object]{OnCollect: func(int) {}}
		m.Store(0, kept)
		for i := range 10 {
			m.Store(1+i, new(object))
		}
		m.LoadOrCreate(100, func() (*object, error) { return new(object), nil })
	},
	"KeyMap": func(kept *object) {
		m := weakref.KeyMap[object, *object]{OnCollect: func(*object) {}}
		m.Store(kept, new(object))
		for range 10 {
			m.Store(new(object), new(object))
		}
	},
	"KeyMap with Slots": func(*object) {
		var m weakref.KeyMap[slotted, *slotted]
		for range 10 {
			a, b := new(slotted), new(slotted)
			m.Store(a, b)
			m.Store(b, a)
		}
		m.Store(&lives, &lives)
	},
	"Set": func(kept *object) {
		var s weakref.Set[object]
		s.Add(kept)
		for range 10 {
			s.Add(new(object))
		}
		s.Union(s.Clone())
	},
	"Interner": func(*object) {
		var in weakref.Interner[string]
		for _, word := range []string{"a", "b", "c"} {
			in.Intern(word)
		}
	},
	"Cache": func(kept *object) {
		c := cache.Cache[int, object]{
			Load:             func(context.Context, int) (*object, error) { return new(object), nil },
			OnRemove:         func(int, *object, cache.Cause) {},
			ExpireAfterWrite: 40 * time.Millisecond, // a timer runs, for a quarter of that
			Keep:             5,
		}
		c.Put(0, kept)
		for i := range 10 {
			c.Get(context.Background(), 1+i)
		}
	},
	"rc": func(*object) {
		s := rc.New(new(object), func(*object) {})
		w := s.Weak()
		up, _ := w.Upgrade()
		up.Close()
		s.Close()
		rc.New(new(object), func(*object) {}).Close()
	},
	"rc.Pool": func(*object) {
		p := rc.Pool[int, *object]{
			Open: func(ctx context.Context, _ int) (*object, error) {
				rc.Lifetime(ctx)
				return new(object), nil
			},
			Idle: time.Hour,
		}
		defer p.CloseIdle() // a thousand timers at once would leave as many goroutines to the runtime
		for i := range 3 {
			s, err := p.Get(context.Background(), i)
			if err != nil {
				panic(err)
			}
			s.Clone().Close()
			s.Close()
		}
	},
	"tree": func(*object) {
		var root tree.Node[*object]
		for range 10 {
			root.Prepend(&tree.Node[*object]{Value: new(object)})
		}
		root.Child(5).Append(root.Child(0))
		root.Child(0).Detach()
	},
	"Finalizer": func(kept *object) {
		weakref.Finalize(new(object), func(int) {}, 1)
		weakref.Finalize(kept, func(int) {}, 1).Stop()
		weakref.Bind(new(object), func(*object, int) {}).Call(1)
	},
	"Queue": func(*object) {
		var q weakref.Queue[int]
		q.Put(1)
		q.Put(2)
		q.Next(context.Background())
	},
}

// lives is a key that outlives all maps.
var lives slotted

// TestNothingIsLeftBehind makes a thousand containers of each kind, uses and drops
// them: no goroutine remains, and no memory. The first thousand fill the pools of the
// runtime and of the package, so the second must add nothing: one object for each
// container would show, however small. (The runtime keeps half a kilobyte for each
// goroutine that there ever was at one time, so bytes are less exact.)
func TestNothingIsLeftBehind(t *testing.T) {
	const n = 1000
	for name, use := range kinds {
		t.Run(name, func(t *testing.T) {
			kept := new(object)
			many := func() {
				for range n {
					use(kept)
				}
			}
			many()
			settle(t)
			goroutines := runtime.NumGoroutine()
			heap, objects := left()
			many()
			var h, o uint64
			defer func() {
				if t.Failed() {
					t.Logf("%d bytes and %d objects more than before, %d goroutines, %d before", int64(h-heap), int64(o-objects), runtime.NumGoroutine(), goroutines)
				}
			}()
			weaktest.Eventually(t, "everything that was made is gone", func() bool {
				settle(t)
				h, o = left()
				return h < heap+512*n && o < objects+n/2 && runtime.NumGoroutine() <= goroutines
			})
			runtime.KeepAlive(kept)
		})
	}
}

// settle has what is dead leave, the contents of pools included.
func settle(t *testing.T) {
	for range 3 {
		weaktest.Collect(t)
	}
}

// left returns the bytes and the objects of the heap.
func left() (bytes, objects uint64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, m.HeapObjects
}

// Command small uses a container of each package, and does not list them.
package main

import (
	"context"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/rc"
)

type object struct{ _ [4]*int }

func (*object) hear(int) {}

func main() {
	var (
		values weakref.ValueMap[int, object]
		keys   weakref.KeyMap[object, int]
		set    weakref.Set[object]
		names  weakref.Interner[string]
		loads  cache.Cache[int, object]
		bus    event.Bus[int]
		pool   = rc.Pool[int, int]{Open: func(context.Context, int) (int, error) { return 0, nil }}
	)
	p := new(object)
	values.Store(1, p)
	keys.Store(p, 1)
	set.Add(p)
	println(*names.Intern("a"))
	loads.Put(1, p)
	event.Subscribe(&bus, p, (*object).hear)
	if h, err := pool.Get(context.Background(), 1); err == nil {
		_ = h.Close()
	}
}

//lint:file-ignore U1000 what only holds something is not used otherwise

package main

import (
	"sync"
)

type Listener struct {
	id int
	fn func(int)
}

type Registry struct {
	mu        sync.Mutex
	listeners []Listener
	handlers  map[string]func()
}

type Session struct {
	data [3]int
	user *User
}

var (
	registry Registry
	onceV    func() *Target
	undo     []func()
	counter  func() int
	iterated func(func(*Target) bool)
	getter   func() *Target
)

//go:noinline
func (t *Target) onEvent(n int) { t.pad[0] = byte(n) }

func (t Target) byValue(n int) { use(t.Self); use(n) }

//go:noinline
func closures() {
	for i := range 5 {
		registry.listeners = append(registry.listeners, Listener{i, func(int) {}})
	}
	registry.listeners[2].fn = held("method value", `main.registry.listeners[2].fn → method value main.(*Target).onEvent bound to receiver`).onEvent
	t := held("closure", `main.registry.listeners[3].fn → func main.closures.func2 captures t`)
	registry.listeners[3].fn = func(n int) { t.pad[1] = byte(n) }
	session := &Session{user: &User{Name: "in a session"}}
	note("what a captured variable refers to", `main.registry.listeners[4].fn → func main.closures.func3 captures session → *main.Session.user`, session.user)
	registry.listeners[4].fn = func(n int) { session.data[0] = n }
	h := held("closure in a map", `main.registry.handlers["quit"] → func main.closures.func4 captures h`)
	registry.handlers = map[string]func(){"quit": func() { use(h) }}
	shared()
	nestedClosures()
	o := held("sync.OnceValue", `main.onceV → func sync.OnceValue[...].func1 captures d.f → func main.closures.func5 captures o || main.onceV → func main.closures.OnceValue[...].func7 captures d.f → func main.closures.func5 captures o`)
	onceV = sync.OnceValue(func() *Target { return o })
	user := &User{Name: "method value of a copy"}
	note("method value of a copy", `main.registry.handlers["copy"] → func main.closures.func6 captures f → method value main.Target.byValue bound to receiver.Self`, user)
	f := Target{Self: user}.byValue
	registry.handlers["copy"] = func() { f(1) }
	generic(held("closure in a generic function", `main.getter → func main.generic[...].func1 captures v`))
	iterators()
}

// A variable that closures share is on the heap by itself.
//
//go:noinline
func shared() {
	last := held("variable shared by closures", `main.undo[0] → func main.shared.func1 captures last`)
	undo = append(undo, func() { last = nil }, func() { use(last) })
}

//go:noinline
func nestedClosures() {
	t := held("closure in a closure", `main.counter → func main.nestedClosures.func2 captures inner → func main.nestedClosures.func1 captures t`)
	inner := func() int { return len(t.Label) }
	counter = func() int { return inner() + 1 }
}

//go:noinline
func generic[V any](v *V) {
	g := func() *V { return v }
	getter = any(g).(func() *Target)
}

// An iterator is a closure too.
//
//go:noinline
func iterators() {
	ts := []*Target{held("iterator over a slice", `main.iterated → func main.all[...].func1 captures s[0] || main.iterated → func main.iterators.all[...].func1 captures s[0]`)}
	iterated = all(ts)
}

func all[T any](s []T) func(func(T) bool) {
	return func(yield func(T) bool) {
		for _, v := range s {
			if !yield(v) {
				return
			}
		}
	}
}

package weakref_test

import (
	"fmt"
	"runtime"

	"github.com/weakref-go/weakref"
)

// Listener is told of events for as long as somebody uses it.
type Listener struct {
	Name string
	got  []string
}

// EventBus tells its listeners, and does not keep them. (Package event has one that
// does more.)
type EventBus struct {
	listeners weakref.Set[Listener]
}

func (b *EventBus) Subscribe(l *Listener) { b.listeners.Add(l) }

func (b *EventBus) Publish(event string) (reached int) {
	for l := range b.listeners.All() {
		l.got = append(l.got, event)
		reached++
	}
	return reached
}

// Observers: to subscribe does not prolong a listener's life.
func ExampleSet() {
	var bus EventBus
	screen, log := &Listener{Name: "screen"}, &Listener{Name: "log"}
	bus.Subscribe(screen)
	bus.Subscribe(log)
	fmt.Println("reached:", bus.Publish("started"))
	runtime.KeepAlive(screen)

	screen = nil // nobody unsubscribes
	eventually(func() bool { return bus.listeners.Len() == 1 })
	fmt.Println("reached:", bus.Publish("stopped"))
	fmt.Println(log.Name, log.got)
	// Output:
	// reached: 2
	// reached: 1
	// log [started stopped]
}

// The results of set operations are weak sets, too.
func ExampleSet_Difference() {
	var connected, authenticated weakref.Set[Session]
	alice, bob := &Session{User: "alice"}, &Session{User: "bob"}
	connected.Add(alice)
	connected.Add(bob)
	authenticated.Add(alice)
	for s := range connected.Difference(&authenticated).All() {
		fmt.Println(s.User)
	}
	fmt.Println(authenticated.SubsetOf(&connected))
	runtime.KeepAlive(alice)
	runtime.KeepAlive(bob)
	// Output:
	// bob
	// true
}

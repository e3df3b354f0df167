package weakref_test

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"runtime"
	"strings"

	"github.com/weakref-go/weakref"
)

// A registry of what is in use: everyone who asks for a name gets the same resource,
// and it goes when nobody uses it any more.
func ExampleValueMap() {
	var resources weakref.ValueMap[string, Resource]
	loads := 0
	get := func(name string) *Resource {
		r, _ := resources.LoadOrCreate(name, func() (*Resource, error) {
			loads++
			return &Resource{Name: name}, nil
		})
		return r
	}

	a, b := get("config"), get("config")
	fmt.Println("one resource:", a == b, "loads:", loads)

	a, b = nil, nil
	eventually(func() bool { return resources.Len() == 0 })
	fmt.Println("entries:", resources.Len())

	fmt.Println("anew:", get("config").Name, "loads:", loads)
	// Output:
	// one resource: true loads: 1
	// entries: 0
	// anew: config loads: 2
}

// Session is a type of somebody else's, to which one cannot add a field.
type Session struct {
	User string
	_    [2]int
}

// Data tied to the life of an object that knows nothing of it.
func ExampleKeyMap() {
	var visits weakref.KeyMap[Session, []string]
	alice, bob := &Session{User: "alice"}, &Session{User: "bob"}
	visits.Store(alice, []string{"/", "/cart"})
	visits.Store(bob, []string{"/"})
	v, ok := visits.Load(alice)
	fmt.Println(v, ok, visits.Len())
	runtime.KeepAlive(bob)

	bob = nil
	eventually(func() bool { return visits.Len() == 1 })
	for s, v := range visits.All() {
		fmt.Println(s.User, v)
	}
	runtime.KeepAlive(alice)
	runtime.KeepAlive(&visits)
	// Output:
	// [/ /cart] true 2
	// alice [/ /cart]
}

// Audit is what a KeyMap has for a session. It refers to it, which is a mistake.
type Audit struct {
	Owner *Session
	Log   []string
}

// A value that refers to its key keeps it. In a test, Cycles finds such entries.
func ExampleCycle() {
	var audits weakref.KeyMap[Session, *Audit]
	s := &Session{User: "alice"}
	audits.Store(s, &Audit{Owner: s})

	cycles, complete := audits.Cycles()
	for _, c := range cycles {
		fmt.Println(c.Key.Value().User, "is kept by", c)
	}
	fmt.Println("everything was looked at:", complete)
	// Output:
	// alice is kept by Audit.Owner → *weakref_test.Session
	// everything was looked at: true
}

// Account is a type of one's own, so it can have Slots.
type Account struct {
	weakref.Slots
	Name string
}

// With Slots, values hang on their keys. They may refer to them, and to each other.
func ExampleSlots() {
	var partners weakref.KeyMap[Account, *Account]
	a, b := &Account{Name: "a"}, &Account{Name: "b"}
	partners.Store(a, b)
	partners.Store(b, a) // a ring
	p, _ := partners.Load(a)
	fmt.Println(p.Name, partners.Len())

	a, b, p = nil, nil, nil
	fmt.Println("collected:", eventually(func() bool { return partners.Len() == 0 }))
	// Output:
	// b 2
	// collected: true
}

// A key of a type that one cannot change, with Slots around it.
func ExampleKeyed() {
	var owner weakref.KeyMap[weakref.Keyed[[]byte], *weakref.Keyed[[]byte]]
	k := weakref.NewKey([]byte("buffer"))
	owner.Store(k, k) // refers to itself
	v, _ := owner.Load(k)
	fmt.Printf("%s\n", v.V)

	k, v = nil, nil
	fmt.Println("collected:", eventually(func() bool { return owner.Len() == 0 }))
	// Output:
	// buffer
	// collected: true
}

// Stats tells what a map has done so far.
func ExampleStats() {
	resources := weakref.ValueMap[int, Resource]{Name: "resources"}
	kept := &Resource{Name: "kept"}
	resources.Store(0, kept)
	for i := range 100 {
		resources.Store(1+i, new(Resource)) // nobody holds it
	}
	eventually(func() bool { return resources.Len() == 1 })
	st := resources.Stats()
	fmt.Println(st.Name, st.Len, st.Collected)
	runtime.KeepAlive(kept)
	// Output: resources 1 100
}

func ExampleComputeOp() {
	type Session struct {
		Visits int
		_      *int
	}
	var visits weakref.KeyMap[Session, int]
	s := new(Session)
	count := func(n int, _ bool) (int, weakref.ComputeOp) { return n + 1, weakref.UpdateOp }
	visits.Compute(s, count)
	fmt.Println(visits.Compute(s, count))

	fmt.Println(visits.Compute(s, func(n int, loaded bool) (int, weakref.ComputeOp) {
		if n > 1 {
			return 0, weakref.DeleteOp
		}
		return 0, weakref.CancelOp
	}))
	runtime.KeepAlive(s)
	// Output:
	// 2 true
	// 0 false
}

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

// Equal strings become one, for as long as anyone holds it.
func ExampleInterner() {
	var names weakref.Interner[string]
	a := names.Intern("host-17")
	b := weakref.InternBytes(&names, []byte("host-17")) // does not allocate
	fmt.Println(*a, a == b, names.Len())
	runtime.KeepAlive(a)

	a, b = nil, nil
	fmt.Println("collected:", eventually(func() bool { return names.Len() == 0 }))
	// Output:
	// host-17 true 1
	// collected: true
}

// Values that Go does not compare need a Hasher.
func ExampleInternerFunc() {
	payloads := weakref.InternerFunc[[]byte]{
		Hasher: byContent{},
		Clone:  bytes.Clone, // the caller goes on using its slice
	}
	buf := []byte("hello")
	a := payloads.Intern(buf)
	buf[0] = 'j'
	b := payloads.Intern([]byte("hello"))
	fmt.Printf("%s %v\n", *a, a == b)
	// Output: hello true
}

type byContent struct{}

func (byContent) Hash(h *maphash.Hash, b []byte) { h.Write(b) }
func (byContent) Equal(a, b []byte) bool         { return bytes.Equal(a, b) }

// lowercase is the Hasher of strings that are equal whatever the case of their letters.
type lowercase struct{}

func (lowercase) of(s string) string               { return strings.ToLower(s) }
func (l lowercase) Hash(h *maphash.Hash, s string) { h.WriteString(l.of(s)) }
func (l lowercase) Equal(a, b string) bool         { return l.of(a) == l.of(b) }

// A Hasher says what is equal. Equal values must have equal hashes.
func ExampleHasher() {
	headers := weakref.InternerFunc[string]{Hasher: lowercase{}}
	a := headers.Intern("Content-Type")
	b := headers.Intern("content-type")
	fmt.Println(*b, a == b)
	// Output: Content-Type true
}

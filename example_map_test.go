package weakref_test

import (
	"fmt"
	"runtime"

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

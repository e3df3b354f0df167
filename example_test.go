package weakref_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"runtime"
	"time"

	"github.com/weakref-go/weakref"
)

// Resource stands for something that is large, or dear to make.
type Resource struct {
	Name string
	_    [1 << 10]byte
}

// eventually runs the collector until ok reports true. Only an example, or a test, has
// to hurry it; see package weaktest for tests.
func eventually(ok func() bool) bool {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		runtime.GC()
		if ok() {
			return true
		}
	}
	return false
}

// A reference gives the object while somebody holds it, and nil afterwards.
func ExampleRef() {
	r := &Resource{Name: "db-connection"}
	weak := weakref.Make(r)
	fmt.Println(weak.Value().Name)
	runtime.KeepAlive(r) // r is held up to here

	r = nil // the only strong reference is gone
	eventually(func() bool { return weak.Value() == nil })
	fmt.Println(weak.Value(), weak)
	// Output:
	// db-connection
	// <nil> weakref.Ref[weakref_test.Resource](dead)
}

// TreeNode is a node that its children do not keep: they refer to it weakly.
type TreeNode struct {
	Value    string
	children []*TreeNode
	parent   weakref.Ref[TreeNode]
}

// Parent returns nil if the node is a root, or if its parent has been collected.
func (n *TreeNode) Parent() *TreeNode { return n.parent.Value() }

func (n *TreeNode) Add(child *TreeNode) {
	child.parent = weakref.Make(n)
	n.children = append(n.children, child)
}

// A weak pointer back to the parent: whoever keeps a child does not keep the tree.
func ExampleRef_parent() {
	root, child := &TreeNode{Value: "root"}, &TreeNode{Value: "child"}
	root.Add(child)
	root.Add(&TreeNode{Value: "sibling"})
	fmt.Println(child.Parent().Value, len(root.children))

	root = nil
	eventually(func() bool { return child.Parent() == nil })
	fmt.Println(child.Value, child.Parent())
	// Output:
	// root 2
	// child <nil>
}

// Not everything can be referred to weakly. Check says why, and what to do.
func ExampleCheck() {
	n := int64(42)
	fmt.Println(weakref.Check(&n))
	fmt.Println(weakref.Check(weakref.Box(n)))
	// Output:
	// weakref: cannot refer weakly to a int64: a value of 8 bytes without pointers may share its memory with others and never be collected; wrap it with weakref.Box, or refer to the struct that holds it
	// <nil>
}

// A box gives a small value an allocation, and so a life, of its own.
func ExampleBoxed() {
	box := weakref.Box(42)
	weak := weakref.Make(box)
	fmt.Println(weak.Value().V)
	runtime.KeepAlive(box)

	box = nil
	fmt.Println(eventually(func() bool { return weak.Value() == nil }))
	// Output:
	// 42
	// true
}

// Make and the containers panic with the error that Check returns.
func ExampleUnsupportedError() {
	defer func() {
		var unsupported *weakref.UnsupportedError
		if err, ok := recover().(error); ok && errors.As(err, &unsupported) {
			fmt.Println("refused:", unsupported.Type)
		}
	}()
	weakref.Make(new(struct{}))
	// Output: refused: struct {}
}

// The reason tells what is wrong with a pointer of unknown origin.
func ExampleReason() {
	var none *Resource
	var unsupported *weakref.UnsupportedError
	if errors.As(weakref.Check(none), &unsupported) {
		fmt.Println(unsupported.Reason == weakref.NilPointer)
	}
	// Output: true
}

// Mailer has a method that others call when something happens.
type Mailer struct {
	sent []string
}

func (m *Mailer) Send(to string) { m.sent = append(m.sent, to) }

// A method bound to a weak receiver. A closure, or the method value mailer.Send, would
// keep the mailer.
func ExampleFunc() {
	mailer := new(Mailer)
	send := weakref.Bind(mailer, (*Mailer).Send)
	fmt.Println(send.Call("alice"), mailer.sent)

	mailer = nil
	eventually(func() bool { return !send.Call("bob") })
	fmt.Println(send.Call("bob"), send)
	// Output:
	// true [alice]
	// false weakref.Func(github.com/weakref-go/weakref_test.(*Mailer).Send, dead)
}

// Something to be done once an object has died. What is to be done must not refer to
// the object; pass what it needs.
func ExampleFinalizer() {
	done := make(chan string, 1)
	r := &Resource{Name: "scratch"}
	weakref.Finalize(r, func(path string) {
		done <- path
	}, "/tmp/"+r.Name)
	early := weakref.Finalize(r, func(s string) { fmt.Println(s) }, "once, on demand")
	fmt.Println(early.Run(), early.Run())

	r = nil
	eventually(func() bool { return len(done) == 1 }) // soon after the next collection
	fmt.Println("removing", <-done)
	// Output:
	// once, on demand
	// true false
	// removing /tmp/scratch
}

// What is pending when the program ends, it runs itself: last registered first.
func ExampleShutdown() {
	db, cache := &Resource{Name: "db"}, &Resource{Name: "cache"}
	weakref.Finalize(db, func(name string) { fmt.Println("closing", name) }, "db")
	weakref.Finalize(cache, func(name string) { fmt.Println("closing", name) }, "cache")

	if err := weakref.Shutdown(context.Background()); err != nil {
		log.Print(err)
	}
	runtime.KeepAlive(db)
	runtime.KeepAlive(cache)
	// Output:
	// closing cache
	// closing db
}

// A panic of a finalizer is an error of Shutdown.
func ExamplePanicError() {
	r := new(Resource)
	weakref.Finalize(r, func(string) { panic("disk full") }, "")

	var p *weakref.PanicError
	if errors.As(weakref.Shutdown(context.Background()), &p) {
		fmt.Println("panicked:", p.Value)
	}
	runtime.KeepAlive(r)
	// Output: panicked: disk full
}

// Deaths wait in the queue until somebody asks for them, on a goroutine of his own.
func ExampleQueue() {
	var dead weakref.Queue[string]
	sessions := weakref.ValueMap[string, Session]{OnCollect: dead.Put}
	alice, bob := &Session{User: "alice"}, &Session{User: "bob"}
	sessions.Store("alice's", alice)
	sessions.Store("bob's", bob)
	runtime.KeepAlive(alice)

	alice = nil
	eventually(func() bool { return dead.Len() > 0 })
	key, err := dead.Next(context.Background())
	fmt.Println(key, err)
	runtime.KeepAlive(bob)
	runtime.KeepAlive(&sessions)
	// Output: alice's <nil>
}

// The figures of a queue say whether its reader keeps up.
func ExampleQueueStats() {
	q := weakref.Queue[int]{Name: "deaths", Limit: 2}
	for i := range 5 {
		q.Put(i)
	}
	fmt.Println(q.Stats())
	// Output: deaths: 2 events of 2, 5 put, 3 dropped
}

// Whoever drains a queue too late learns how much was lost, and where.
func ExampleLostError() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	q := weakref.Queue[int]{Limit: 2}
	for i := range 5 {
		q.Put(i)
	}
	for e, err := range q.All(ctx) {
		var lost *weakref.LostError
		if errors.As(err, &lost) {
			fmt.Println("lost:", lost.N)
			break
		}
		fmt.Println(e)
	}
	// Output:
	// 0
	// 1
	// lost: 3
}

package weakref_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"runtime"

	"github.com/weakref-go/weakref"
)

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

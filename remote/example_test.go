package remote_test

import (
	"context"
	"fmt"
	"log"
	"runtime"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/embed"
)

// A Session is what a service has for a user who is connected.
type Session struct {
	User string
	Log  [100]string
}

// join returns two nodes of one broker. They would be two processes.
func join() (here, there *remote.Node, leave func()) {
	broker, err := embed.Start(embed.Options{}) // in this process, without a listener
	if err != nil {
		log.Fatal(err)
	}
	nodes := make([]*remote.Node, 2)
	for i := range nodes {
		nc, err := broker.Connect(nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
		if err != nil {
			log.Fatal(err)
		}
		nodes[i], err = remote.Join(context.Background(), nc, remote.Config{})
		if err != nil {
			log.Fatal(err)
		}
	}
	return nodes[0], nodes[1], func() {
		for _, n := range nodes {
			n.Close(context.Background())
			n.Conn().Close()
		}
		broker.Close()
	}
}

// A node announces an object by name; another finds it, asks and holds it.
func Example() {
	here, there, leave := join()
	defer leave()
	ctx := context.Background()

	ada := &Session{User: "ada"}
	name, err := remote.Announce(ctx, here, "user/ada", ada)
	if err != nil {
		log.Fatal(err)
	}

	ref, err := there.Lookup(ctx, "user/ada")
	fmt.Println("found:", ref == name.Ref(), err)

	states, err := there.Ask(ctx, ref)
	fmt.Println(states[0], err)

	p, ok := remote.Local[Session](here, ref)
	fmt.Println("in its own process:", p.User, ok)
	runtime.KeepAlive(ada) // which a service has in a list, or a handler; its name does not keep it
	// Output:
	// found: true <nil>
	// alive <nil>
	// in its own process: ada true
}

func ExampleNode() {
	here, there, leave := join()
	defer leave()
	fmt.Println("valid:", here.Valid() == nil)
	fmt.Println("the other has begun later:", there.Token().Compare(here.Token()) > 0)

	here.Close(context.Background())
	<-here.Lost()
	fmt.Println(here.Valid())
	// Output:
	// valid: true
	// the other has begun later: true
	// remote: session lost: remote: closed
}

func ExampleJoin() {
	broker, err := embed.Start(embed.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	const ttl = 15 * time.Second
	nc, err := broker.Connect(
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100*time.Millisecond),
		nats.PingInterval(ttl/5),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	n, err := remote.Join(context.Background(), nc, remote.Config{
		TTL:    ttl,
		OnLost: func(err error) { log.Print("this process must begin anew: ", err) },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close(context.Background())
	fmt.Println(len(n.Session().String()))
	// Output: 32
}

// A Ref travels as text, in JSON too.
func ExampleRef() {
	here, there, leave := join()
	defer leave()
	ref := remote.Export(here, &Session{User: "ada"})

	same, err := remote.ParseRef(ref.String())
	fmt.Println(same == ref, err, ref.Session() == here.Session())

	states, err := there.Ask(context.Background(), same, remote.Ref{})
	fmt.Println(states[1], err)
	// Output:
	// true <nil> true
	// gone <nil>
}

func ExampleHold() {
	here, there, leave := join()
	defer leave()
	ctx := context.Background()

	ada := &Session{User: "ada"}
	hold, err := there.Hold(ctx, remote.Export(here, ada))
	if err != nil {
		log.Fatal(err)
	}
	for _, h := range here.Held() {
		fmt.Println("held by the other:", h.Holder == there.Session())
	}
	hold.Close()
	fmt.Println(hold.Err())
	runtime.KeepAlive(ada)
	// Output:
	// held by the other: true
	// remote: closed
}

func ExampleNode_Watch() {
	here, there, leave := join()
	defer leave()
	ada := &Session{User: "ada"}
	ref := remote.Export(here, ada)

	down := make(chan remote.Down)
	if _, err := there.Watch(context.Background(), ref, func(d remote.Down) { down <- d }); err != nil {
		log.Fatal(err)
	}
	here.Withdraw(ref) // or the collector finds it, or the process ends
	d := <-down
	fmt.Println(d.Reason, d.Confirmed)
	runtime.KeepAlive(ada)
	// Output: closed true
}

func ExampleNode_WatchName() {
	here, there, leave := join()
	defer leave()
	ctx := context.Background()

	changes := make(chan bool)
	_, err := there.WatchName(ctx, "user/ada", func(_ remote.Ref, online bool) { changes <- online })
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("online:", <-changes)

	ada := &Session{User: "ada"}
	if _, err := remote.Announce(ctx, here, "user/ada", ada); err != nil {
		log.Fatal(err)
	}
	fmt.Println("online:", <-changes)

	here.Close(ctx)
	fmt.Println("online:", <-changes)
	runtime.KeepAlive(ada)
	// Output:
	// online: false
	// online: true
	// online: false
}

// A resource that remembers the greatest Token refuses an owner that is late.
func ExampleToken() {
	here, there, leave := join()
	defer leave()
	ctx := context.Background()

	var newest remote.Token
	write := func(t remote.Token) bool {
		if t.Compare(newest) < 0 {
			return false
		}
		newest = t
		return true
	}

	first, err := remote.Announce(ctx, here, "leader", &Session{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(write(first.Token()))
	first.Close(ctx)

	second, err := remote.Announce(ctx, there, "leader", &Session{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(write(second.Token()))
	fmt.Println("late:", write(first.Token()))
	// Output:
	// true
	// true
	// late: false
}

func ExampleStats() {
	here, there, leave := join()
	defer leave()
	ada := &Session{User: "ada"}
	if _, err := there.Hold(context.Background(), remote.Export(here, ada)); err != nil {
		log.Fatal(err)
	}
	fmt.Println(here.Stats())
	// Output: 1 sessions, 1 exported, 0 names, held by others 1, watched by others 0, holds 0, watches 0, resyncs 0, dropped 0
}

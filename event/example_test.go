package event_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/event"
)

// Order is an event.
type Order struct{ ID int }

// Mailer is a listener.
type Mailer struct{ To string }

// OnOrder is a handler.
func (m *Mailer) OnOrder(o Order) { fmt.Printf("mail to %s: order %d\n", m.To, o.ID) }

// EventBus is the event bus of Python's weakref tutorials: a WeakSet of listeners. What
// it leaves open there, how a listener is called, is the method expression here.
type EventBus struct {
	listeners event.Bus[string]
}

// Listener is one of its listeners.
type Listener struct{ name string }

func (l *Listener) notify(what string) { fmt.Println(l.name, "hears", what) }

func (b *EventBus) subscribe(l *Listener) { event.Subscribe(&b.listeners, l, (*Listener).notify) }

func Example() {
	var bus EventBus
	kept := &Listener{"kept"}
	bus.subscribe(kept)
	bus.subscribe(&Listener{"not kept by anybody"})

	for bus.listeners.Len() > 1 {
		runtime.GC() // a program has no need to; it is collected some time
		bus.listeners.Sweep()
	}
	bus.listeners.Publish("the news")
	fmt.Println(bus.listeners.Len(), "listener")
	runtime.KeepAlive(kept)
	// Output:
	// kept hears the news
	// 1 listener
}

func ExampleBus() {
	var orders event.Bus[Order]
	mailer := &Mailer{To: "ann@example.org"}
	event.Subscribe(&orders, mailer, (*Mailer).OnOrder)
	event.Subscribe(&orders, mailer, func(m *Mailer, o Order) { fmt.Println("seen by a plain function, too") })

	fmt.Println("reached", orders.Publish(Order{7}))
	runtime.KeepAlive(mailer) // a program's listeners are kept by what they belong to
	// Output:
	// mail to ann@example.org: order 7
	// seen by a plain function, too
	// reached 2
}

func ExampleSubscription_Close() {
	var orders event.Bus[Order]
	mailer := &Mailer{To: "ann@example.org"}
	s := event.Subscribe(&orders, mailer, (*Mailer).OnOrder)
	orders.Publish(Order{1})
	s.Close()
	fmt.Println("reached", orders.Publish(Order{2}))
	runtime.KeepAlive(mailer)
	// Output:
	// mail to ann@example.org: order 1
	// reached 0
}

func ExampleBus_PublishContext() {
	var orders event.Bus[Order]
	ctx, cancel := context.WithCancel(context.Background())
	first, second := &Mailer{To: "ann"}, &Mailer{To: "bob"}
	event.Subscribe(&orders, first, func(m *Mailer, o Order) { m.OnOrder(o); cancel() })
	event.Subscribe(&orders, second, (*Mailer).OnOrder)
	fmt.Println(orders.PublishContext(ctx, Order{1}))
	runtime.KeepAlive(first)
	runtime.KeepAlive(second)
	// Output:
	// mail to ann: order 1
	// 1 context canceled
}

// A listener that nobody keeps is a mistake, as a rule. The bus tells.
func ExampleListener() {
	reported := make(chan event.Listener)
	orders := event.Bus[Order]{OnCollect: func(l event.Listener) { reported <- l }}
	event.Subscribe(&orders, &Mailer{To: "nobody"}, (*Mailer).OnOrder)
	for orders.Len() > 0 {
		runtime.GC()
		orders.Sweep()
	}
	l := <-reported
	fmt.Printf("a %v died without having received anything\n", l.Owner)
	// Output: a event_test.Mailer died without having received anything
}

// A handler that panics does not keep the event from the others.
func ExampleBus_panic() {
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler)) // panics are logged as well
	orders := event.Bus[Order]{OnPanic: func(l event.Listener, err *weakref.PanicError) { fmt.Println("reported:", err.Value) }}
	mailer := &Mailer{To: "ann"}
	event.Subscribe(&orders, mailer, func(*Mailer, Order) { panic("no paper") })
	event.Subscribe(&orders, mailer, (*Mailer).OnOrder)
	orders.Publish(Order{1})
	runtime.KeepAlive(mailer)
	// Output:
	// reported: no paper
	// mail to ann: order 1
}

func ExampleOptions() {
	var orders event.Bus[Order]
	mailer, done := &Mailer{To: "ann"}, make(chan bool)
	event.SubscribeWith(&orders, mailer, func(m *Mailer, o Order) {
		m.OnOrder(o)
		done <- true
	}, event.Options{Queue: 10, Full: event.DropOldest})
	orders.Publish(Order{1}) // does not wait for the handler
	orders.Publish(Order{2})
	<-done
	<-done
	runtime.KeepAlive(mailer)
	// Output:
	// mail to ann: order 1
	// mail to ann: order 2
}

// A queue with the policy Fail says that it is full.
func ExampleFullError() {
	var orders event.Bus[Order]
	mailer, begun, release := &Mailer{To: "ann"}, make(chan bool, 9), make(chan bool)
	s := event.SubscribeWith(&orders, mailer, func(*Mailer, Order) { begun <- true; <-release }, event.Options{Queue: 1, Full: event.Fail})
	orders.Publish(Order{1})
	<-begun
	orders.Publish(Order{2})
	_, err := orders.PublishContext(context.Background(), Order{3})
	fmt.Println(err)
	close(release)
	s.Close()
	runtime.KeepAlive(mailer)
	// Output: event: 1 queues are full; handle events faster, raise Options.Queue, or choose another policy
}

func ExampleHub() {
	var hub event.Hub
	mailer := &Mailer{To: "ann"}
	event.Subscribe(event.Topic[Order](&hub, "order.new"), mailer, (*Mailer).OnOrder)
	event.Subscribe(event.Topic[string](&hub, "order.new"), mailer, func(_ *Mailer, note string) { fmt.Println("note:", note) })

	event.PublishTopic(&hub, "order.new", Order{1})
	event.PublishTopic(&hub, "order.new", "a note")
	fmt.Println("reached", event.PublishTopic(&hub, "order.paid", Order{1}))
	runtime.KeepAlive(mailer)
	// Output:
	// mail to ann: order 1
	// note: a note
	// reached 0
}

func ExampleRoute() {
	var hub event.Hub
	mailer := &Mailer{To: "ann"}
	event.Subscribe(event.Topic[Order](&hub, "order.new"), mailer, (*Mailer).OnOrder)
	for route, stats := range hub.All() {
		fmt.Println(route.Topic, route.Event, stats.Len)
	}
	runtime.KeepAlive(mailer)
	// Output: order.new event_test.Order 1
}

// A queue that takes the place of what has not been handled yet: only the newest event
// counts.
func ExampleFull() {
	var orders event.Bus[Order]
	mailer, begun, release := &Mailer{To: "ann"}, make(chan bool), make(chan bool)
	event.SubscribeWith(&orders, mailer, func(m *Mailer, o Order) {
		begun <- true
		<-release
		m.OnOrder(o)
		release <- true
	}, event.Options{Queue: 1, Full: event.DropOldest})
	orders.Publish(Order{1})
	<-begun
	orders.Publish(Order{2})
	orders.Publish(Order{3})
	release <- true
	<-release
	<-begun
	release <- true
	<-release
	fmt.Println("dropped", orders.Stats().Dropped)
	runtime.KeepAlive(mailer)
	// Output:
	// mail to ann: order 1
	// mail to ann: order 3
	// dropped 1
}

func ExampleStats() {
	orders := event.Bus[Order]{Name: "orders"}
	box := weakref.Box(0) // an int has no life of its own
	event.Subscribe(&orders, box, func(n *weakref.Boxed[int], o Order) { n.V += o.ID })
	orders.Publish(Order{3})
	orders.Publish(Order{4})
	st := orders.Stats()
	fmt.Println(st.Name, st.Len, st.Published, st.Delivered, box.V)
	// Output: orders 1 2 2 7
}

// A relay passes events on, from a queue of its own, to those who listen. So each event
// has reached all of them before the next does, also if a handler publishes.
type Relay struct{ out event.Bus[string] }

// Pass is its handler.
func (r *Relay) Pass(what string) { r.out.Publish(what) }

func Example_order() {
	var news event.Bus[string]
	relay := new(Relay)
	event.SubscribeWith(&news, relay, (*Relay).Pass, event.Options{Queue: event.Unbounded})

	first, second := &Listener{"first"}, &Listener{"second"}
	event.Subscribe(&relay.out, first, func(l *Listener, what string) {
		l.notify(what)
		if what == "a question" {
			news.Publish("an answer")
		}
	})
	event.Subscribe(&relay.out, second, (*Listener).notify)

	news.Publish("a question")
	news.Flush(context.Background()) // the question has been handled,
	news.Flush(context.Background()) // and what it caused
	runtime.KeepAlive([]any{relay, first, second})
	// Output:
	// first hears a question
	// second hears a question
	// first hears an answer
	// second hears an answer
}

func ExampleSubscription_CloseWait() {
	var samples event.Bus[int]
	type recorder struct{ values []int }
	r := new(recorder)
	s := event.Subscribe(&samples, r, func(r *recorder, v int) { r.values = append(r.values, v) })
	done := make(chan bool)
	go func() {
		for i := range 3 {
			samples.Publish(i)
		}
		done <- true
	}()
	<-done
	if err := s.CloseWait(context.Background()); err == nil {
		fmt.Println("no handler is running, so this is safe:", r.values)
	}
	// Output: no handler is running, so this is safe: [0 1 2]
}

func ExampleBus_Close() {
	var orders event.Bus[Order]
	mailer := &Mailer{To: "ann"}
	event.SubscribeWith(&orders, mailer, (*Mailer).OnOrder, event.Options{Queue: 10})
	orders.Publish(Order{1})
	orders.Publish(Order{2})
	fmt.Println(orders.Close(context.Background())) // waits for the queue
	fmt.Println(orders.PublishContext(context.Background(), Order{3}))
	runtime.KeepAlive(mailer)
	// Output:
	// mail to ann: order 1
	// mail to ann: order 2
	// <nil>
	// 0 event: the bus is closed
}

// What feeds a bus from elsewhere need not do so while nobody listens.
func ExampleBus_onActive() {
	ticks := event.Bus[int]{OnActive: func(active bool) { fmt.Println("somebody listens:", active) }}
	mailer := &Mailer{To: "ann"}
	s := event.Subscribe(&ticks, mailer, func(*Mailer, int) {})
	s.Close()
	runtime.KeepAlive(mailer)
	// Output:
	// somebody listens: true
	// somebody listens: false
}

func ExampleTopic() {
	var hub event.Hub
	mailer := &Mailer{To: "ann"}
	orders := event.Topic[Order](&hub, "shop/7")
	event.SubscribeWith(orders, mailer, (*Mailer).OnOrder, event.Options{Priority: 1})
	fmt.Println(event.PublishTopic(&hub, "shop/7", Order{1}), event.PublishTopic(&hub, "shop/8", Order{1}))
	orders.Clear() // all listeners of the topic
	fmt.Println(event.PublishTopic(&hub, "shop/7", Order{2}))
	runtime.KeepAlive(mailer)
	// Output:
	// mail to ann: order 1
	// 1 0
	// 0
}

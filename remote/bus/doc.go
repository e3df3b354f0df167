// Package bus delivers events between processes to listeners whose lives are their own:
// an event.Bus over a subject of a NATS broker.
//
//	orders := bus.Of[Order](node, "orders", bus.Options[Order]{})
//	bus.Subscribe(orders, mailer, (*Mailer).OnOrder) // does not keep mailer
//	…
//	err := orders.Publish(ctx, Order{…})             // in any process
//
// A process is interested in a subject while one of its listeners lives, and only then:
// it subscribes at the broker with the first, and leaves with the last, by
// Subscription.Close or because the collector has found it dead. After a reconnection the
// interest of all that live is there again by itself.
//
//	 process A                       broker                      process B
//	┌─────────────┐                                           ┌────────────────────┐
//	│ Publish ────┼──► orders ─┬───────────────────────────►──┤ Bus ┄┄► listener   │
//	└─────────────┘            │                              │     ┄┄► listener   │
//	                           │    no interest               ├────────────────────┤
//	                           └────────── ✗                  │ Bus     (all dead) │
//	                                                          └────────────────────┘
//
// # What is guaranteed
//
// A plain bus delivers at most once, in order for each publisher. What a slow listener
// has no room for is dropped and counted, and what is published while a process is
// disconnected does not reach it. When Subscribe has returned to the first listener of a
// process, the broker knows of it.
//
// With [AtLeastOnce], the broker keeps an event for each group until a listener in one of
// the group's processes has handled it: again until acknowledged, while the group lives.
// There may be duplicates. Durability is what NATS's storage gives. A group lives while
// one of its processes has a listener, and for Keep after that; then it vanishes with what
// was waiting for it, so a group that nobody serves any more costs nothing: it is a weak
// durable subscription.
//
// A bus of either kind ends with the session of its node.
//
// # Cost
//
// A publish costs the encoding and a message to the broker, whether or not anybody
// listens; at least once, a write there and back. A process costs the broker one
// subscription for each bus that has listeners.
package bus

// Package event delivers events to listeners whose lives are their own: a [Bus] holds
// them weakly, so that subscribing does not keep them, and those that die leave by
// themselves.
//
//	var orders event.Bus[Order]
//	event.Subscribe(&orders, mailer, (*Mailer).OnOrder)
//	…
//	orders.Publish(Order{…})
//
// # What is held, and how
//
// The owner, mailer above, is held weakly; the function is held strongly. That is why
// Subscribe takes them apart. In most languages the first complaint about a weak bus is
// a handler that is dead right after it was subscribed, because what was held weakly was
// the closure or the bound method, which nobody else had. Here nothing of that kind can
// be written. What can be written is an owner that nobody else has; it dies, and if it
// has never received an event, the bus says so, to OnUnfired and in [Stats].
//
// A function that refers to the owner by itself, a closure that captures it, keeps it
// alive for as long as the bus lives. Use the argument.
//
// # When a listener stops
//
// A dead listener still receives events until a collection has found it dead: when that
// is, is the collector's affair. And an event that reaches it while the collector is at
// work keeps it for that collection, since a listener is held while it is called: a
// program that publishes to one bus without a pause may keep the dead for as long as it
// does. [Subscription.Close] is exact: the handler is not called any more, and when Close
// returns, no call is under way.
//
// # What is guaranteed
//
// Publish calls handlers in the order of subscription, one after the other, on the
// caller's goroutine. No lock is held meanwhile: a handler may subscribe, close and
// publish. A handler that panics does not keep the event from the others; the panic is
// logged and given to OnPanic. Subscribing and closing from several goroutines at once
// is ordered in some way, and so is publishing: two events published at once may reach
// two listeners in different orders.
//
// With [SubscribeQueued], a listener is called on another goroutine and does not hold
// the publisher up, in the order in which events were queued.
//
// # Cost
//
// A publish costs some 30 ns, and 5 to 10 for each listener, which is what its weak
// pointer costs; it allocates nothing. A place that a dead or closed listener has left
// costs a load until it is compacted away. A listener takes about 150 bytes, and no cleanup
// or finalizer. After a collection a bus is searched for dead listeners in the background,
// at a few nanoseconds each, while publishing goes on. Close costs little if nobody is
// publishing; else it waits for the publishers' next step or, if there is none soon, stops
// the world for some 20 µs.
//
// # Events from elsewhere
//
// Nothing here assumes that publisher and listener are in one process: whoever receives
// events from a broker calls Publish, and whoever sends them on subscribes.
package event

// Package event delivers events to listeners whose lives are their own: a [Bus] holds
// them weakly, so that subscribing does not keep them, and those that die leave by
// themselves.
//
// Most programs need three things. To listen, for as long as mailer lives:
//
//	var orders event.Bus[Order]
//	event.Subscribe(&orders, mailer, (*Mailer).OnOrder)
//	…
//	orders.Publish(Order{…}) // calls mailer.OnOrder
//
// To listen without holding the publisher up, on a goroutine of the listener's own:
//
//	event.SubscribeWith(&orders, mailer, (*Mailer).OnOrder, event.Options{Queue: 100})
//
// To stop: one listener, now or when its handler has returned; or all, when what is queued
// has been handled:
//
//	s := event.Subscribe(&orders, mailer, (*Mailer).OnOrder)
//	s.Close()
//	err := s.CloseWait(ctx)
//	err := orders.Close(ctx)
//
// # What is held, and how
//
// The owner, mailer above, is held weakly; the function is held strongly. That is why
// Subscribe takes them apart. In most languages the first complaint about a weak bus is
// a handler that is dead right after it was subscribed, because what was held weakly was
// the closure or the bound method, which nobody else had. Here nothing of that kind can
// be written. What can be written is an owner that nobody else has. It dies, and
// [Bus].OnCollect says so, and whether it had ever received an event.
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
// does. To be exact, close the subscription. [Subscription.Close] ends it and does not
// wait; [Subscription.CloseWait] does. What to use when is in docs/event.md.
//
// # Order
//
// Publish calls handlers by priority and then in the order of subscription, one after the
// other, on the caller's goroutine. No lock is held meanwhile: a handler may subscribe,
// close and publish. What it publishes is delivered at once, before the event it is
// handling has reached the listeners behind it: if a answers event 1 by event 2, then a
// and z receive a1 a2 z2 z1. Where each event must have reached all before the next does,
// have one listener with a queue pass the events on to a second bus, as the example
// "order" does. Publishes on several goroutines at once may reach two listeners in
// different orders.
//
// A handler that panics does not keep the event from the others; the panic is logged and
// given to OnPanic. Nor does one that ends the goroutine: the others receive the event
// before it ends. A queue goes on after either.
//
// # In synctest bubbles
//
// A bus may be used in a testing/synctest bubble, and inside and outside of bubbles at
// once. What is published in a bubble is handled in that bubble: its queues have
// goroutines there, so let them finish before the bubble ends, by Flush or by sleeping.
// Who waits in a bubble for a publish under way elsewhere, in [Subscription.CloseWait] or
// Flush, looks as the bubble's time advances, and for a second of real time at most: a
// handler elsewhere that takes longer looks like a deadlock of the bubble.
// An event published elsewhere may be handled at the same time.
//
// # Cost
//
// A publish costs some 25 ns, and 10 for each listener, most of which is what its weak
// pointer costs; it allocates nothing. A place that a dead or closed listener has left
// costs a load until it is compacted away. A bus takes a kilobyte once it is used, a listener
// about 200 bytes, and no cleanup or finalizer. After a collection a bus is searched for dead listeners in the background,
// at a few nanoseconds each, while publishing goes on.
//
// # Events from elsewhere
//
// Nothing here assumes that publisher and listener are in one process: whoever receives
// events from a broker calls Publish, and whoever sends them on subscribes. OnActive tells
// such a feeder when there is somebody to feed.
package event

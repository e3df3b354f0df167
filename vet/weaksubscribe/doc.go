// Package weaksubscribe reports listeners that die as soon as they are subscribed, or never.
//
// A bus that holds its listeners weakly keeps none of them alive. A listener
// that only the call refers to is gone after the next collection. A handler that
// refers to its owner is the opposite: the bus keeps handlers as long as their
// owner lives, so the owner lives for ever.
//
// WRONG:
//
//	event.Subscribe(bus, &Mailer{}, (*Mailer).OnSignup) // nothing holds the Mailer
//
//	event.Subscribe(bus, m, func(_ *Mailer, e Signup) {
//		m.OnSignup(e) // the handler holds m
//	})
//
//	func (b *Bus) Add(f func()) {
//		b.all = append(b.all, weak.Make(&f)) // the variable f, not the function
//	}
//
//	b.Add(obj.OnX) // lost, if Add is the one above, in another package
//
//	b.Subscribe(topic, f) // the result holds the subscription, and is dropped
//
// RIGHT:
//
//	event.Subscribe(bus, m, (*Mailer).OnSignup)
//
//	stop := b.Subscribe(topic, f)
//	defer stop()
//
// event.Subscribe and weakref.Bind of the weakref module are known, and so are
// functions whose result must be kept: those of the weakref module, and any
// other that makes a weak pointer to a new object which nothing but its result
// holds. Tests may drop results.
package weaksubscribe

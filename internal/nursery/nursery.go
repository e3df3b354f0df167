// Package nursery hands out new objects in an order in which it is cheap to refer to
// them weakly.
//
// The runtime keeps the weak records of a span's objects in a list sorted by
// address, and walks it from the lowest to make a new one. Objects that are made
// and registered one by one come in ascending order, so each walks past all
// before it; in descending order the walk is short. For objects of 16 bytes, of
// which a span has 512, it makes a weak reference several times cheaper: see
// docs/decisions/0006-nursery.md.
package nursery

import "sync"

// Nursery hands out new objects, each batch of them in descending order of address.
// The zero Nursery is ready to use.
type Nursery[T any] struct {
	// Largest is how many objects a batch has at most: Usual if 0.
	Largest int

	batches sync.Pool // of *batch[T]
}

// Usual is half the objects of 16 bytes in a span.
const Usual = 256

// batch is objects that have not been handed out.
type batch[T any] struct {
	objects []*T
	size    int // of the next refill
}

// Get returns a new object.
func (n *Nursery[T]) Get() *T {
	b, _ := n.batches.Get().(*batch[T])
	if b == nil {
		b = &batch[T]{size: 1}
	}
	if len(b.objects) == 0 {
		n.refill(b)
	}
	last := len(b.objects) - 1
	p := b.objects[last]
	b.objects[last] = nil
	b.objects = b.objects[:last]
	n.batches.Put(b)
	return p
}

// refill allocates twice as many objects as the last time, so that what is not
// handed out is never much in proportion.
func (n *Nursery[T]) refill(b *batch[T]) {
	for range b.size {
		b.objects = append(b.objects, new(T))
	}
	largest := n.Largest
	if largest == 0 {
		largest = Usual
	}
	b.size = min(2*b.size, largest)
}

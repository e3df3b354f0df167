// Package fifo has a queue that is a slice.
package fifo

// Queue is items in the order in which they came. The zero Queue is empty. What is
// taken out is released at once, and the memory with the last item.
type Queue[T any] []T

// Push adds items.
func (q *Queue[T]) Push(items ...T) { *q = append(*q, items...) }

// Pop takes out the oldest item. The queue must not be empty. It takes constant time,
// in the mean: append moves what is left to new memory only when the old is used up.
func (q *Queue[T]) Pop() T {
	items := *q
	item := items[0]
	clear(items[:1])
	if items = items[1:]; len(items) == 0 {
		items = nil
	}
	*q = items
	return item
}

package event

import "fmt"

// Options says how a listener is called. The zero Options is what [Subscribe] takes.
type Options struct {
	// Priority decides who is called first: the higher, and among equals who subscribed
	// first. The first publish after listeners were added out of order sorts them.
	Priority int

	// Queue, if not 0, has the handler run on a goroutine of its own, one event after the
	// other in the order in which they were queued, so that it does not hold up the
	// publisher. It is how many events may wait: a number, or [Unbounded]. There is no
	// goroutine while the queue is empty. The owner is held only while the handler runs;
	// what waits does not keep it, unless it refers to it, and is dropped when the owner
	// dies or the subscription is closed.
	Queue int

	// Full is what a publisher does about an event for which the queue has no room.
	Full Full
}

// Unbounded is an [Options.Queue] that takes every event. If events come faster than they
// are handled, it grows until the memory is used up.
const Unbounded = -1

// Full is what a publisher does about a queue that is full.
type Full int

const (
	// Fail drops the event that is being published. Publish does not count the listener
	// as reached, and PublishContext returns a [*FullError].
	Fail Full = iota
	// DropOldest drops the event that has waited longest.
	DropOldest
	// Wait waits for room, until the subscription ends, or the context of PublishContext.
	// If the handler of the full queue waits for the publisher in turn, as listeners that
	// answer each other do, it is Fail. That is found out where the handlers themselves
	// publish, not where they leave it to other goroutines: those wait for good.
	Wait
)

var fullNames = [...]string{"Fail", "DropOldest", "Wait"}

// String returns the policy's name.
func (f Full) String() string {
	if f < 0 || int(f) >= len(fullNames) {
		return fmt.Sprintf("Full(%d)", int(f))
	}
	return fullNames[f]
}

// MarshalText returns the policy's name.
func (f Full) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

func (o Options) check() {
	if o.Queue < Unbounded || o.Full < Fail || o.Full > Wait || o.Queue <= 0 && o.Full != Fail {
		panic(fmt.Sprintf("event: %+v: Queue is 0, a number of events or Unbounded; Full is one of the policies, and for a queue with a limit", o))
	}
}

// FullError says that an event did not reach some listeners because their queues were
// full.
type FullError struct {
	Listeners int // how many
}

// Error says how many.
func (e *FullError) Error() string {
	return fmt.Sprintf("event: %d queues are full; handle events faster, raise Options.Queue, or choose another policy", e.Listeners)
}

package event

import (
	"cmp"
	"fmt"
	"log/slog"
)

// Stats is what a bus reports of itself. Taking it disturbs nobody. It looks at all listeners
// if one of them has had a queue, and at none otherwise.
type Stats struct {
	Name      string // as set by the user
	Len       int    // listeners not known to be dead
	Capacity  int    // listeners that fit into the memory now allocated
	Published uint64 // publishes that have ended
	Delivered uint64 // calls of handlers
	Dropped   uint64 // events that a queue did not take, or did not deliver
	Panics    uint64 // handlers that panicked
	Collected uint64 // subscriptions that ended because their owner died
	Unreached uint64 // those among them that had never received an event
	Queued    int    // events that wait in queues of listeners
}

func (c *core[E]) stats(name string) Stats {
	st := Stats{
		Name: name, Len: int(c.live.Load()), Capacity: len(c.list.Load().subs),
		Delivered: c.handled.Load(), Dropped: c.dropped.Load(), Panics: c.panics.Load(),
		Collected: c.collected.Load(), Unreached: c.unreached.Load(),
	}
	for i := range c.grace.stripes {
		at := &c.grace.stripes[i]
		st.Published += at.left[0].Load() + at.left[1].Load()
		st.Delivered += at.delivered.Load()
	}
	if c.queues.Load() {
		for s := range c.all {
			for _, q := range s.queue.all() {
				st.Queued += q.Pending()
			}
		}
	}
	return st
}

// String returns the counters on one line.
func (s Stats) String() string {
	text := fmt.Sprintf("%s: %d listeners; %d published, %d delivered, %d dropped; %d collected, %d of them unreached",
		cmp.Or(s.Name, "bus"), s.Len, s.Published, s.Delivered, s.Dropped, s.Collected, s.Unreached)
	if s.Panics != 0 {
		text += fmt.Sprintf("; %d panicked", s.Panics)
	}
	return text
}

// LogValue returns the counters as a group.
func (s Stats) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", s.Name), slog.Int("len", s.Len), slog.Int("capacity", s.Capacity),
		slog.Uint64("published", s.Published), slog.Uint64("delivered", s.Delivered), slog.Uint64("dropped", s.Dropped),
		slog.Uint64("panics", s.Panics), slog.Uint64("collected", s.Collected), slog.Uint64("unreached", s.Unreached),
		slog.Int("queued", s.Queued))
}

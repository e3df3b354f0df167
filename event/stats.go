package event

// Stats is what a bus reports of itself. Taking it disturbs nobody.
type Stats struct {
	Name      string // as set by the user
	Len       int    // listeners not known to be dead
	Capacity  int    // listeners that fit into the memory now allocated
	Published uint64 // events published
	Delivered uint64 // calls of handlers
	Dropped   uint64 // events that a queue did not take, or did not deliver
	Panics    uint64 // handlers that panicked
	Died      uint64 // listeners that died without having been closed
	Unfired   uint64 // those among them that had never received an event
}

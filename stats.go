package weakref

// Stats is what a container reports of itself. Taking it costs next to nothing
// and disturbs nobody.
type Stats struct {
	Name      string // as set by the user
	Len       int    // entries not known to be dead
	Capacity  int    // entries that fit into the memory now allocated
	Collected uint64 // entries removed so far because their weak side had died
	Sweeps    uint64 // times the container has been searched for dead entries
	Pending   int    // callbacks that have not begun
	Panics    uint64 // callbacks that panicked
}

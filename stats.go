package weakref

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"

	"github.com/weakref-go/weakref/internal/table"
)

// Stats is what a container reports of itself. Taking it costs next to nothing
// and disturbs nobody. It prints in one line, and [log/slog] logs it as a group.
type Stats struct {
	Name      string // as set by the user
	Len       int    // entries not known to be dead
	Capacity  int    // entries that fit into the memory now allocated
	Collected uint64 // entries removed so far because their weak side had died
	Sweeps    uint64 // times the container has been searched for dead entries
	Pending   int    // callbacks that have not begun
	Panics    uint64 // callbacks that panicked
}

// String returns the figures in one line, as in
// "sessions: 3 entries of 7, 12 collected, 5 sweeps". Callbacks are left out if there
// is nothing to say of them.
func (s Stats) String() string {
	var b strings.Builder
	if s.Name != "" {
		fmt.Fprintf(&b, "%s: ", s.Name)
	}
	fmt.Fprintf(&b, "%s of %d, %d collected, %s", count(s.Len, "entry", "entries"), s.Capacity, s.Collected, count(s.Sweeps, "sweep", "sweeps"))
	if s.Pending != 0 || s.Panics != 0 {
		fmt.Fprintf(&b, ", %s pending, %s", count(s.Pending, "callback", "callbacks"), count(s.Panics, "panic", "panics"))
	}
	return b.String()
}

// LogValue returns the figures as a group.
func (s Stats) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("name", s.Name),
		slog.Int("len", s.Len),
		slog.Int("capacity", s.Capacity),
		slog.Uint64("collected", s.Collected),
		slog.Uint64("sweeps", s.Sweeps),
		slog.Int("pending", s.Pending),
		slog.Uint64("panics", s.Panics),
	)
}

// QueueStats is what a [Queue] reports of itself.
type QueueStats struct {
	Name     string // as set by the user
	Len      int    // events that wait
	Capacity int    // events that wait at most
	Put      uint64 // calls of Put
	Dropped  uint64 // events among them that were dropped because the queue was full
}

// String returns the figures in one line, as in "deaths: 3 events of 65536, 12 put, 0 dropped".
func (s QueueStats) String() string {
	var b strings.Builder
	if s.Name != "" {
		fmt.Fprintf(&b, "%s: ", s.Name)
	}
	fmt.Fprintf(&b, "%s of %d, %d put, %d dropped", count(s.Len, "event", "events"), s.Capacity, s.Put, s.Dropped)
	return b.String()
}

// LogValue returns the figures as a group.
func (s QueueStats) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", s.Name), slog.Int("len", s.Len), slog.Int("capacity", s.Capacity),
		slog.Uint64("put", s.Put), slog.Uint64("dropped", s.Dropped))
}

func reportTable[S any](st *Stats, t *table.Table[S]) {
	st.Len, st.Capacity = t.Len(), t.Cap()
	st.Collected, st.Sweeps = t.Stats().Collected.Load(), t.Stats().Sweeps.Load()
}

// count returns a number with the right form of a word.
func count[N int | uint64](n N, one, many string) string {
	if n == 1 {
		many = one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// describe names a container to which p points, as in
// "weakref.Set[main.Session](listeners, 3 entries)".
func describe[T any](_ *T, name string, n int) string {
	if name != "" {
		name += ", "
	}
	return fmt.Sprintf("%v(%s%s)", reflect.TypeFor[T](), name, count(n, "entry", "entries"))
}

package inspect

import (
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"runtime"
	"strings"

	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/internal/described"
	"github.com/weakref-go/weakref/internal/live"
	"github.com/weakref-go/weakref/rc"

	"github.com/weakref-go/weakref"
)

// Container describes a container as it was when it was listed. It does not refer to it.
type Container struct {
	// ID is the container's as long as the process runs. It is given when the container
	// is first listed, or when it is made with [RecordCreation].
	ID       uint64 `json:"id"`
	Kind     string `json:"kind"` // ValueMap, KeyMap, Set, Interner, InternerFunc, Queue, Cache, Bus, Pool or Node
	Name     string `json:"name"` // as it was set before the first use
	Type     string `json:"type"` // such as weakref.Set[main.Session]
	Len      int    `json:"len"`  // entries, events, listeners, resources or exported objects, as the container's method Len
	Capacity int    `json:"capacity"`
	// Stats is a [weakref.Stats], [weakref.QueueStats], [cache.Stats], [event.Stats],
	// [rc.PoolStats], or the Stats of package remote.
	Stats any `json:"stats"`
	// Created is where the container was first used, if that was recorded.
	Created Stack `json:"created,omitempty"`
}

// Title is the container's name, or its type if it has none.
func (c Container) Title() string {
	if c.Name != "" {
		return c.Name
	}
	return c.Type
}

// Collected returns how many entries have left because they died.
func (c Container) Collected() uint64 {
	switch st := c.Stats.(type) {
	case weakref.Stats:
		return st.Collected
	case cache.Stats:
		return st.Collected
	case event.Stats:
		return st.Collected
	}
	return 0
}

// String returns a line about the container.
func (c Container) String() string { return fmt.Sprintf("#%d %s: %v", c.ID, c.Type, c.Stats) }

// LogValue returns the description as a group.
func (c Container) LogValue() slog.Value {
	return slog.GroupValue(slog.Uint64("id", c.ID), slog.String("kind", c.Kind), slog.String("name", c.Name),
		slog.String("type", c.Type), slog.Any("stats", c.Stats))
}

// Containers lists the containers that are alive, the oldest first.
func Containers() []Container {
	var all []Container
	live.Each(func(id uint64, created []uintptr, s described.State) bool {
		d := s.Describe()
		all = append(all, Container{id, d.Kind, d.Name, d.Type, d.Len, d.Capacity, d.Stats, created})
		return true
	})
	return all
}

// Keys returns an iterator over the keys of a ValueMap, a Cache or a Pool. It yields none
// for other containers, and none if the container is dead. The loop holds the container.
// Keys are the user's data: mind who gets to see them.
func Keys(id uint64) iter.Seq[any] {
	return func(yield func(any) bool) {
		if s, ok := live.Find(id).(described.Keyed); ok {
			s.EachKey(yield)
		}
	}
}

// RecordCreation has it recorded, or no longer, where containers are first used, and
// returns how it was. It tells of containers made from now on. It makes each some ten
// microseconds slower, once; other operations are not concerned.
func RecordCreation(on bool) (was bool) { return live.Record(on) }

// Stack is a call stack, innermost call first, as program counters.
type Stack []uintptr

// lines returns the calls, without those inside this module before the first outside.
func (s Stack) lines() (all []string) {
	if len(s) == 0 {
		return nil
	}
	frames := runtime.CallersFrames(s)
	for {
		f, more := frames.Next()
		if f.Function != "" && f.Function != "runtime.goexit" && (len(all) > 0 || !ours(f.Function)) {
			all = append(all, fmt.Sprintf("%s %s:%d", f.Function, f.File, f.Line))
		}
		if !more {
			return all
		}
	}
}

// ours reports whether a function is of the packages that make containers.
func ours(function string) bool {
	if strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "sync/atomic.") {
		return true
	}
	rest, ok := strings.CutPrefix(function, "github.com/weakref-go/weakref")
	for _, p := range []string{".", "/internal/", "/cache.", "/event.", "/rc."} {
		if ok && strings.HasPrefix(rest, p) {
			return true
		}
	}
	return false
}

// String returns a line for each call.
func (s Stack) String() string { return strings.Join(s.lines(), "\n") }

// MarshalJSON returns a list of lines.
func (s Stack) MarshalJSON() ([]byte, error) { return json.Marshal(s.lines()) }

// Handles are open handles of a type that were made at one place.
type Handles struct {
	Type   string `json:"type"` // of the value
	Made   Stack  `json:"made"`
	Open   int    `json:"open"`
	Leaked int    `json:"leaked"` // collected without having been closed
}

// handles groups the handles that rc knows of, in the order of the oldest of each group.
// Stacks that differ only inside this module are of one place.
func handles() (all []Handles) {
	type group struct{ typ, made string }
	places := make(map[string]string) // texts of stacks
	at := make(map[group]int)
	for _, h := range rc.Open() {
		calls := fmt.Sprint([]uintptr(h.Made))
		place, ok := places[calls]
		if !ok {
			place = Stack(h.Made).String()
			places[calls] = place
		}
		k := group{h.Type.String(), place}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, Handles{Type: k.typ, Made: Stack(h.Made)})
		}
		if h.Leaked {
			all[i].Leaked++
		} else {
			all[i].Open++
		}
	}
	return all
}

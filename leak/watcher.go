package leak

import (
	"log/slog"
	"reflect"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
)

// Watcher watches objects that should die. Set its fields before the first object
// is watched. A Watcher must not be copied then.
//
// A Watcher that is collected stops watching.
type Watcher struct {
	// Collections and Age are what an object must have survived to be
	// retained: 5 collections and 10 seconds if they are zero.
	Collections int
	Age         time.Duration
	// Threshold is how many objects of one type, watched for one reason, must
	// be retained before they are explained: 1 if it is zero.
	Threshold int
	// MaxPerHour is how many explanations there are in an hour: 4 if it is zero,
	// none if it is negative.
	MaxPerHour int

	// OnLeak, if it is set, is called with each new kind of leak, once. It runs
	// on a goroutine of the watcher, under no lock; while it runs there are no
	// further explanations. A panic is recovered and logged.
	OnLeak func(*Leak)
	// Logger is where leaks are logged, [slog.Default] if it is nil.
	Logger *slog.Logger

	// InProcess allows to stop the world and write a dump in this process where
	// the process cannot be copied. See the dangers in package heap.
	InProcess bool
	// MaxRead is how large a dump this process may read by itself, in bytes: 256
	// MB if it is zero. Larger ones need [Helper].
	MaxRead int64
	// Dir is where dumps are written, [os.TempDir] if it is empty. The files are
	// unlinked before anything is written to them, and take 1.4 times the size
	// of the heap.
	Dir string
	// Binary is an executable with names, built from the same sources with the
	// same version of Go, if that of the process has none.
	Binary string

	start    sync.Once
	mu       sync.Mutex
	kinds    map[kindKey]*kind
	watched  []entry // in no order
	retained []entry // in no order
	cursor   int     // where the next look at watched begins
	checked  int     // and at retained
	cycles   uint64  // completed collections at the last look
	history  []time.Time
	running  bool // an explanation is under way
	leaks    map[string]*Leak
	bad      map[reflect.Type]bool // types that cannot be watched
}

// Default is the watcher of the function [Watch].
var Default = new(Watcher)

// Watch says that *obj should die from now on. reason says why, for the report:
// "session closed". It does not keep *obj alive.
//
// An object that cannot be referred to weakly, see [weakref.Check], is not watched;
// the first of its type is logged.
func Watch[T any](obj *T, reason string) { WatchBy(Default, obj, reason) }

// WatchBy is [Watch] with a watcher of one's own.
func WatchBy[T any](w *Watcher, obj *T, reason string) {
	if err := weakref.Check(obj); err != nil {
		w.refuse(reflect.TypeFor[T](), err)
		return
	}
	w.start.Do(func() { gcclock.Watch(w, (*Watcher).look) })
	w.add(handle.Of(obj), kindKey{reflect.TypeFor[T](), reason})
}

// kindKey is a type and a reason.
type kindKey struct {
	typ    reflect.Type
	reason string
}

// kind is the objects of a type that are watched for a reason.
type kind struct {
	kindKey
	entries   int // objects that are watched or retained: without any, the kind is forgotten
	retained  int
	explained int // how many were retained when they were last explained
}

// entry is a watched object.
type entry struct {
	object handle.H
	kind   *kind
	leak   *Leak // why it is alive, once that has been asked
	since  time.Time
	cycle  uint64 // completed collections when it was entered, or one less
}

// refuse logs that a type cannot be watched, once.
func (w *Watcher) refuse(t reflect.Type, err error) {
	w.mu.Lock()
	known := w.bad[t]
	if w.bad == nil {
		w.bad = make(map[reflect.Type]bool)
	}
	w.bad[t] = true
	w.mu.Unlock()
	if !known {
		w.logger().Warn("leak: an object cannot be watched", "type", t.String(), "error", err)
	}
}

func (w *Watcher) add(h handle.H, key kindKey) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.kinds[key]
	if k == nil {
		k = &kind{kindKey: key}
		if w.kinds == nil {
			w.kinds = make(map[kindKey]*kind)
		}
		w.kinds[key] = k
	}
	if w.cycles == 0 {
		w.cycles = completedCycles()
	}
	k.entries++
	w.watched = append(w.watched, entry{object: h, kind: k, since: now, cycle: w.cycles})
}

// goneLocked notes that an object has died. A reason may have a number in it, so that
// there are kinds without end: w.mu is held.
func (w *Watcher) goneLocked(k *kind) {
	if k.entries--; k.entries == 0 {
		delete(w.kinds, k.kindKey)
	}
}

// completedCycles is how many collections there have been.
func completedCycles() uint64 {
	s := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// maxLook bounds how many objects are looked at after a collection.
const maxLook = 1 << 16

// look looks at a part of the objects. It is called after every collection.
func (w *Watcher) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cycles = completedCycles()
	now := time.Now()
	w.retained, w.checked = sweep(w.retained, w.checked, func(e entry, dead bool) bool {
		if dead {
			e.kind.retained--
			w.goneLocked(e.kind)
		}
		return !dead
	})
	w.watched, w.cursor = sweep(w.watched, w.cursor, func(e entry, dead bool) bool {
		if dead {
			w.goneLocked(e.kind)
			return false
		}
		if w.isRetained(e, now) {
			e.kind.retained++
			w.retained = append(w.retained, e)
			return false
		}
		return true
	})
	w.explainSoonLocked(now)
}

// sweep looks at up to maxLook entries from at on, and keeps those that keep
// wants. It returns where to go on.
func sweep(list []entry, at int, keep func(e entry, dead bool) bool) ([]entry, int) {
	if at >= len(list) {
		at = 0
	}
	for n := min(len(list)-at, maxLook); n > 0; n-- {
		if e := list[at]; keep(e, handle.Addr[int](e.object) == 0) {
			at++
			continue
		}
		last := len(list) - 1
		list[at] = list[last]
		list[last] = entry{}
		list = list[:last]
	}
	return list, at
}

// isRetained says whether an object has survived what it should not.
func (w *Watcher) isRetained(e entry, now time.Time) bool {
	return w.cycles-e.cycle > uint64(or(w.Collections, 5)) && now.Sub(e.since) >= or(w.Age, 10*time.Second)
}

// or is v, or a default if v is zero.
func or[T int | int64 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}

// Stats is what a [Watcher] reports of itself.
type Stats struct {
	Watched  int // objects that should die, not known to be dead
	Retained int // those of them that have survived too much
}

// Stats returns the figures. Unlike Report, it does not look at the objects.
func (w *Watcher) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return Stats{len(w.watched) + len(w.retained), len(w.retained)}
}

func (w *Watcher) logger() *slog.Logger {
	if w.Logger != nil {
		return w.Logger
	}
	return slog.Default()
}

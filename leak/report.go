package leak

import (
	"cmp"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/handle"
)

const slogLevel = slog.LevelWarn

// Leak is a kind of leak: objects of one type that were to die for one reason, and
// are held by paths that are alike.
type Leak struct {
	Type   string
	Reason string // as it was given to Watch
	// Count is how many objects of the type and reason are retained by paths such as
	// this, of those that have been looked at.
	Count int
	// Age and Collections are what the oldest of them has survived since it was
	// watched.
	Age         time.Duration
	Collections int
	// Answer says why one of them is alive, nil if that could not be said.
	Answer *heap.Answer
	// Unexplained is why it could not be said.
	Unexplained string
	// Signature tells kinds of leaks apart.
	Signature string
	// Seen is how often this kind was found, with different objects.
	Seen int

	key kindKey
}

// Summary is the leak in a line.
func (l *Leak) Summary() string {
	s := fmt.Sprintf("%d %s retained although %q", l.Count, l.Type, l.Reason)
	if l.Answer != nil && len(l.Answer.Paths) > 0 {
		s += ", held by " + l.Answer.Paths[0].String()
	}
	return s
}

// String is the leak with the references that hold the object. A mark is at those
// of which it is enough to cut one.
func (l *Leak) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s retained although %q, the oldest for %v and %d collections\n",
		l.Count, l.Type, l.Reason, l.Age.Round(time.Second), l.Collections)
	if l.Answer == nil {
		fmt.Fprintf(&b, "no path: %s", cmp.Or(l.Unexplained, "not explained yet"))
	} else {
		b.WriteString(l.Answer.Detail())
	}
	return b.String()
}

// LogValue is the leak for package slog.
func (l *Leak) LogValue() slog.Value { return slog.GroupValue(l.attrs()...) }

// attrs is the leak for the log.
func (l *Leak) attrs() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("type", l.Type), slog.String("reason", l.Reason), slog.Int("count", l.Count),
		slog.Duration("age", l.Age), slog.Int("collections", l.Collections),
	}
	if l.Answer == nil {
		return append(attrs, slog.String("unexplained", l.Unexplained))
	}
	attrs = append(attrs, slog.Uint64("retained_bytes", l.Answer.Retained.Bytes), slog.Int("retained_objects", l.Answer.Retained.Objects))
	if len(l.Answer.AllocatedAt) > 0 {
		c := l.Answer.AllocatedAt[0]
		attrs = append(attrs, slog.String("allocated_by", fmt.Sprintf("%s (%s:%d)", c.Func, filepath.Base(c.File), c.Line)))
	}
	return append(attrs, slog.String("path", l.Answer.Detail()))
}

// enter notes what was found. It returns the leaks that are new.
func (w *Watcher) enter(suspects []suspect, found *findings, err error) (fresh []*Leak) {
	w.mu.Lock()
	defer w.mu.Unlock()
	kinds := map[kindWay]*Leak{} // of this explanation
	by := map[handle.H]*Leak{}
	known := explained(suspects)
	for i, s := range suspects {
		way := -1
		if err != nil && known[s.kind] {
			continue // what was found before is better than nothing
		}
		if err == nil {
			if way = found.Ways[i]; way < 0 {
				continue
			}
		}
		l := kinds[kindWay{s.kind, way}]
		if l == nil {
			var isNew bool
			l, isNew = w.leakLocked(s.kind, found, way, err)
			kinds[kindWay{s.kind, way}] = l
			if isNew {
				fresh = append(fresh, l)
			}
		}
		by[s.object] = l
	}
	for i := range w.retained {
		if l := by[w.retained[i].object]; l != nil && w.retained[i].kind.kindKey == l.key {
			w.retained[i].leak = l
		}
	}
	for i, l := range fresh {
		w.measureLocked(l)
		fresh[i] = l.copy()
	}
	return fresh
}

// explained returns the kinds of objects some of which were explained before.
func explained(suspects []suspect) map[*kind]bool {
	known := map[*kind]bool{}
	for _, s := range suspects {
		if s.leak != nil && s.leak.Answer != nil {
			known[s.kind] = true
		}
	}
	return known
}

// kindWay is a way in which objects of a kind are held.
type kindWay struct {
	kind *kind
	way  int
}

// leakLocked returns the leak of a kind that is held in a way, or that could not be
// explained. isNew says that there was none like it before. w.mu is held.
func (w *Watcher) leakLocked(k *kind, found *findings, way int, err error) (l *Leak, isNew bool) {
	l = &Leak{Type: k.typ.String(), Reason: k.reason, Seen: 1, key: k.kindKey}
	if err != nil {
		l.Unexplained = err.Error()
	} else {
		answer := *found.Why[way]
		answer.Object.Type = l.Type
		l.Answer = &answer
	}
	l.Signature = l.signature()
	if known := w.leaks[l.Signature]; known != nil {
		known.Seen++
		return known, false
	}
	w.pruneLeaksLocked()
	if w.leaks == nil {
		w.leaks = make(map[string]*Leak)
	}
	w.leaks[l.Signature] = l
	return l, true
}

// maxLeaks bounds how many leaks are remembered of which no object is left. One that
// comes back after that is reported again.
const maxLeaks = 1000

// pruneLeaksLocked forgets leaks of which no object is left, if there are many. w.mu is
// held.
func (w *Watcher) pruneLeaksLocked() {
	if len(w.leaks) < maxLeaks {
		return
	}
	used := map[*Leak]bool{}
	for _, e := range w.retained {
		used[e.leak] = true
	}
	for sig, l := range w.leaks {
		if !used[l] {
			delete(w.leaks, sig)
		}
	}
}

// copy is a leak that is not changed any more.
func (l *Leak) copy() *Leak {
	c := *l
	return &c
}

func (l *Leak) signature() string {
	sig := l.Type + ": " + l.Reason
	if l.Answer == nil || len(l.Answer.Paths) == 0 {
		return sig
	}
	if p := &l.Answer.Paths[0]; l.Answer.Names == heap.NamesFull {
		sig += ": " + p.Signature()
	} else {
		// Without types, what a map holds reads otherwise when it has grown.
		sig += ": " + p.Root.Signature
	}
	return sig
}

// measureLocked fills in what the retained objects of a leak tell. w.mu is held.
func (w *Watcher) measureLocked(l *Leak) {
	l.Count, l.Age, l.Collections = 0, 0, 0
	now := time.Now()
	for _, e := range w.retained {
		if e.leak == l {
			w.countLocked(l, e, now)
		}
	}
}

// countLocked counts an object for a leak. w.mu is held.
func (w *Watcher) countLocked(l *Leak, e entry, now time.Time) {
	if handle.Addr[int](e.object) != 0 {
		l.Count++
		l.Age = max(l.Age, now.Sub(e.since))
		l.Collections = max(l.Collections, int(w.cycles-e.cycle))
	}
}

// Report returns what the default watcher finds retained now, most objects first.
func Report() []*Leak { return Default.Report() }

// Report returns what is retained now, most objects first: a leak for each type, reason
// and way to be held. What has come since the last explanation counts for the leak of
// its type and reason if there is but one, and is a leak without an explanation
// otherwise. It looks at all objects that are retained.
func (w *Watcher) Report() (leaks []*Leak) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	counted := map[*Leak]*Leak{}     // by what they are copies of
	ways := map[kindKey][]*Leak{}    // of which there are some
	unknown := map[kindKey][]entry{} // not explained yet
	for _, e := range w.retained {
		if e.leak == nil {
			unknown[e.kind.kindKey] = append(unknown[e.kind.kindKey], e)
			continue
		}
		c := counted[e.leak]
		if c == nil {
			c = e.leak.copy()
			c.Count, c.Age, c.Collections = 0, 0, 0
			counted[e.leak] = c
			ways[e.kind.kindKey] = append(ways[e.kind.kindKey], c)
		}
		w.countLocked(c, e, now)
	}
	for key, entries := range unknown {
		l := &Leak{Type: key.typ.String(), Reason: key.reason, key: key}
		if l.Signature = l.signature(); len(ways[key]) == 1 {
			l = ways[key][0]
		} else {
			ways[key] = append(ways[key], l)
		}
		for _, e := range entries {
			w.countLocked(l, e, now)
		}
	}
	for _, list := range ways {
		leaks = append(leaks, slices.DeleteFunc(list, func(l *Leak) bool { return l.Count == 0 })...)
	}
	slices.SortFunc(leaks, func(a, b *Leak) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Signature, b.Signature))
	})
	return leaks
}

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
	// Count is how many objects of the type and reason are retained.
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

// enter notes the answers. It returns the leaks that are new.
func (w *Watcher) enter(suspects []suspect, answers []*heap.Answer, err error) (found []*Leak) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, s := range suspects {
		l := &Leak{Type: s.kind.typ.String(), Reason: s.kind.reason, Seen: 1}
		switch {
		case err != nil:
			l.Unexplained = err.Error()
		case answers[i] == nil:
			continue
		default:
			l.Answer = answers[i]
			l.Answer.Object.Type = l.Type
		}
		l.Signature = l.signature()
		if known := w.leaks[l.Signature]; known != nil {
			known.Seen++
			s.kind.leak = known
			continue
		}
		if w.leaks == nil {
			w.leaks = make(map[string]*Leak)
		}
		w.leaks[l.Signature] = l
		s.kind.leak = l
		w.measureLocked(l, s.kind)
		found = append(found, l.copy())
	}
	return found
}

// copy is a leak that is not changed any more.
func (l *Leak) copy() *Leak {
	c := *l
	return &c
}

func (l *Leak) signature() string {
	sig := l.Type + ": " + l.Reason
	if l.Answer != nil && len(l.Answer.Paths) > 0 {
		sig += ": " + l.Answer.Paths[0].Signature()
	}
	return sig
}

// measureLocked fills in what the retained objects of a kind tell. w.mu is held.
func (w *Watcher) measureLocked(l *Leak, k *kind) {
	l.Count, l.Age, l.Collections = 0, 0, 0
	now := time.Now()
	for _, e := range w.retained {
		if e.kind == k && handle.Addr[int](e.object) != 0 {
			l.Count++
			l.Age = max(l.Age, now.Sub(e.since))
			l.Collections = max(l.Collections, int(w.cycles-e.cycle))
		}
	}
}

// Report returns what the default watcher finds retained now, most objects first.
func Report() []*Leak { return Default.Report() }

// Report returns what is retained now, most objects first: for each type and
// reason the leak that was found last, or one without an explanation. It looks at
// all objects that are retained.
func (w *Watcher) Report() (leaks []*Leak) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range w.kinds {
		l := &Leak{Type: k.typ.String(), Reason: k.reason}
		l.Signature = l.signature()
		if k.leak != nil {
			l = k.leak.copy()
		}
		if w.measureLocked(l, k); l.Count > 0 {
			leaks = append(leaks, l)
		}
	}
	slices.SortFunc(leaks, func(a, b *Leak) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Signature, b.Signature))
	})
	return leaks
}

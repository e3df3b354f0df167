package leak

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/weakref-go/weakref/heap"
	"github.com/weakref-go/weakref/internal/handle"
)

// explainSoonLocked starts an explanation if one is due and allowed. w.mu is held.
func (w *Watcher) explainSoonLocked(now time.Time) {
	if w.running || !w.dueLocked() || !w.allowedLocked(now) {
		return
	}
	w.running = true
	go w.explain()
}

// dueLocked says whether there is something to explain: a kind of object of which
// enough are retained, and twice as many as when it was last explained.
func (w *Watcher) dueLocked() bool {
	for _, k := range w.kinds {
		if w.isDue(k) {
			return true
		}
	}
	return false
}

func (w *Watcher) isDue(k *kind) bool {
	return k.retained >= or(w.Threshold, 1) && k.retained >= 2*k.explained
}

// allowedLocked says whether an explanation is allowed now, and notes it if it
// is.
func (w *Watcher) allowedLocked(now time.Time) bool {
	for len(w.history) > 0 && now.Sub(w.history[0]) >= time.Hour {
		w.history = w.history[1:]
	}
	if len(w.history) >= or(w.MaxPerHour, 4) {
		return false
	}
	w.history = append(w.history, now)
	return true
}

// maxExplained bounds how many objects are explained at once, and of each kind.
const (
	maxExplained     = 64
	maxExplainedKind = 4
)

// suspect is an object to explain. Its address is kept as the complement, so that
// no stack has a word that looks like a pointer to it.
type suspect struct {
	entry
	hidden uintptr
}

// explain explains what is due, on a goroutine of its own.
func (w *Watcher) explain() {
	suspects := w.suspects()
	answers, err := w.ask(suspects)
	if err != nil {
		w.logger().Warn("leak: no explanation", "error", err)
		if !errors.Is(err, heap.ErrNoFork) {
			w.tryAgain(suspects)
		}
	}
	for _, l := range w.enter(suspects, answers, err) {
		w.report(l)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running = false
}

// suspects chooses objects of the kinds that are due.
func (w *Watcher) suspects() (list []suspect) {
	w.mu.Lock()
	defer w.mu.Unlock()
	chosen := map[*kind]int{}
	for _, e := range w.retained {
		addr := handle.Addr[int](e.object)
		if addr == 0 || chosen[e.kind] == maxExplainedKind || !w.isDue(e.kind) {
			continue
		}
		chosen[e.kind]++
		if list = append(list, suspect{e, ^addr}); len(list) == maxExplained {
			break
		}
	}
	for k := range chosen {
		k.explained = k.retained
	}
	return list
}

// tryAgain lets objects be explained once more, as soon as that is allowed.
func (w *Watcher) tryAgain(suspects []suspect) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range suspects {
		s.kind.explained = 0
	}
}

// ask dumps the heap and has the dump read. The answers are in the order of the
// suspects; nil for those that have been collected in the meantime.
func (w *Watcher) ask(suspects []suspect) ([]*heap.Answer, error) {
	f, err := os.CreateTemp(w.Dir, "weakref-*.heapdump") // with mode 0600
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if os.Remove(f.Name()) != nil { // on Windows, an open file stays
		defer os.Remove(f.Name())
	}
	if err := w.snapshot(f); err != nil {
		return nil, err
	}
	addrs := make([]uint64, len(suspects))
	for i, s := range suspects {
		// If it is alive still, what was at its address in the dump is it.
		if handle.Addr[int](s.object) == ^s.hidden {
			addrs[i] = uint64(s.hidden)
		}
	}
	if helped.Load() {
		return askHelper(f, question{w.Binary, addrs})
	}
	if fi, err := f.Stat(); err != nil || fi.Size() > or(w.MaxRead, 256<<20) {
		return nil, fmt.Errorf("the dump has %d MB, too much to be read in this process: call leak.Helper first in main, or raise MaxRead (%w)", fi.Size()>>20, errTooLarge)
	}
	return answer(f, question{w.Binary, addrs})
}

var errTooLarge = errors.New("dump too large")

// snapshot writes the dump by a copy of the process if that can be, or else here
// if that is allowed.
func (w *Watcher) snapshot(f *os.File) error {
	_, err := heap.Snapshot(f, heap.Fork)
	if errors.Is(err, heap.ErrNoFork) && w.InProcess {
		_, err = heap.Snapshot(f, heap.InProcess)
	}
	return err
}

// question is what is asked of a dump. The addresses are complements; 0 is none.
type question struct {
	Binary string
	Hidden []uint64
}

// answer reads a dump and answers a question.
func answer(f *os.File, q question) ([]*heap.Answer, error) {
	d, err := open(f, q.Binary)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	answers := make([]*heap.Answer, len(q.Hidden))
	for i, h := range q.Hidden {
		if o, ok := d.Find(uint64(^uintptr(h))); ok && h != 0 {
			answers[i] = d.Answer(o, 2)
		}
	}
	return answers, nil
}

// open opens a dump with the names of this executable, or without any.
func open(f *os.File, binary string) (*heap.Dump, error) {
	for _, path := range []string{binary, "/proc/self/exe", executable()} {
		if path == "" {
			continue
		}
		l := heap.Loader{Binary: path}
		if d, err := l.OpenFile(f); err == nil {
			return d, nil
		}
	}
	return new(heap.Loader).OpenFile(f)
}

func executable() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}

// report hands a new leak to the hook and the log.
func (w *Watcher) report(l *Leak) {
	w.logger().LogAttrs(context.Background(), slogLevel, "leak: "+l.Summary(), l.attrs()...)
	if w.OnLeak == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			w.logger().Error("leak: the hook panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	w.OnLeak(l)
}

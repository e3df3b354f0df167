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
	"github.com/weakref-go/weakref/internal/hidden"
	"github.com/weakref-go/weakref/internal/scratch"
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

// maxExplained bounds how many objects are asked about at once, and maxWays how many of
// the ways in which they are held are explained.
const (
	maxExplained = 1 << 13
	maxWays      = 64
)

// suspect is an object to explain.
type suspect struct {
	entry
	addr hidden.Addr
}

// explain explains what is due, on a goroutine of its own.
func (w *Watcher) explain() {
	suspects := w.suspects()
	found, err := w.ask(suspects)
	if err != nil {
		w.logger().Warn("leak: no explanation", "error", err)
		if !errors.Is(err, heap.ErrNoFork) {
			w.tryAgain(suspects)
		}
	}
	for _, l := range w.enter(suspects, found, err) {
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
	chosen := map[*kind]bool{}
	for _, e := range w.retained {
		addr := handle.Addr[int](e.object)
		if addr == 0 || !w.isDue(e.kind) {
			continue
		}
		chosen[e.kind] = true
		if list = append(list, suspect{e, hidden.Of(addr)}); len(list) == maxExplained {
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

// ask dumps the heap and has the dump read.
func (w *Watcher) ask(suspects []suspect) (*findings, error) {
	f, remove, err := scratch.File(w.Dir)
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := w.snapshot(f); err != nil {
		return nil, err
	}
	addrs := make([]hidden.Addr, len(suspects))
	for i, s := range suspects {
		// If it is alive still, what was at its address in the dump is it.
		if s.addr.Is(handle.Addr[int](s.object)) {
			addrs[i] = s.addr
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

// question is what is asked of a dump.
type question struct {
	Binary string
	Hidden []hidden.Addr
}

// findings is the answer: for each object the number of the way in which it is held,
// and of each way why one of the objects is alive.
type findings struct {
	Ways []int // -1 for what has been collected in the meantime, or is held in one way too many
	Why  []*heap.Answer
}

// answer reads a dump and answers a question.
func answer(f *os.File, q question) (*findings, error) {
	d, err := open(f, q.Binary)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	found := &findings{Ways: make([]int, len(q.Hidden))}
	number := map[[2]string]int{}
	for i, h := range q.Hidden {
		found.Ways[i] = -1
		o, ok := d.Find(h.Get())
		if h == 0 || !ok {
			continue
		}
		key := [2]string{d.HeldAs(o), o.Type}
		way, known := number[key]
		switch {
		case !known && len(found.Why) == maxWays:
			continue
		case !known:
			way = len(found.Why)
			number[key] = way
			found.Why = append(found.Why, d.Answer(o, 2))
		}
		found.Ways[i] = way
	}
	return found, nil
}

// open opens a dump with the names of this executable, or without any.
func open(f *os.File, binary string) (*heap.Dump, error) {
	for _, path := range []string{binary, "/proc/self/exe", executable()} {
		if path == "" {
			continue
		}
		if d, err := heap.Read(f, heap.Options{Binary: path}); err == nil {
			return d, nil
		}
	}
	return heap.Read(f, heap.Options{})
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

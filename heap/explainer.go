package heap

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/record"
	"github.com/weakref-go/weakref/internal/hidden"
	"github.com/weakref-go/weakref/internal/scratch"
)

// Why says why what r refers to is alive. It is short for an [Explainer] with its
// settings at zero.
//
// It collects garbage, stops the world to write a dump to a temporary file, and
// reads that: about 50 milliseconds in a small program, more if the executable
// has many names to read. In a program with a large heap, and in production, use
// an Explainer in the mode [Fork], or [Snapshot] and the command weakref why.
func Why[T any](r weakref.Ref[T]) (*Answer, error) {
	answers, err := new(Explainer).Explain(TargetOf(r))
	if err != nil {
		return nil, err
	}
	return answers[0], nil
}

// Explainer says why objects of this process are alive. The zero Explainer is
// ready to use.
type Explainer struct {
	// Mode is how the dump is written.
	Mode Mode
	// Binary is an executable with names, built from the same sources with the
	// same version of Go, if that of the process has none. It can also be given
	// as the environment variable WEAKREF_SYMBOLS.
	Binary string
	// Dir is the directory for the temporary file, which takes 1.4 times the
	// size of the heap. It is [os.TempDir] by default.
	Dir string
	// MaxPaths is how many paths there are to each object at most, 3 by default.
	MaxPaths int
	// Holder, if it is set, is something that the caller holds: a pointer, a map
	// or a func. What only it leads to is explained by it, as [RootHolder].
	Holder any
	// NoCollect leaves out the collection before the dump.
	NoCollect bool
	// Progress, if it is set, is called now and then during long work.
	Progress func(work string, share float64)
}

var explaining sync.Mutex // one at a time

// Explain says of each target why it is alive, from one dump.
func (e *Explainer) Explain(targets ...Target) ([]*Answer, error) {
	defer e.begin()()
	addrs := hideAll(targets)
	if !slices.ContainsFunc(addrs, func(h hidden.Addr) bool { return h != 0 }) {
		return collected(len(targets)), nil
	}
	d, err := e.dump()
	if err != nil {
		return nil, err
	}
	defer func() { d.Close() }()
	if d.lacksRoot(addrs) {
		if d, err = e.withCleanups(d, targets, addrs); err != nil {
			return nil, err
		}
	}
	answers := make([]*Answer, len(addrs))
	for i, h := range addrs {
		answers[i] = d.answer(targets[i], h, e.maxPaths())
	}
	return answers, nil
}

// dump writes a dump and reads it.
func (e *Explainer) dump() (*Dump, error) {
	if e.Holder == nil {
		return e.dumpWith(graph.Guide{SkipFrame: isOwnFrame}, holder{})
	}
	h := holderOf(e.Holder)
	return e.dumpWith(graph.Guide{SkipFrame: isOwnFrame, Holder: uint64(h.addr)}, h)
}

func (e *Explainer) dumpWith(g graph.Guide, h holder) (*Dump, error) {
	f, remove, err := scratch.File(e.Dir)
	if err != nil {
		return nil, err
	}
	defer remove() // the memory stays mapped
	if _, err := Snapshot(f, e.Mode); err != nil {
		return nil, err
	}
	d, err := read(f, e.Progress)
	if err != nil {
		return nil, err
	}
	d.self, d.holder = true, h
	d.exe, d.noExe = e.executable(d.heap.Dump)
	d.searchAll(g)
	return d, nil
}

// Dump takes a dump of this process and reads it. The frames that take it are left
// out.
func (e *Explainer) Dump() (*Dump, error) {
	defer e.begin()()
	return e.dump()
}

// begin prepares a dump.
func (e *Explainer) begin() (end func()) {
	explaining.Lock()
	restore := profileLess()
	if !e.NoCollect {
		runtime.GC()
	}
	return func() {
		restore()
		explaining.Unlock()
	}
}

// collected is the answers for targets that are all gone.
func collected(n int) []*Answer {
	return slices.Repeat([]*Answer{{Collected: true}}, n)
}

// answer answers for a target that was at h before the dump was written. Only if it
// is there still, what the dump has at that address is the target: another object
// may have come to be there.
func (d *Dump) answer(t Target, h hidden.Addr, maxPaths int) *Answer {
	o, ok := d.Find(h.Get())
	if h == 0 || !ok || t.hide() != h {
		return &Answer{Collected: true}
	}
	a := d.Answer(o, maxPaths)
	a.Object.Type = t.typ
	return a
}

// profileLess turns off the memory profiler while a heap is explained, if it
// samples every allocation: it would make that many times slower.
func profileLess() (restore func()) {
	if runtime.MemProfileRate != 1 {
		return func() {}
	}
	runtime.MemProfileRate = 0
	return func() { runtime.MemProfileRate = 1 }
}

func (e *Explainer) maxPaths() int {
	if e.MaxPaths == 0 {
		return 3
	}
	return e.MaxPaths
}

func hideAll(targets []Target) (addrs []hidden.Addr) {
	for _, t := range targets {
		addrs = append(addrs, t.hide())
	}
	return addrs
}

// executable opens the executable of this process, or another one with its names.
func (e *Explainer) executable(d *record.Dump) (*exe.File, error) {
	own := ownExecutable()
	for _, path := range []string{e.Binary, os.Getenv(symbolsEnv)} {
		if path != "" {
			return exe.OpenNamed(path, own, d)
		}
	}
	return exe.Open(own, d)
}

// ownExecutable is the path of the executable of this process: on Linux one that
// leads to it even if it has been replaced.
func ownExecutable() string {
	const proc = "/proc/self/exe"
	if f, err := os.Open(proc); err == nil {
		f.Close()
		return proc
	}
	path, _ := os.Executable()
	return path
}

// isOwnFrame says whether a frame is one of those that take the dump: of this
// package and of those that ask it, or of what they call to take it. They hold
// nothing that would not be held without them.
func isOwnFrame(g *record.Goroutine, frame int) bool {
	isDump := func(f record.Frame) bool { return f.Func == "runtime/debug.WriteHeapDump" }
	if !slices.ContainsFunc(g.Frames, isDump) {
		return false
	}
	return isOwn(g.Frames[frame]) || frame < slices.IndexFunc(g.Frames, isOwn)
}

func isOwn(f record.Frame) bool {
	name, ok := strings.CutPrefix(f.Func, "github.com/weakref-go/weakref/")
	return ok && (strings.HasPrefix(name, "heap.") || strings.HasPrefix(name, "weaktest.") || strings.HasPrefix(name, "leak."))
}

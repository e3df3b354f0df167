package heap

import (
	"runtime/debug"
	"runtime/metrics"

	"github.com/weakref-go/weakref/heap/internal/cleanups"
	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/internal/hidden"
)

// What only a cleanup holds has no root in a dump. The cleanups of the running
// process can be looked up, but only at objects that are certainly there still.
// The object that is asked about is: it is held during the look-up. Those that
// lead to it are, too, because it is alive by them and by nothing else; but if
// something lets go of them at that very moment and a collection runs, they are
// not. So other objects are only looked at if there has been no collection since
// the dump, and if there has been one, another dump is made with the collector
// switched off.

// lacksRoot says whether there is a target that no root leads to.
func (d *Dump) lacksRoot(addrs []hidden.Addr) bool {
	for _, h := range addrs {
		if o := d.heap.Find(h.Get()); h != 0 && o != graph.None && !d.search.Firm(o) {
			return true
		}
	}
	return false
}

// withCleanups searches d, or another dump, with the cleanups that may be roots of
// the targets. It closes d if it returns another one.
func (e *Explainer) withCleanups(d *Dump, targets []Target, addrs []hidden.Addr) (*Dump, error) {
	if !cleanups.Available() {
		return d, nil
	}
	if completedCycles() != d.heap.Dump.NumGC && e.Mode != Fork {
		defer pauseCollector()()
		again, err := e.dump()
		if err != nil {
			return d, err
		}
		d.Close()
		d = again
	}
	if found := d.cleanupsOf(targets, addrs); len(found) > 0 {
		d.unrooted = nil
		d.searchAll(graph.Guide{SkipFrame: isOwnFrame, Holder: uint64(d.holder.addr), Cleanups: found})
	}
	return d, nil
}

// cleanupsOf returns the cleanups of the targets without a root and of the
// objects that lead to them.
func (d *Dump) cleanupsOf(targets []Target, addrs []hidden.Addr) (found []graph.CleanupRecord) {
	seen := map[cleanups.Record]bool{}
	look := func(o graph.ID) { found = append(found, newCleanups(d.heap.Addr(o), seen)...) }
	for i, h := range addrs {
		o := d.heap.Find(h.Get())
		if h == 0 || o == graph.None || d.search.Firm(o) {
			continue
		}
		targets[i].with(func(addr uintptr) {
			if h.Is(addr) {
				look(o)
				d.lookAbove(o, look)
			}
		})
	}
	return found
}

// newCleanups returns the cleanups of the object at an address, and of those beside
// it, that have not been seen.
func newCleanups(addr uint64, seen map[cleanups.Record]bool) (found []graph.CleanupRecord) {
	for _, c := range cleanups.Beside(uintptr(addr)) {
		if !seen[c] {
			seen[c] = true
			found = append(found, graph.CleanupRecord{Object: uint64(c.Object), Func: uint64(c.Func), Arg: uint64(c.Arg)})
		}
	}
	return found
}

// pauseCollector switches the collector off, but for those who call it.
func pauseCollector() (resume func()) {
	percent := debug.SetGCPercent(-1)
	return func() { debug.SetGCPercent(percent) }
}

// lookAbove looks at the objects that lead to o.
func (d *Dump) lookAbove(o graph.ID, look func(graph.ID)) {
	for _, path := range d.tops().Paths(o) {
		for _, step := range path[:len(path)-1] {
			if completedCycles() != d.heap.Dump.NumGC {
				return
			}
			look(step.To)
		}
	}
}

// completedCycles is how many collections there have been, up to the end of
// their marking.
func completedCycles() uint64 {
	s := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

package heap

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"

	"github.com/weakref-go/weakref/heap/internal/graph"
)

// Size is how much of the heap something takes.
type Size struct {
	Objects int
	Bytes   uint64
}

// Retained returns what would be free if the object were: the object and all that
// only it leads to. Where no root leads to the object, it is what the object
// leads to and no root does.
func (d *Dump) Retained(o Object) Size {
	r := d.search.Retained(o.id)
	return Size{r.Objects, r.Bytes}
}

// Info is what a dump says of itself.
type Info struct {
	GoVersion  string
	Arch       string
	Goroutines int
	Reached    Size // what roots lead to
	Stale      int  // of these, objects that only stale words of stacks lead to
	Unreached  int  // objects that no root leads to: garbage, and what only roots hold that are not in a dump
	// HeapObjects is the runtime's own count ([runtime.MemStats]). It is
	// Reached and Unreached exactly, with either [Mode], if no garbage waited
	// to be swept when the dump was taken, as after [runtime.GC] in a program
	// that does not allocate meanwhile. Otherwise it is higher: a dump does not
	// have what waits to be swept.
	HeapObjects uint64
	System      System
	Names       Names
	Hint        string // how to get better names, "" if they are full
}

// String is what a dump says of itself, in a line.
func (i Info) String() string {
	return fmt.Sprintf("%s, %s, %s; %s of %s, which roots lead to; %d without a root; names: %v",
		i.GoVersion, i.Arch, count(i.Goroutines, "goroutine"), count(i.Reached.Objects, "object"), bytesText(i.Reached.Bytes), i.Unreached, i.Names)
}

// LogValue is the numbers for package slog.
func (i Info) LogValue() slog.Value {
	return slog.GroupValue(slog.String("go", i.GoVersion), slog.String("arch", i.Arch), slog.Int("goroutines", i.Goroutines),
		slog.Int("objects", i.Reached.Objects), slog.Uint64("bytes", i.Reached.Bytes), slog.Int("unreached", i.Unreached),
		slog.Uint64("system", i.System.Total), slog.String("names", i.Names.String()))
}

// System is the memory that the program had from the system when the dump was taken,
// in bytes. Memory of C and of mapped files is not in it.
type System struct {
	Total    uint64 // all of it: MemStats.Sys
	Reached  uint64 // objects that roots lead to
	Other    uint64 // the rest of the pages of the heap that are in use: garbage, room between objects
	Free     uint64 // pages of the heap that wait to be used again
	Released uint64 // pages that were given back; they are part of Total
	Stacks   uint64
	Runtime  uint64 // what the runtime keeps for itself: tables of the heap and the collector, profiles
}

// String is where the memory is, in a line.
func (s System) String() string {
	return fmt.Sprintf("%s from the system: objects %s, other pages of the heap %s, free %s, given back %s, stacks %s, the runtime %s",
		bytesText(s.Total), bytesText(s.Reached), bytesText(s.Other), bytesText(s.Free), bytesText(s.Released), bytesText(s.Stacks), bytesText(s.Runtime))
}

func (d *Dump) system(reached uint64) System {
	m := d.heap.Dump.System
	less := func(a, b uint64) uint64 { return a - min(a, b) }
	return System{
		Total: m.Sys, Reached: reached, Other: less(m.HeapInuse, reached),
		Free: less(m.HeapIdle, m.HeapReleased), Released: m.HeapReleased,
		Stacks: m.StackSys, Runtime: less(m.Sys, m.HeapSys+m.StackSys),
	}
}

// Info returns what the dump says of itself.
func (d *Dump) Info() Info {
	p, c := d.heap.Dump.Params, d.count()
	return Info{
		GoVersion: p.GoVersion, Arch: p.Arch, Goroutines: len(d.heap.Dump.Goroutines),
		Reached: Size{c.Reached, c.Bytes}, Stale: c.Stale, Unreached: c.Unreached,
		HeapObjects: d.heap.Dump.HeapObjects, System: d.system(c.Bytes),
		Names: d.level, Hint: d.hint(),
	}
}

func (d *Dump) count() graph.Counts {
	if d.counts == nil {
		c := d.search.Count()
		d.counts = &c
	}
	return *d.counts
}

// Unrooted returns objects that lead to everything that no root leads to, each to
// its own part. They are garbage, or held by roots that a dump does not have: the
// function or argument of a cleanup, a variable of a plugin, memory of C. Those
// that lead to most come first.
func (d *Dump) Unrooted() []Object {
	u := d.tops()
	tops := slices.Clone(u.Tops)
	slices.SortStableFunc(tops, func(a, b graph.ID) int { return cmp.Compare(u.Parts[b].Bytes, u.Parts[a].Bytes) })
	var objects []Object
	for _, o := range tops {
		objects = append(objects, d.typed(o))
	}
	return objects
}

package heap

import (
	"cmp"
	"fmt"
	"os"

	"github.com/weakref-go/weakref/heap/internal/attach"
	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/mapfile"
	"github.com/weakref-go/weakref/heap/internal/names"
)

// Dump is a heap dump that has been read. It may be used by one goroutine at a
// time.
type Dump struct {
	// Progress, if it is set, is called now and then during long work, with
	// what is being done and the share that is done.
	Progress func(work string, share float64)

	file   *mapfile.File
	heap   *graph.Heap
	exe    *exe.File
	namer  *names.Namer
	search *graph.Search
	level  Names
	noExe  error  // why there are no names
	self   bool   // it is of this process
	holder holder // what was asked about, if that was known when it was taken

	counts     *graph.Counts // once they have been asked for
	census     *names.Census
	unrooted   *graph.Unrooted
	dominators *Dominators
}

// Options says how a dump is read.
type Options struct {
	// Binary is the executable that wrote the dump, or a build of the same
	// sources with the same version of Go that is not stripped. Without one,
	// names are those that the dump has.
	Binary string
	// Progress, if it is set, is called while the dump is read, and becomes that
	// of the Dump.
	Progress func(work string, share float64)
}

// Open reads the dump in a file: it is short for [Read].
func Open(dump, binary string) (*Dump, error) {
	f, err := os.Open(dump)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d, err := Read(f, Options{Binary: binary})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dump, err)
	}
	return d, nil
}

// Read reads the dump in f, which may be closed afterwards. The file must not change
// until the Dump is closed. f may also be a core file of a program on linux/amd64, for
// which the executable is needed.
//
// A file that is not a whole heap dump gives a [*FormatError]. If the executable
// does not belong to the dump, Read fails.
func Read(f *os.File, o Options) (*Dump, error) {
	if attach.IsCore(f) {
		dump, err := dumpOfCore(f, o.Binary)
		if err != nil {
			return nil, err
		}
		defer dump.Close()
		f = dump
	}
	d, err := read(f, o.Progress)
	if err != nil {
		return nil, err
	}
	if o.Binary == "" {
		d.noExe = errNoBinary
	} else if d.exe, err = exe.Open(o.Binary, d.heap.Dump); err != nil {
		d.Close()
		return nil, err
	}
	d.searchAll(graph.Guide{})
	return d, nil
}

// read maps and reads a dump.
func read(f *os.File, progress func(string, float64)) (*Dump, error) {
	m, err := mapfile.Map(f)
	if err != nil {
		return nil, err
	}
	d := &Dump{Progress: progress, file: m}
	d.report("reading", 0)
	if d.heap, err = graph.Read(m.Bytes); err != nil {
		m.Close()
		return nil, formatError(err)
	}
	return d, nil
}

// searchAll searches the graph, guided by the names and by what the caller adds.
func (d *Dump) searchAll(g graph.Guide) {
	d.report("searching", 0)
	for _, c := range d.heap.Dump.Cleanups {
		g.Cleanups = append(g.Cleanups, graph.CleanupRecord(c))
	}
	d.namer = &names.Namer{Heap: d.heap, Exe: d.exe, Cleanups: g.Cleanups, HolderType: uint64(d.holder.typ)}
	d.level = levelOf(d.exe)
	if d.exe.Level() >= exe.Symbols {
		g.RuntimeVar = d.namer.IsRuntimeVar
		g.Named = d.namer.IsNamed
	}
	g.StackVar = d.namer.StackVar
	g.Hubs = d.namer.Processors()
	d.search = d.heap.Search(g)
	d.namer.Gather(d.search, func(share float64) { d.report("typing", share) })
}

func (d *Dump) report(work string, share float64) {
	if d.Progress != nil {
		d.Progress(work, share)
	}
}

// Close gives the memory of the dump back. The Dump must not be used afterwards.
func (d *Dump) Close() error {
	return cmp.Or(d.file.Close(), d.exe.Close())
}

// Object is an object of the heap.
type Object struct {
	Address uint64
	Size    uint64 // of its slot, which may be larger than what was asked for
	Type    string // "" if it is not known

	id graph.ID
}

// String describes the object: "*main.User at 0xc000012340 (64 bytes)".
func (o Object) String() string {
	typ := "object"
	if o.Type != "" {
		typ = o.Type
	}
	return fmt.Sprintf("%s at %#x (%s)", typ, o.Address, bytesText(o.Size))
}

// object describes an object whose type is known by a path.
func (d *Dump) object(id graph.ID, typ string) Object {
	return Object{d.heap.Addr(id), d.heap.Size(id), typ, id}
}

// typed describes an object by the path that has reached it.
func (d *Dump) typed(id graph.ID) Object {
	if d.census != nil && d.census.Of(id) != 0 {
		return d.object(id, d.census.Nodes[d.census.Of(id)].Type)
	}
	path := d.search.Path(id)
	if path == nil {
		path = []graph.Step{d.noRoot(id)}
	}
	_, steps := d.namer.Path(path)
	return d.object(id, steps[len(steps)-1].Type)
}

// Find returns the object that covers an address.
func (d *Dump) Find(addr uint64) (Object, bool) {
	id := d.heap.Find(addr)
	if id == graph.None {
		return Object{}, false
	}
	return d.typed(id), true
}

package attach

import (
	"cmp"
	"slices"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// A stripped program has no names for the runtime's variables, so they are found by
// what is in them. Those without which there is no heap must be found; the others are
// looked for among what the runtime's code refers to.

// searched is what a search has found.
type searched struct {
	heaps, lists []uint64
	allm         uint64
	threads      int // that allm leads to
}

// search finds the variables of a program whose record is at an address.
func (x *extractor) search(rec uint64) error {
	word := func(name string) uint64 { return x.u64(rec + x.layout.of("moduledata."+name)) }
	var s searched
	for _, r := range [][2]uint64{
		{word("noptrdata"), word("data")}, {word("data"), word("edata")},
		{word("bss"), word("ebss")}, {word("noptrbss"), word("enoptrbss")},
	} {
		for a := (r[0] + 7) &^ 7; a+8 <= r[1]; a += 8 {
			x.look(a, &s)
		}
	}
	if len(s.heaps) != 1 || len(s.lists) == 0 || s.threads == 0 {
		return notFound(len(s.heaps), len(s.lists), s.threads)
	}
	// There may be a copy of the list, from before it grew.
	longest := slices.MaxFunc(s.lists, func(a, b uint64) int { return cmp.Compare(x.peek(a+8), x.peek(b+8)) })
	x.global[varHeap], x.global[varGoroutines], x.global[varThreads] = s.heaps[0], longest, s.allm
	lo, hi := word("noptrdata"), word("enoptrbss")
	x.searchCode(lo, hi)
	return nil
}

// look looks at one word.
func (x *extractor) look(a uint64, s *searched) {
	if x.isHeap(a) {
		s.heaps = append(s.heaps, a)
	}
	if x.isGoroutines(a) {
		s.lists = append(s.lists, a)
	}
	v := x.peek(a)
	if v == 0 {
		return
	}
	if n := x.chainedThreads(v); n > s.threads {
		s.threads, s.allm = n, a
	}
	if x.global[varItabs] == 0 && x.isItabTable(v) {
		x.global[varItabs] = a
	}
	// The first reason to wait is none, the second this.
	const second, header = "GC assist marking", 16
	if x.global[varWaits] == 0 && x.peek(a+8) == uint64(len(second)) && x.peek(v) != 0 && x.string(a) == second {
		x.global[varWaits] = a - header
	}
}

// searchCode finds the variables from lo to hi that some functions refer to.
func (x *extractor) searchCode(lo, hi uint64) {
	l := x.layout
	const memProfile, mostFinalizers, mostCleanups = 1, 101, 20
	for _, v := range []struct {
		name  string
		is    func(a uint64) bool
		users []string
	}{
		{varProfile, func(a uint64) bool {
			b := x.peek(a)
			return b != 0 && x.peek(b+l.of("bucket.typ")) == memProfile && x.peek(b+l.of("bucket.nstk")) < maxDepthOfStack &&
				x.findFunc(x.peek(b+l.of("bucket"))) != nil
		}, []string{"runtime.stkbucket"}},
		{varFinalizers, func(a uint64) bool {
			b := x.peek(a)
			return b != 0 && uint32(x.peek(b+l.of("finBlock.cnt"))) <= mostFinalizers && x.isFunc(x.peek(x.peek(b+l.of("finBlock.fin"))))
		}, []string{"runtime.queuefinalizer"}},
		{varCleanups, func(a uint64) bool {
			b := x.peek(a + l.of("cleanupQueue.all"))
			return b != 0 && b%l.of("cleanupBlock") == 0 && uint32(x.peek(b+l.of("cleanupBlockHeader.n"))) <= mostCleanups &&
				x.isFunc(x.peek(b+l.of("cleanupBlock.cleanups")))
		}, []string{"runtime.(*cleanupQueue).dequeue", "runtime.runCleanups", "runtime.freeSpecial", "runtime.gcStart"}},
	} {
		for _, fn := range v.users {
			for _, a := range x.references(fn, lo, hi) {
				if x.global[v.name] == 0 && v.is(a) {
					x.global[v.name] = a
				}
			}
		}
	}
}

// references returns the addresses from lo to hi that the code of a function of the
// program refers to.
func (x *extractor) references(name string, lo, hi uint64) (addrs []uint64) {
	t := x.modules[0].funcs
	for i := range t.Len() {
		if t.Name(i) != name {
			continue
		}
		begin := t.Entry(i)
		exe.CodeReferences("amd64", begin, x.bytes(begin, t.Entry(i+1)-begin), func(a uint64) {
			if a >= lo && a < hi {
				addrs = append(addrs, a)
			}
		})
	}
	return addrs
}

package attach

import (
	"errors"
	"fmt"
)

// locate finds the runtime's variables in the memory of a program whose entry point is
// at an address, and checks that they look like themselves.
func (x *extractor) locate(entry uint64) error {
	if entry != 0 {
		x.slide = entry - x.program.elf.Entry
	}
	for name, addr := range x.program.symbols {
		x.global[name] = addr + x.slide
	}
	rec := x.global[varModule]
	if rec == 0 {
		return errors.New("the executable has neither symbols nor a section .go.module, so the runtime's record of the program is not found")
	}
	const tableMagic = 0xfffffff1
	if uint32(x.peek(x.peek(rec))) != tableMagic {
		return errors.New("the runtime's record of the program is not where the executable has it: is it another executable?")
	}
	x.readModules()
	if x.global[varHeap] == 0 || x.global[varGoroutines] == 0 || x.global[varThreads] == 0 {
		if err := x.search(rec); err != nil {
			return err
		}
	}
	switch {
	case x.err != nil:
		return x.err
	case !x.isHeap(x.global[varHeap]):
		return errors.New("the heap does not look like that of " + x.program.goVersion)
	case !x.isGoroutines(x.global[varGoroutines]):
		return errors.New("the list of goroutines does not look like that of " + x.program.goVersion)
	}
	return nil
}

// few is how many elements of a list are looked at to tell what it is.
const few = 8

// isHeap says whether what is at an address looks like a runtime.mheap.
func (x *extractor) isHeap(a uint64) bool {
	l := x.layout
	spans := a + l.of("mheap.allspans")
	p, n, most := x.peek(spans), x.peek(spans+8), x.peek(spans+16)
	if p == 0 || n < few || n > most || most > 1<<28 || x.peek(p+8*(n-1)) == 0 {
		return false
	}
	for i := range uint64(few) {
		s := x.peek(p + 8*i)
		base := x.peek(s + l.of("mspan.startAddr"))
		if s == 0 || base == 0 || base%(1<<pageShift) != 0 || base >= highest {
			return false
		}
	}
	return true
}

// isGoroutines says whether what is at an address looks like a slice of goroutines that
// begins with the first. Others refer to the same array, with something else behind the
// pointer, so the last elements count, too.
func (x *extractor) isGoroutines(a uint64) bool {
	p, n, most := x.peek(a), x.peek(a+8), x.peek(a+16)
	if p == 0 || n < 2 || n > most || most > 1<<28 {
		return false
	}
	for i := range min(n, few) {
		if !x.isGoroutine(x.peek(p+8*i)) || !x.isGoroutine(x.peek(p+8*(n-1-i))) {
			return false
		}
	}
	return x.peek(x.peek(p)+x.layout.of("g.goid")) == 1
}

func (x *extractor) isGoroutine(g uint64) bool {
	const largest, granule = 1 << 30, 1 << 10 // of stacks
	lo, hi, id := x.peek(g+x.layout.of("g.stack")), x.peek(g+x.layout.of("g.stack")+8), x.peek(g+x.layout.of("g.goid"))
	switch {
	case g == 0 || lo == 0 && id == 0 || id > 1<<40:
		return false
	case lo == 0 && hi == 0: // it has ended
		return true
	}
	return lo < hi && hi-lo <= largest && lo%granule == 0 && hi%granule == 0
}

// chainedThreads is how many of the runtime's records of threads a list has that begins
// with m, 0 if one is not like that.
func (x *extractor) chainedThreads(m uint64) (n int) {
	const most = 1 << 16
	for ; m != 0 && n < most; n++ {
		g0 := x.peek(m + x.layout.of("m.g0"))
		if g0 == 0 || x.peek(g0+x.layout.of("g.m")) != m || x.peek(m+x.layout.of("m.procid")) > 1<<32 {
			return 0
		}
		m = x.peek(m + x.layout.of("m.alllink"))
	}
	return n
}

// isItabTable says whether what is at an address looks like a runtime.itabTableType: a
// hash table.
func (x *extractor) isItabTable(t uint64) bool {
	size, count := x.peek(t+x.layout.of("itabTableType.size")), x.peek(t+8)
	if size < 512 || size&(size-1) != 0 || size > 1<<22 || count == 0 || count > size {
		return false
	}
	found := 0
	for i := range uint64(64) {
		itab := x.peek(t + x.layout.of("itabTableType.entries") + 8*i)
		if itab == 0 {
			continue
		}
		if x.peek(itab) == 0 || x.peek(itab+x.layout.of("ITab.Type")) == 0 {
			return false
		}
		found++
	}
	return found > 0
}

// isFunc says whether an address is that of code or of a func value.
func (x *extractor) isFunc(a uint64) bool {
	return x.findFunc(a) != nil || x.findFunc(x.peek(a)) != nil
}

// notFound is the error for a stripped program in which a search did not find what it
// must.
func notFound(heaps, lists, threads int) error {
	return fmt.Errorf("the program is stripped, and a search for the runtime's variables was not clear: %d heaps, %d lists of goroutines, %d threads; "+
		"a build without -ldflags=-s can be read", heaps, lists, threads)
}

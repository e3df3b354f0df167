package attach

import (
	"cmp"
	"slices"
)

// nested bounds how many signals interrupt each other's handlers.
const nested = 8

// stackRange is a stack that a thread of the program may be on.
type stackRange struct {
	lo, hi  uint64
	g       uint64 // the goroutine that the thread runs
	handler bool   // it is the stack of its signal handlers
}

// stacks returns the stacks of the goroutines that threads run, and of the signal
// handlers of these threads, by address.
func (x *extractor) stacks() (list []stackRange) {
	l := x.layout
	x.eachThread(func(m uint64) {
		g := x.u64(m + l.of("m.curg"))
		if g == 0 {
			return
		}
		list = append(list, x.stackOf(g, g, false))
		if handlers := x.u64(m + l.of("m.gsignal")); handlers != 0 {
			list = append(list, x.stackOf(handlers, g, true))
		}
	})
	slices.SortFunc(list, func(a, b stackRange) int { return cmp.Compare(a.lo, b.lo) })
	return list
}

// eachThread calls f with each of the runtime's records of threads (runtime.m).
func (x *extractor) eachThread(f func(m uint64)) {
	x.list(x.u64(x.global[varThreads]), x.layout.of("m.alllink"), f)
}

func (x *extractor) stackOf(owner, g uint64, handler bool) stackRange {
	at := owner + x.layout.of("g.stack")
	return stackRange{x.u64(at), x.u64(at + 8), g, handler}
}

func findStack(list []stackRange, sp uint64) *stackRange {
	i, exact := slices.BinarySearchFunc(list, sp, func(s stackRange, sp uint64) int { return cmp.Compare(s.lo, sp) })
	if !exact {
		i--
	}
	if i < 0 || sp >= list[i].hi {
		return nil
	}
	return &list[i]
}

// running returns the registers of the goroutines that run, by address: those whose
// stack their thread is on, or was when it got a signal. unsure is how many threads
// handle a signal from which that cannot be seen.
func (x *extractor) running() (regs map[uint64]*registers, unsure int) {
	stacks := x.stacks()
	regs = map[uint64]*registers{}
	for i := range x.threads {
		r := &x.threads[i].regs
		s := findStack(stacks, r[regRSP])
		for n := 0; s != nil && s.handler; n++ {
			if r = x.interrupted(r, s.lo, s.hi); r == nil || n == nested {
				unsure++
				break
			}
			s = findStack(stacks, r[regRSP])
		}
		if s != nil && !s.handler {
			regs[s.g] = r
		}
	}
	return regs, unsure
}

package attach

import (
	"fmt"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// goroutine is a goroutine and its stack.
type goroutine struct {
	addr   uint64
	id     uint64
	status uint64
	lo, hi uint64 // the stack
	top    uint64 // where its outermost frame begins, if the runtime has noted that
	m      uint64
	pc, sp uint64
	regs   *registers // if it runs
	frames []frame
	b      []byte // the runtime's record (runtime.g)
}

func (x *extractor) gWord(b []byte, field string) uint64 {
	return le.Uint64(b[x.layout.of("g."+field):])
}

// readGoroutine reads a goroutine and finds its frames, those that it can if there is an
// error, which is an unwindError. It is nil if the goroutine has ended.
func (x *extractor) readGoroutine(addr uint64, running map[uint64]*registers) (*goroutine, error) {
	l := x.layout
	b := x.fixed(addr, l.of("g"))
	g := &goroutine{addr: addr, id: x.gWord(b, "goid"), m: x.gWord(b, "m"), top: x.gWord(b, "stktopsp"), b: b}
	g.lo, g.hi = x.gWord(b, "stack"), le.Uint64(b[l.of("g.stack")+8:])
	g.status = uint64(le.Uint32(b[l.of("g.atomicstatus"):])) &^ l.of("_Gscan")
	switch g.status {
	case l.of("_Grunnable"), l.of("_Grunning"), l.of("_Gsyscall"), l.of("_Gwaiting"), l.of("_Gpreempted"), l.of("_Gleaked"):
	case l.of("_Gcopystack"):
		return g, &unwindError{g.id, "it is being moved"}
	default:
		return nil, nil
	}
	x.position(g, running[addr])
	return g, x.unwind(g)
}

// position finds where a goroutine stands: where it has entered a system call, where its
// thread is, or where the runtime has noted that it goes on.
func (x *extractor) position(g *goroutine, regs *registers) {
	l := x.layout
	sched := g.b[l.of("g.sched"):]
	g.pc, g.sp = le.Uint64(sched[l.of("gobuf.pc"):]), le.Uint64(sched[l.of("gobuf.sp"):])
	if sp := x.gWord(g.b, "syscallsp"); sp != 0 {
		g.pc, g.sp = x.gWord(g.b, "syscallpc"), sp
		return
	}
	if g.status != l.of("_Grunning") {
		return
	}
	if regs != nil {
		g.pc, g.sp, g.regs = regs[regRIP], regs[regRSP], regs
	}
	if g.m == 0 {
		return
	}
	// The kernel's code for the time has no tables, so the runtime notes where it was
	// called.
	if sp := x.u64(g.m + l.of("m.vdsoSP")); sp >= g.lo && sp < g.hi {
		g.pc, g.sp, g.regs = x.u64(g.m+l.of("m.vdsoPC")), sp, nil
	}
}

// allGoroutines are the addresses of all that there are.
func (x *extractor) allGoroutines() []byte {
	all := x.slice(x.global[varGoroutines], 8)
	if g := x.global[varGoCount]; g != 0 {
		if n := 8 * x.u64(g); n < uint64(len(all)) {
			return all[:n]
		}
	}
	return all
}

// settled says whether the program stands so that its dump can be written: no stack is
// being moved, all that run can be unwound, and the lock of the heap is free.
func (x *extractor) settled() error {
	if x.u64(x.global[varHeap]+x.layout.of("mheap.lock")+x.layout.of("mutex.key")) != 0 {
		return fmt.Errorf("the heap is being changed")
	}
	running, unsure := x.running()
	if unsure > 0 {
		return fmt.Errorf("threads are in signal handlers that cannot be unwound")
	}
	var err error
	x.eachThread(func(m uint64) {
		if g := x.u64(m + x.layout.of("m.curg")); g != 0 && err == nil {
			_, err = x.readGoroutine(g, running)
		}
	})
	if err == nil {
		err = x.err
	}
	return err
}

// writeGoroutines writes all goroutines.
func (x *extractor) writeGoroutines() {
	running, _ := x.running()
	for all := x.allGoroutines(); len(all) >= 8 && x.err == nil; all = all[8:] {
		g, err := x.readGoroutine(le.Uint64(all), running)
		if g == nil {
			continue
		}
		r := x.goroutineRecord(g)
		switch {
		case err == nil:
		case x.final:
			r.Frames = append(r.Frames, x.restFrame(g))
		case x.err == nil:
			x.err = err
		}
		x.w.Goroutine(r)
	}
}

func (x *extractor) goroutineRecord(g *goroutine) *record.Goroutine {
	l := x.layout
	r := &record.Goroutine{
		Addr: g.addr, ID: g.id, Status: g.status, M: g.m,
		CreatedBy: x.gWord(g.b, "gopc"), System: x.isSystem(g), WaitSince: x.gWord(g.b, "waitsince"),
		Context: le.Uint64(g.b[l.of("g.sched")+l.of("gobuf.ctxt"):]),
		Frames:  x.frameRecords(g),
	}
	if g.status == l.of("_Gwaiting") || g.status == l.of("_Gleaked") {
		r.WaitReason = x.waitReason(g.b[l.of("g.waitreason")])
	}
	x.list(x.gWord(g.b, "_defer"), l.of("_defer.link"), func(d uint64) {
		fn := x.u64(d + l.of("_defer.fn"))
		r.Defers = append(r.Defers, record.Defer{Func: fn, PC: x.peek(fn)})
	})
	x.list(x.gWord(g.b, "_panic"), l.of("_panic.link"), func(p uint64) {
		value := p + l.of("_panic.arg")
		r.Panics = append(r.Panics, record.Panic{Type: x.u64(value), Data: x.u64(value + 8)})
	})
	return r
}

// isSystem says whether the runtime has started a goroutine for itself. Those that run
// finalizers and cleanups belong to the program while they do.
func (x *extractor) isSystem(g *goroutine) bool {
	f := x.findFunc(x.gWord(g.b, "startpc"))
	if f == nil {
		return false
	}
	const runningFinalizer = 1 << 1 // in fingStatus
	switch f.Name {
	case "runtime.main", "runtime.corostart", "runtime.handleAsyncEvent":
		return false
	case "runtime.runFinalizers":
		s := x.global[varFingStatus]
		return s == 0 || x.u32(s)&runningFinalizer == 0
	case "runtime.runCleanups":
		return g.b[x.layout.of("g.runningCleanups")] == 0
	}
	return strings.HasPrefix(f.Name, "runtime.")
}

// waitReason is what a goroutine waits for, in the runtime's words.
func (x *extractor) waitReason(i byte) string {
	if g := x.global[varWaits]; g != 0 {
		if s := x.string(g + 16*uint64(i)); s != "" {
			return s
		}
	}
	return fmt.Sprintf("wait reason %d", i)
}

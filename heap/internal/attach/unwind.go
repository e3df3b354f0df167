package attach

import "fmt"

// frame is a frame of a goroutine's stack: from sp to end, which is behind the return
// address.
type frame struct {
	f       *fn
	pc      uint64
	sp, end uint64
}

// maxFrames is more than fit the largest stack of a goroutine.
const maxFrames = 1 << 26

// unwindError says why a stack cannot be unwound. The next moment it may be otherwise.
type unwindError struct {
	goroutine uint64
	why       string
}

func (e *unwindError) Error() string {
	return fmt.Sprintf("the stack of goroutine %d cannot be unwound: %s", e.goroutine, e.why)
}

// unwind finds the frames of a goroutine, from its program counter and stack pointer on
// (runtime/traceback.go). It has found all of them if it comes to the outermost one
// where the runtime has noted that to be.
func (x *extractor) unwind(g *goroutine) error {
	fail := func(format string, args ...any) error {
		return &unwindError{g.id, fmt.Sprintf(format, args...)}
	}
	pc, sp := g.pc, g.sp
	if pc == 0 { // a call of a nil func
		if sp < g.lo || sp >= g.hi {
			return fail("its stack pointer is %#x", sp)
		}
		pc, sp = x.u64(sp), sp+8
	}
	for inner := true; len(g.frames) < maxFrames; inner = false {
		f := x.findFunc(pc)
		switch {
		case sp < g.lo || sp > g.hi:
			return fail("the stack pointer %#x is not on it", sp)
		case f == nil:
			return fail("there is no function at %#x", pc)
		case !f.HasFrame():
			return nil
		}
		size := f.FrameSize(pc)
		end := sp + uint64(size) + 8
		if size < 0 || end > g.hi {
			return fail("%s has no frame at %#x", f.Name, pc)
		}
		g.frames = append(g.frames, frame{f, pc, sp, end})
		top := f.Flags()&x.flag("FuncFlagTopFrame") != 0
		if !top && !inner && x.movesStack(f) {
			return fail("%s moves the stack pointer", f.Name)
		}
		back := uint64(0)
		if !top {
			back = x.u64(end - 8)
		}
		if back == 0 {
			if g.top != 0 && sp != g.top {
				return fail("it ends at %#x and not at %#x", sp, g.top)
			}
			return nil
		}
		pc, sp = back, end
	}
	return fail("there are too many frames")
}

// movesStack says whether the size of a function's frame is not known while it calls
// another one.
func (x *extractor) movesStack(f *fn) bool {
	return f.Flags()&x.flag("FuncFlagSPWrite") != 0 && uint64(f.ID()) != x.layout.of("FuncID_cgocallback")
}

package graph

import (
	"sort"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// stack collects the roots of one goroutine.
//
// A frame's list has the words that hold live pointers. It does not have the
// variables whose address is taken ("stack objects"), unless they are live where
// the frame stands: if only a pointer in another frame keeps such a variable in
// use, the collector finds it through that pointer, and so does followPointers.
// Words that neither leads to are stale.
type stack struct {
	*rooter
	g      *record.Goroutine
	lo, hi uint64
	seen   map[uint64]bool // addresses on this stack that live pointers lead to
	work   []uint64        // of which these are still to be followed
}

const asyncPreempt = "runtime.asyncPreempt"

func newStack(r *rooter, g *record.Goroutine) *stack {
	s := &stack{rooter: r, g: g}
	if n := len(g.Frames); n > 0 {
		s.lo, s.hi = g.Frames[0].SP, g.Frames[n-1].End()
	}
	return s
}

func (s *stack) skip(i int) bool { return s.SkipFrame != nil && s.SkipFrame(s.g, i) }

// frame adds the words of a frame that the collector takes for pointers.
func (s *stack) frame(i int) {
	if s.skip(i) {
		return
	}
	f := &s.g.Frames[i]
	if s.interrupted(i) {
		for off := uint64(0); off < uint64(len(f.Contents)); off += s.Dump.Memory.PtrSize {
			s.live(f, off, Register)
		}
		return
	}
	kind := s.kind(f)
	for off := range record.Offsets(f.Pointers) {
		s.live(f, off, kind)
	}
}

// kind is the kind of the words in a frame's list.
func (s *stack) kind(f *record.Frame) Kind {
	switch {
	case f.Func == asyncPreempt:
		return Register // its frame is the saved registers, all of them listed
	case f.Func == "runtime.systemstack_switch":
		return StaleWord // it has no list, so everything is in it
	case s.g.System, strings.HasPrefix(f.Func, "runtime."):
		return Runtime
	}
	return Local
}

// interrupted says whether a frame was interrupted at a place for which there is
// no list: the dump has that of another place in the function.
func (s *stack) interrupted(i int) bool { return i > 0 && s.g.Frames[i-1].Func == asyncPreempt }

// live adds the word at an offset of a frame as a root.
func (s *stack) live(f *record.Frame, off uint64, kind Kind) {
	if off+s.Dump.Memory.PtrSize > uint64(len(f.Contents)) || kind == StaleWord {
		return
	}
	ptr := s.Dump.Memory.Word(f.Contents[off:])
	s.add(Root{Kind: kind, Slot: f.SP + off, Ptr: ptr, Goroutine: s.g, Frame: f})
	if ptr >= s.lo && ptr < s.hi && !s.seen[ptr] {
		if s.seen == nil {
			s.seen = make(map[uint64]bool)
		}
		s.seen[ptr] = true
		s.work = append(s.work, ptr)
	}
}

// stackVarGuess is how much of a frame is taken for the variable that a pointer
// leads to, where its size is not known.
const stackVarGuess = 256

func (s *stack) followPointersIntoStack() {
	done := make(map[uint64]bool) // words
	for len(s.work) > 0 {
		ptr := s.work[len(s.work)-1]
		s.work = s.work[:len(s.work)-1]
		i := s.frameOf(ptr)
		if i < 0 || s.skip(i) {
			continue
		}
		f := &s.g.Frames[i]
		lo, hi := s.variable(f, ptr)
		for a := lo; a < hi; a += s.Dump.Memory.PtrSize {
			if !done[a] {
				done[a] = true
				s.live(f, a-f.SP, StackObject)
			}
		}
	}
}

// frameOf returns the frame that covers an address, or -1.
func (s *stack) frameOf(addr uint64) int {
	frames := s.g.Frames
	i := sort.Search(len(frames), func(i int) bool { return frames[i].End() > addr })
	if i == len(frames) || frames[i].SP > addr {
		return -1
	}
	return i
}

// variable returns the bounds of the variable that ptr leads to, in words.
func (s *stack) variable(f *record.Frame, ptr uint64) (lo, hi uint64) {
	lo, hi = ptr, min(ptr+stackVarGuess, f.End())
	if s.StackVar != nil {
		if a, b := s.StackVar(f, ptr); a < b && a >= f.SP && b <= f.End() {
			lo, hi = a, b
		}
	}
	return lo - (lo-f.SP)%s.Dump.Memory.PtrSize, hi
}

// staleWords returns, as roots, the words of all stacks that are no roots but
// lead to objects which nothing else does. wanted says which.
func (h *Heap) staleWords(g Guide, wanted func(ID) bool) []Root {
	r := rooter{Heap: h, Guide: g}
	for i := range h.Dump.Goroutines {
		s := newStack(&r, &h.Dump.Goroutines[i])
		for k := range s.g.Frames {
			if !s.skip(k) {
				s.stale(k, wanted)
			}
		}
	}
	return r.roots
}

func (s *stack) stale(i int, wanted func(ID) bool) {
	f := &s.g.Frames[i]
	size := s.Dump.Memory.PtrSize
	for off := uint64(0); off+size <= uint64(len(f.Contents)); off += size {
		ptr := s.Dump.Memory.Word(f.Contents[off:])
		if to := s.Find(ptr); to != None && wanted(to) && !s.isPhantom(to) {
			s.roots = append(s.roots, Root{Kind: StaleWord, Slot: f.SP + off, Ptr: ptr, To: to, Goroutine: s.g, Frame: f})
		}
	}
}

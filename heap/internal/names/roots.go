package names

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// Root is a root with its name.
type Root struct {
	Text       string // "main.registry", "goroutine 7 [select] main.worker (worker.go:31) t"
	Sig        string // the same without numbers
	Name       string // of the variable, with the full import path of its package; "" if it is not known
	Func       string // of the frame, finalizer or deferred call, with the full import path
	File       string
	Line       int
	Goroutine  uint64
	WaitReason string
	CreatedBy  string // the function that started the goroutine, and where
	Runtime    bool   // it is the runtime's own
	Timer      bool   // it is a timer that has not fired yet
}

// Root names a root and the reference from it, and returns how to see what it
// leads to.
func (n *Namer) Root(r *graph.Root) (Root, Ref, View) {
	switch {
	case r.Frame != nil:
		n.frame = r.Frame
		defer func() { n.frame = nil }()
		return n.frameRoot(r)
	case r.Kind == graph.Finalizer:
		return n.finalizerRoot(r)
	case r.Kind == graph.Cleanup:
		return n.cleanupRoot(r)
	case r.Kind == graph.Holder:
		return n.holderRoot(r)
	case r.Goroutine != nil:
		return n.goroutineRoot(r)
	case r.Slot != 0:
		return n.variableRoot(r)
	}
	var root Root
	root.add("no root in the dump")
	if r.Kind != graph.NoRoot {
		root = Root{}
		root.add("runtime")
	}
	ref, v := n.arriveOrEnter(r.Ptr)
	return root, ref, v
}

// add adds to the text.
func (r *Root) add(text string) {
	r.Text += text
	r.Sig += text
}

// arriveOrEnter names what an untyped pointer leads to, if it tells by itself.
func (n *Namer) arriveOrEnter(ptr uint64) (ref Ref, v View) {
	if v := n.closure(ptr); v.form == closure {
		ref.after, v = n.enterClosure(ptr)
		return ref, v
	}
	return Ref{}, n.arrive(ptr)
}

func (n *Namer) variableRoot(r *graph.Root) (root Root, ref Ref, v View) {
	g, ok := n.Exe.Global(r.Slot)
	if !ok {
		if root.Runtime = n.IsRuntimeVar(r.Slot); root.Runtime {
			root.add("runtime.")
		}
		root.add(n.segmentName(r.Slot))
		ref, v = n.untyped(r)
		return root, ref, v
	}
	root.Name = g.Name
	root.Runtime = isRuntime(g.Name)
	root.add(Short(g.Name))
	ref, v = n.inVariable(g, r)
	return root, ref, v
}

// inVariable names the pointer of a root in the variable that holds it.
func (n *Namer) inVariable(g exe.Var, r *graph.Root) (ref Ref, v View) {
	if g.Type == nil {
		ref, v = n.untyped(r)
		if r.Slot != g.Addr {
			ref.elem = element{kind: offsetInObject, i: int64(r.Slot - g.Addr)}
		}
		return ref, v
	}
	ref = Ref{leaf: n.leaf(g.Type, r.Slot-g.Addr), base: g.Addr}
	ref.after, v = n.target(ref.leaf.typ, g.Addr+ref.leaf.off, r.Slot, r.Ptr)
	return ref, v
}

// segmentName names a variable whose name is not known by its place.
func (n *Namer) segmentName(addr uint64) string {
	d := n.Heap.Dump
	if off := addr - d.Data.Addr; off < uint64(len(d.Data.Contents)) {
		return fmt.Sprintf("data+%#x", off)
	}
	return fmt.Sprintf("bss+%#x", addr-d.BSS.Addr)
}

// isRuntime says whether a function or variable is the runtime's own.
func isRuntime(name string) bool {
	return strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/")
}

// IsRuntimeVar says whether a variable of the runtime covers an address. Without
// symbols, it is one if the runtime's code uses the word there and no other code does.
func (n *Namer) IsRuntimeVar(addr uint64) bool {
	if n.Exe.Level() >= exe.Symbols {
		g, ok := n.Exe.Global(addr)
		return ok && isRuntime(g.Name)
	}
	if n.runtimeWords == nil {
		data, bss := &n.Heap.Dump.Data, &n.Heap.Dump.BSS
		lo := min(data.Addr, bss.Addr)
		hi := max(data.Addr+uint64(len(data.Contents)), bss.Addr+uint64(len(bss.Contents)))
		n.runtimeWords = n.Exe.UsedBy(isRuntimeCode, n.Heap.Dump.Params.Arch, lo, hi)
		if n.runtimeWords == nil {
			n.runtimeWords = map[uint64]bool{}
		}
	}
	return n.runtimeWords[addr]
}

// isRuntimeCode says whether a function is part of the runtime, under the name of
// another package perhaps, which it serves.
func isRuntimeCode(name string) bool { return isRuntime(name) || strings.Contains(name, ".runtime_") }

// StackVar returns the bounds of the variable that covers an address of a frame,
// or zeros.
func (n *Namer) StackVar(f *record.Frame, addr uint64) (lo, hi uint64) {
	if v, ok := n.Exe.Local(callSite(f), f.End(), addr); ok {
		return v.Addr, v.Addr + v.Size
	}
	return 0, 0
}

// callSite is an address in the instruction that a frame stands at. The program
// counter of a frame is that of the next one, but at the start of a function.
func callSite(f *record.Frame) uint64 {
	if f.PC > f.Entry {
		return f.PC - 1
	}
	return f.PC
}

func (n *Namer) frameRoot(r *graph.Root) (root Root, ref Ref, v View) {
	g := r.Goroutine
	i := slices.IndexFunc(g.Frames, func(f record.Frame) bool { return f.SP == r.Frame.SP && f.End() == r.Frame.End() })
	local, owner, found := n.variableAt(g, i, r.Slot)
	root = n.inGoroutine(g, n.ownFrame(g, owner))
	if !found {
		return n.unnamedWord(root, r)
	}
	root.Name = strings.TrimPrefix(local.Name, "&")
	if fn := g.Frames[owner].Func; isRuntime(fn) {
		root.Name = fn + "." + root.Name
	}
	root.add(" " + root.Name)
	if local.Inlined != "" {
		root.add(" (of inlined " + Short(local.Inlined) + ")")
	}
	ref, v = n.inVariable(local, r)
	return root, ref, v
}

// unnamedWord names a word of a frame that DWARF says nothing about. If a variable
// has been lost there that the word may well be, it is named with a question
// mark.
func (n *Namer) unnamedWord(root Root, r *graph.Root) (Root, Ref, View) {
	ref, v := n.untyped(r)
	if guess, ok := n.guess(r); ok && !v.known() {
		root.Name = guess.Name + "?"
		root.add(" " + root.Name)
		return root, Ref{}, View{addr: r.Ptr, typ: guess.Type.Elem()}
	}
	root.add(fmt.Sprintf(" frame+%d", r.Slot-r.Frame.SP))
	return root, ref, v
}

// guess returns the only variable that has been lost, is a pointer, and points to
// something of the size of the object.
func (n *Namer) guess(r *graph.Root) (guess exe.Field, ok bool) {
	o := n.Heap.Find(r.Ptr)
	if n.Heap.Addr(o) != r.Ptr {
		return guess, false
	}
	for _, v := range n.Exe.Lost(callSite(r.Frame)) {
		if v.Type.Kind != reflect.Pointer || v.Type.Elem() == nil || !fits(v.Type.Elem().Size, n.Heap.Size(o)) {
			continue
		}
		if ok && guess.Name != v.Name {
			return guess, false
		}
		guess, ok = v, true
	}
	return guess, ok
}

// fits says whether something of some size would get a slot of another.
func fits(size, slot uint64) bool { return size <= slot && slot <= size+size/7+16 && size > 0 }

// variableAt finds the variable at an address of frame i, and the frame that it
// belongs to: arguments of a call lie in the frame of the caller.
func (n *Namer) variableAt(g *record.Goroutine, i int, addr uint64) (v exe.Var, frame int, ok bool) {
	if i > 0 {
		callee := &g.Frames[i-1]
		v, ok := n.Exe.Local(callSite(callee), callee.End(), addr)
		if ok || addr-callee.End() < n.Exe.ArgsSize(callee.PC) {
			return v, i - 1, ok
		}
	}
	f := &g.Frames[i]
	v, ok = n.Exe.Local(callSite(f), f.End(), addr)
	return v, i, ok
}

// ownFrame returns the frame of the program's own code in which the goroutine
// called the runtime, if frame i is of the runtime.
func (n *Namer) ownFrame(g *record.Goroutine, i int) *record.Frame {
	for k := i; k < len(g.Frames); k++ {
		if !isRuntime(g.Frames[k].Func) {
			return &g.Frames[k]
		}
	}
	return &g.Frames[i]
}

// inGoroutine names a frame of a goroutine; f may be nil.
func (n *Namer) inGoroutine(g *record.Goroutine, f *record.Frame) Root {
	root := Root{Goroutine: g.ID, WaitReason: n.status(g), Runtime: g.System}
	root.Text, root.Sig = fmt.Sprintf("goroutine %d [%s]", g.ID, root.WaitReason), "goroutine"
	root.CreatedBy = n.createdBy(g)
	if f != nil {
		root.Func = f.Func
		root.File, root.Line = n.Exe.Line(callSite(f))
		root.Runtime = root.Runtime || isRuntime(f.Func)
		root.add(" " + Short(f.Func))
		if root.File != "" {
			root.add(fmt.Sprintf(" (%s:%d)", filepath.Base(root.File), root.Line))
		}
	}
	return root
}

// status says what a goroutine is doing.
func (n *Namer) status(g *record.Goroutine) string {
	switch g.Status {
	case 1:
		return "runnable"
	case 2:
		return "running"
	case 3:
		return "syscall"
	}
	return g.WaitReason
}

func (n *Namer) createdBy(g *record.Goroutine) string {
	name, _, ok := n.Exe.Func(g.CreatedBy)
	if !ok {
		return ""
	}
	file, line := n.Exe.Line(g.CreatedBy - 1)
	return fmt.Sprintf("%s (%s:%d)", Short(name), filepath.Base(file), line)
}

// untyped names what a root without a type leads to. The word before it may be
// the type of an interface.
func (n *Namer) untyped(r *graph.Root) (ref Ref, v View) {
	if t := n.dynamicType(r.Slot - n.word()); t != nil {
		ref.after, v = n.asserted(t, r.Slot, r.Ptr)
		return ref, v
	}
	return n.arriveOrEnter(r.Ptr)
}

func (n *Namer) goroutineRoot(r *graph.Root) (Root, Ref, View) {
	root := n.inGoroutine(r.Goroutine, n.topFrame(r.Goroutine))
	if r.Kind == graph.Deferred {
		root.add(" deferred call")
	}
	ref, v := n.arriveOrEnter(r.Ptr)
	return root, ref, v
}

// holderRoot names what was asked about.
func (n *Namer) holderRoot(r *graph.Root) (root Root, ref Ref, v View) {
	root.add("the holder")
	if t := n.Exe.Type(n.HolderType); t != nil && n.isPointer(t) {
		l := n.leaf(t, 0)
		ref.after, v = n.target(l.typ, 0, 0, r.Ptr)
		return root, ref, v
	}
	ref, v = n.arriveOrEnter(r.Ptr)
	return root, ref, v
}

// topFrame returns the innermost frame of a goroutine outside the runtime, or
// nil.
func (n *Namer) topFrame(g *record.Goroutine) *record.Frame {
	if len(g.Frames) == 0 {
		return nil
	}
	return n.ownFrame(g, 0)
}

func (n *Namer) finalizerRoot(r *graph.Root) (root Root, ref Ref, v View) {
	f := &n.Heap.Dump.Finalizers[r.Index]
	root.Func, _, _ = n.Exe.Func(f.PC)
	root.File, root.Line = n.Exe.Line(f.PC)
	typ := n.Exe.Type(f.ObjType)
	what := "finalizer"
	if f.Queued {
		what = "queued finalizer"
	}
	if root.Func != "" {
		what += " " + Short(root.Func)
	}
	if root.File != "" {
		what += fmt.Sprintf(" (%s:%d)", filepath.Base(root.File), root.Line)
	}
	if typ != nil {
		what += " of a " + Short(typ.Name)
	}
	root.add(what)
	ref, v = n.inFinalizer(f, typ, r)
	return root, ref, v
}

// inFinalizer names what a finalizer holds: its closure, its object, or what the
// object refers to.
func (n *Namer) inFinalizer(f *record.Finalizer, typ *exe.Type, r *graph.Root) (Ref, View) {
	var elem *exe.Type
	if typ != nil {
		elem = typ.Elem()
	}
	switch {
	case r.Slot != 0:
		return n.leavePlain(View{addr: f.Object, typ: elem}, n.Heap.Find(f.Object), r.Slot, r.Ptr)
	case r.Ptr == f.Func:
		return Ref{}, n.closure(r.Ptr)
	}
	return Ref{}, View{addr: f.Object, typ: elem}
}

func (n *Namer) cleanupRoot(r *graph.Root) (root Root, ref Ref, v View) {
	c := &n.Cleanups[r.Index]
	pc := n.wordAt(c.Func)
	root.Func, _, _ = n.Exe.Func(pc)
	root.File, root.Line = n.Exe.Line(pc)
	what := "cleanup"
	if root.Func != "" {
		what += " " + Short(root.Func)
	}
	if root.File != "" {
		what += fmt.Sprintf(" (%s:%d)", filepath.Base(root.File), root.Line)
	}
	root.add(what)
	if r.Ptr == c.Func {
		return root, Ref{}, n.closure(c.Func)
	}
	root.add(" argument")
	v = n.arrive(c.Arg)
	if params := n.Exe.Params(pc); len(params) > 0 && !v.known() {
		v = View{addr: c.Arg, typ: params[0].Type}
	}
	return root, Ref{}, v
}

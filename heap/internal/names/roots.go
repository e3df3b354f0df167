package names

import (
	"cmp"
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
	CreatedBy  string // the function that started the goroutine, and where; "" if the runtime did
	Own        string // the nearest frame outside the standard library, if Func is in it
	Runtime    bool   // it is the runtime's own, or of this module's upkeep
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
	if g, ok := n.Exe.Global(r.Slot); ok {
		root.Name = g.Name
		root.Runtime = n.isManaged(g.Name)
		root.add(n.Short(g.Name))
		ref, v = n.inVariable(g, r.Slot, r.Ptr)
		return root, ref, v
	}
	if s := n.static(r.Slot); s != nil {
		root.Name, root.Text, root.Sig = n.staticText(s)
		ref, v = n.inStatic(s, r.Slot, r.Ptr)
		return root, ref, v
	}
	if root.Runtime = n.IsRuntimeVar(r.Slot); root.Runtime {
		root.add("runtime.")
	}
	ref, v = n.untyped(r)
	if fn, off, ok := n.literalOf(r.Slot); ok {
		root.Name, root.Func = "literal in "+fn, fn
		root.add("literal in " + n.Short(fn))
		ref.elem = element{kind: offsetInObject, i: int64(off)}
		return root, ref, v
	}
	root.add(n.segmentName(r.Slot))
	return root, ref, v
}

// rootView returns how to see what a root leads to. typed says that a type says so,
// rather than what is there.
func (n *Namer) rootView(r *graph.Root) (v View, typed bool) {
	switch {
	case r.Frame != nil:
		n.frame = r.Frame
		defer func() { n.frame = nil }()
		g := r.Goroutine
		local, _, found := n.variableAt(g, frameIndex(r), r.Slot)
		if !found {
			if _, _, v, ok := n.byMemory(r); ok {
				return v, false
			}
			if _, v = n.untyped(r); !v.known() {
				if _, _, guess, ok := n.guess(r); ok {
					v = guess
				}
			}
			return v, false
		}
		_, v = n.inVariable(local, r.Slot, r.Ptr)
		return v, true
	case r.Kind == graph.Finalizer, r.Kind == graph.Cleanup, r.Kind == graph.Holder:
		_, _, v = n.Root(r)
		return v, true
	case r.Goroutine != nil || r.Slot == 0:
		_, v = n.arriveOrEnter(r.Ptr)
		return v, false
	}
	if g, ok := n.Exe.Global(r.Slot); ok {
		_, v = n.inVariable(g, r.Slot, r.Ptr)
		return v, g.Type != nil
	}
	if s := n.static(r.Slot); s != nil {
		_, v = n.inStatic(s, r.Slot, r.Ptr)
		return v, s.view.known()
	}
	_, v = n.untyped(r)
	return v, false
}

// IsNamed says whether a root is a variable that has a name.
func (n *Namer) IsNamed(r *graph.Root) bool {
	if r.Frame != nil {
		n.frame = r.Frame
		defer func() { n.frame = nil }()
		_, _, found := n.variableAt(r.Goroutine, frameIndex(r), r.Slot)
		return found
	}
	if _, ok := n.Exe.Global(r.Slot); ok {
		return true
	}
	return n.static(r.Slot) != nil
}

// frameIndex is the number of the frame that a root is in.
func frameIndex(r *graph.Root) int {
	return slices.IndexFunc(r.Goroutine.Frames, func(f record.Frame) bool {
		return f.SP == r.Frame.SP && f.End() == r.Frame.End()
	})
}

// inVariable names the pointer at a slot of a variable.
func (n *Namer) inVariable(g exe.Var, slot, ptr uint64) (ref Ref, v View) {
	if g.Type == nil {
		ref, v = n.untypedAt(slot, ptr)
		if slot != g.Addr {
			ref.elem = element{kind: offsetInObject, i: int64(slot - g.Addr)}
		}
		return ref, v
	}
	ref = Ref{leaf: n.leaf(g.Type, slot-g.Addr), base: g.Addr}
	ref.after, v = n.leave(ref.leaf, g.Addr, slot, ptr)
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
		return ok && n.isManaged(g.Name)
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

// isPoolList says whether a variable is one of the lists that the runtime keeps of
// all sync.Pools: what has a pool in it is not held by them.
func isPoolList(name string) bool { return name == "sync.allPools" || name == "sync.oldPools" }

// isRuntimeCode says whether a function is part of the runtime, under the name of
// another package perhaps, which it serves.
func isRuntimeCode(name string) bool {
	return isRuntime(name) || strings.Contains(name, ".runtime_") || name == "sync.poolCleanup" || name == "sync.(*Pool).pinSlow"
}

// StackVar returns the bounds of the variable that covers an address of a frame,
// or zeros.
func (n *Namer) StackVar(f *record.Frame, addr uint64) (lo, hi uint64) {
	if o, ok := n.Exe.StackObject(callSite(f), f.End(), addr, n.Heap.Dump.Params.Arch); ok {
		return o.Addr, o.Addr + o.Size
	}
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
	local, owner, found := n.variableAt(g, frameIndex(r), r.Slot)
	root = n.inGoroutine(g, n.ownFrame(g, owner))
	if !found {
		return n.unnamedWord(root, r)
	}
	root.Name = strings.TrimPrefix(local.Name, "&")
	if fn := g.Frames[owner].Func; isRuntime(fn) {
		root.Name = fn + "." + root.Name
		root.Name = cmp.Or(plainWords[root.Name], root.Name)
	}
	root.add(" " + root.Name)
	if local.Inlined != "" {
		root.add(" (of inlined " + n.Short(local.Inlined) + ")")
	}
	ref, v = n.inVariable(local, r.Slot, r.Ptr)
	return root, ref, v
}

// sending is what the value of a blocked send is called.
const sending = "sending"

// plainWords says what variables of the runtime mean to those who do not know it.
var plainWords = map[string]string{
	"runtime.chansend.ep": sending, "runtime.chansend1.elem": sending,
	"runtime.chansend.c": "sending to", "runtime.chansend1.c": "sending to",
	"runtime.chanrecv.c": "receiving from", "runtime.chanrecv1.c": "receiving from", "runtime.chanrecv2.c": "receiving from",
	"runtime.selectgo.cas0": "selecting", "runtime.selectgo.scases": "selecting",
}

// waitsFor says what a goroutine does with the channel that the word of a root leads
// to, "" if that is not what it waits for.
func (n *Namer) waitsFor(r *graph.Root) string {
	what := map[string]string{"chan receive": "receiving from", "chan send": "sending to", "select": "selecting from"}[r.Goroutine.WaitReason]
	if what == "" {
		return ""
	}
	if v, _ := n.known(n.Heap.Find(r.Ptr)); v.form != channel || v.addr != r.Ptr {
		return ""
	}
	return what
}

// isSent says whether the word of a root is what its frame has the runtime send: the
// runtime's frames have its address.
func (n *Namer) isSent(r *graph.Root) bool {
	i := frameIndex(r)
	if i <= 0 || r.Goroutine.Frames[i-1].Func != "runtime.chansend1" {
		return false
	}
	for k := range r.Goroutine.Frames[:i] {
		for b := r.Goroutine.Frames[k].Contents; uint64(len(b)) >= n.word(); b = b[n.word():] {
			if n.Heap.Dump.Memory.Word(b) == r.Slot {
				return true
			}
		}
	}
	return false
}

// unnamedWord names a word of a frame that DWARF says nothing about. If a variable
// has been lost there that the word may well be, it is named with a question
// mark.
func (n *Namer) unnamedWord(root Root, r *graph.Root) (Root, Ref, View) {
	ref, v := n.untyped(r)
	if n.isSent(r) {
		root.Name = sending
		root.add(" " + sending)
		return root, ref, v
	}
	if word := n.waitsFor(r); word != "" {
		root.Name = word
		root.add(" " + word)
		return root, ref, v
	}
	if text, sig, v, ok := n.byMemory(r); ok {
		root.Text += text
		root.Sig += sig
		return root, Ref{}, v
	}
	if v.known() {
		root.add(n.place(r))
		return root, ref, v
	}
	if text, sig, v, ok := n.guess(r); ok {
		root.Name = text + "?"
		root.Text += " " + text + "?"
		root.Sig += " " + sig + "?"
		return root, Ref{}, v
	}
	if guess := n.within(r); guess != "" {
		root.Name = guess + "?"
		root.add(" " + root.Name)
		return root, Ref{}, View{addr: r.Ptr}
	}
	root.add(n.place(r))
	return root, ref, v
}

// place is where a word is that nothing else is known of. If the compiler knows it for a
// pointer, it is a local variable or part of one.
func (n *Namer) place(r *graph.Root) string {
	off := r.Slot - r.Frame.SP
	if r.Kind <= graph.Word && n.Exe.Level() == exe.Full {
		return fmt.Sprintf(" local without a name at frame+%d", off)
	}
	return fmt.Sprintf(" frame+%d", off)
}

// variableAt finds the variable at an address of frame i, and the frame that it
// belongs to: arguments of a call lie in the frame of the caller. The word there is
// a pointer, so a variable that has a number at that place is not it: the compiler
// has put something else where it does not need the number any more.
func (n *Namer) variableAt(g *record.Goroutine, i int, addr uint64) (v exe.Var, frame int, ok bool) {
	if i > 0 {
		callee := &g.Frames[i-1]
		v, ok := n.localAt(callee, addr)
		if ok || addr-callee.End() < n.Exe.ArgsSize(callee.PC) {
			return v, i - 1, ok
		}
	}
	v, ok = n.localAt(&g.Frames[i], addr)
	return v, i, ok
}

// localKey is a place in all frames that stand at one instruction.
type localKey struct {
	pc  uint64
	off uint64 // from the end of the frame
}

type foundLocal struct {
	v  exe.Var
	ok bool
}

// localAt finds the local variable at an address of a frame. Many goroutines stand
// at one place, so what was found is kept.
func (n *Namer) localAt(f *record.Frame, addr uint64) (exe.Var, bool) {
	key := localKey{callSite(f), addr - f.End()}
	l, ok := n.locals[key]
	if !ok {
		l.v, l.ok = n.Exe.Local(key.pc, f.End(), addr)
		if l.ok && l.v.Type != nil && !n.holdsPointer(l.v.Type, addr-l.v.Addr) {
			l.ok = false
		}
		l.v.Addr -= f.End()
		if n.locals == nil {
			n.locals = map[localKey]foundLocal{}
		}
		n.locals[key] = l
	}
	l.v.Addr += f.End()
	return l.v, l.ok
}

// holdsPointer says whether a value of type t may have a pointer at an offset.
func (n *Namer) holdsPointer(t *exe.Type, off uint64) bool {
	l := n.leaf(t, off)
	if l.typ == nil {
		return true
	}
	switch l.typ.Kind {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Slice, reflect.String:
		return off == l.off
	case reflect.Interface:
		return off == l.off+n.word()
	case reflect.Invalid, reflect.Struct, reflect.Array:
		return true
	}
	return false
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

// inGoroutine names a frame of a goroutine; f may be nil. If it is of the standard
// library, the frame that has called that comes first.
func (n *Namer) inGoroutine(g *record.Goroutine, f *record.Frame) Root {
	root := Root{Goroutine: g.ID, WaitReason: n.status(g), Runtime: n.isOwn(g)}
	root.Text, root.Sig = fmt.Sprintf("goroutine %d [%s]", g.ID, root.WaitReason), "goroutine"
	root.CreatedBy = n.createdBy(g)
	if f != nil {
		root.Func = f.Func
		root.File, root.Line = n.Exe.Line(callSite(f))
		root.Runtime = root.Runtime || isRuntime(f.Func)
		if own := n.programFrame(g, f); own != nil && own != f {
			root.Own = n.frameText(own)
			root.add(" " + root.Own + " in")
		}
		root.add(" " + n.frameText(f))
	}
	return root
}

// frameText is the function of a frame and where it stands.
func (n *Namer) frameText(f *record.Frame) string {
	file, line := n.Exe.Line(callSite(f))
	if file == "" {
		return n.Short(f.Func)
	}
	return fmt.Sprintf("%s (%s:%d)", n.Short(f.Func), filepath.Base(file), line)
}

// programFrame returns the nearest frame from f on, outwards, that is not of the
// standard library, or nil.
func (n *Namer) programFrame(g *record.Goroutine, f *record.Frame) *record.Frame {
	if len(g.Frames) == 0 {
		return nil
	}
	from := 0
	if f != nil {
		from = slices.IndexFunc(g.Frames, func(o record.Frame) bool { return o.SP == f.SP && o.End() == f.End() })
	}
	for i := max(from, 0); i < len(g.Frames); i++ {
		if !n.standard(g.Frames[i].Func) {
			return &g.Frames[i]
		}
	}
	return nil
}

// standard says whether a function is of the standard library.
func (n *Namer) standard(fn string) bool {
	is, ok := n.isStandard[fn]
	if !ok {
		is = n.Exe.IsStandard(fn)
		if n.isStandard == nil {
			n.isStandard = map[string]bool{}
		}
		n.isStandard[fn] = is
	}
	return is
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
	if !ok || isRuntime(name) {
		return ""
	}
	file, line := n.Exe.Line(g.CreatedBy - 1)
	return fmt.Sprintf("%s (%s:%d)", n.Short(name), filepath.Base(file), line)
}

// untyped names what a root without a type leads to. The word before it may be
// the type of an interface.
func (n *Namer) untyped(r *graph.Root) (ref Ref, v View) { return n.untypedAt(r.Slot, r.Ptr) }

func (n *Namer) untypedAt(slot, ptr uint64) (ref Ref, v View) {
	if t := n.dynamicType(slot - n.word()); t != nil {
		ref.after, v = n.asserted(t, slot, ptr)
		return ref, v
	}
	return n.arriveOrEnter(ptr)
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
		what += " " + n.Short(root.Func)
	}
	if root.File != "" {
		what += fmt.Sprintf(" (%s:%d)", filepath.Base(root.File), root.Line)
	}
	if typ != nil {
		what += " of a " + n.Short(typ.Name)
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
		what += " " + n.Short(root.Func)
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

package names

import (
	"cmp"
	"slices"
	"sort"

	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// The commonest package variable is a pointer to a composite literal:
//
//	var registry = &Registry{…}
//
// The compiler lays the literal out in the data or bss segment, beside the variables
// and without a symbol, and the variable points to it. So do literals in literals,
// elements of slices, and what interfaces hold. What the words of such a static
// temporary are is told by whatever points to it, as for objects of the heap: the
// walk begins at the variables that have names, and stays in the segments.

// static is a static temporary.
type static struct {
	addr, size uint64
	owner      string // the full name of the variable that leads to it
	text, sig  string // how it is reached: "main.registry", "main.options[1]"
	view       View   // of what is there; not known without DWARF
	via        *via   // if only an object of the heap leads to it
}

// via is the reference of an object that leads to a static temporary.
type via struct {
	from     graph.ID
	off, ptr uint64
}

// statics are all of them, by address.
type statics struct{ list []static }

// static returns the static temporary that covers an address, or nil.
func (n *Namer) static(addr uint64) *static {
	if n.Exe.Level() < exe.Symbols {
		return nil
	}
	if n.statics == nil {
		w := staticWalk{n: n, found: map[uint64]int{}}
		n.statics = w.walk()
	}
	list := n.statics.list
	i := sort.Search(len(list), func(i int) bool { return list[i].addr > addr }) - 1
	if i < 0 || addr-list[i].addr >= list[i].size {
		return nil
	}
	return &list[i]
}

// staticWalk finds the static temporaries.
type staticWalk struct {
	n     *Namer
	list  []static
	found map[uint64]int // by address: index in list
	work  []int
}

func (w *staticWalk) walk() *statics {
	d := w.n.Heap.Dump
	for _, s := range []*record.Segment{&d.Data, &d.BSS} {
		w.variables(s)
	}
	for len(w.work) > 0 {
		i := w.work[0]
		w.work = w.work[1:]
		w.leave(w.list[i])
	}
	s := &statics{list: w.list}
	s.sort()
	return s
}

// sort sorts the static temporaries. Each ends where the next one begins, at the
// latest.
func (s *statics) sort() {
	slices.SortStableFunc(s.list, func(a, b static) int { return cmp.Compare(a.addr, b.addr) })
	s.list = slices.CompactFunc(s.list, func(a, b static) bool { return a.addr == b.addr })
	for i := range s.list[:max(len(s.list)-1, 0)] {
		s.list[i].size = min(s.list[i].size, s.list[i+1].addr-s.list[i].addr)
	}
}

// addStatics adds those that objects of the heap lead to.
func (n *Namer) addStatics(found []static) {
	for _, s := range found {
		if n.static(s.addr) == nil {
			s.size = n.extent(s)
			n.statics.list = append(n.statics.list, s)
			n.statics.sort()
		}
	}
}

// staticText is how a static temporary is reached.
func (n *Namer) staticText(s *static) (owner, text, sig string) {
	if s.via == nil {
		return s.owner, s.text, s.sig
	}
	if s.text == "" {
		via := s.via
		s.text = n.segmentName(s.addr) // if it leads back here
		if path := n.evidence.s.Path(via.from); path != nil {
			root, steps := n.Path(append(path, graph.Step{From: via.from, Off: via.off, Ptr: via.ptr, To: graph.None}))
			s.owner, s.text, s.sig = root.Name, root.Text, root.Sig
			for _, step := range steps {
				s.text += step.Text
				s.sig += step.Sig
			}
		}
	}
	return s.owner, s.text, s.sig
}

// variables goes through the variables of a segment that have names.
func (w *staticWalk) variables(s *record.Segment) {
	w.pointers(s, s.Addr, s.Addr+uint64(len(s.Contents)), func(slot, ptr uint64) {
		g, ok := w.n.Exe.Global(slot)
		if !ok || w.n.isManaged(g.Name) {
			return
		}
		ref, v := w.n.inVariable(g, slot, ptr)
		name := Short(g.Name)
		w.enter(g.Name, name+w.n.Text(ref), name+ref.Sig(), v, ptr)
	})
}

// isManaged says whether a variable belongs to the runtime: nothing that it leads to
// is explained by it.
func (n *Namer) isManaged(name string) bool { return isRuntime(name) || isPoolList(name) }

// pointers calls f for the pointers of a segment between two addresses that lead
// into a segment.
func (w *staticWalk) pointers(s *record.Segment, lo, hi uint64, f func(slot, ptr uint64)) {
	d := w.n.Heap.Dump
	for off := range record.Offsets(s.Pointers) {
		slot := s.Addr + off
		if slot < lo || off+d.Memory.PtrSize > uint64(len(s.Contents)) {
			continue
		}
		if slot >= hi {
			return
		}
		if ptr := d.Memory.Word(s.Contents[off:]); w.n.inSegments(ptr) {
			f(slot, ptr)
		}
	}
}

func (n *Namer) inSegments(addr uint64) bool {
	d := n.Heap.Dump
	return addr-d.Data.Addr < uint64(len(d.Data.Contents)) || addr-d.BSS.Addr < uint64(len(d.BSS.Contents))
}

// enter notes what a pointer leads to, unless it is a part of a variable or of what
// is known. Of two types the larger one says more: the other is that of its first
// field.
func (w *staticWalk) enter(owner, text, sig string, v View, ptr uint64) {
	if _, ok := w.n.Exe.Global(ptr); ok {
		return
	}
	if v.form == closure {
		return
	}
	s := static{addr: v.addr, owner: owner, text: text, sig: sig, view: v}
	if !v.known() || v.addr == 0 {
		s.addr, s.view = ptr, View{addr: ptr}
	}
	s.size = w.n.extent(s)
	i, ok := w.found[s.addr]
	switch {
	case !ok:
		i = len(w.list)
		w.found[s.addr] = i
		w.list = append(w.list, s)
	case !w.list[i].view.known() && v.known(), w.list[i].view.known() && v.known() && w.list[i].size < s.size:
		w.list[i] = s
	default:
		return
	}
	w.work = append(w.work, i)
}

// extent is the size of a static temporary: that of its type, or all up to the next
// variable.
func (n *Namer) extent(s static) uint64 {
	room := n.Exe.Gap(s.addr)
	v := s.view
	switch {
	case v.typ == nil || v.form != plain:
		return room
	case v.many && v.cap != 0:
		return min(v.cap, room)
	case v.many:
		return room
	}
	return min(v.typ.Size, room)
}

// leave goes on from a static temporary.
func (w *staticWalk) leave(s static) {
	d := w.n.Heap.Dump
	for _, seg := range []*record.Segment{&d.Data, &d.BSS} {
		if s.addr-seg.Addr >= uint64(len(seg.Contents)) {
			continue
		}
		w.pointers(seg, s.addr, s.addr+s.size, func(slot, ptr uint64) {
			ref, v := w.n.inStatic(&s, slot, ptr)
			w.enter(s.owner, s.text+w.n.Text(ref), s.sig+ref.Sig(), v, ptr)
		})
	}
}

// inStatic names the pointer at a slot of a static temporary.
func (n *Namer) inStatic(s *static, slot, ptr uint64) (ref Ref, v View) {
	if s.view.covers(slot) && s.view.form == plain {
		return n.leavePlainAt(s.view, s.addr, slot, ptr)
	}
	ref, v = n.untypedAt(slot, ptr)
	ref.elem = element{kind: offsetInObject, i: int64(slot - s.addr)}
	return ref, v
}

// literalOf names a word of the segments by the function whose literal it is part of:
// one that has no variable, or whose variable is not used and gone.
func (n *Namer) literalOf(slot uint64) (fn string, off uint64, ok bool) {
	if n.Exe.Level() < exe.Symbols {
		return "", 0, false
	}
	if n.literals == nil {
		n.findLiterals()
	}
	i := sort.Search(len(n.literals), func(i int) bool { return n.literals[i].addr > slot }) - 1
	if i < 0 || n.Exe.Gap(n.literals[i].addr) != n.Exe.Gap(slot)+slot-n.literals[i].addr {
		return "", 0, false // a variable lies between them
	}
	return n.literals[i].fn, slot - n.literals[i].addr, true
}

// literal is a part of the segments that only code refers to.
type literal struct {
	addr uint64
	fn   string
}

func (n *Namer) findLiterals() {
	data, bss := &n.Heap.Dump.Data, &n.Heap.Dump.BSS
	lo := min(data.Addr, bss.Addr)
	hi := max(data.Addr+uint64(len(data.Contents)), bss.Addr+uint64(len(bss.Contents)))
	n.literals = []literal{}
	for addr, fn := range n.Exe.Users(n.Heap.Dump.Params.Arch, lo, hi) {
		n.literals = append(n.literals, literal{addr, fn})
	}
	slices.SortFunc(n.literals, func(a, b literal) int { return cmp.Compare(a.addr, b.addr) })
}

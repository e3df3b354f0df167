package names

import (
	"reflect"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
)

// View is what is known of the memory that a pointer leads to.
type View struct {
	addr  uint64    // where the pointer leads
	typ   *exe.Type // of what is there; of the map or channel in the forms for these
	form  form
	group *exe.Type // of a map: the type of its groups, if that is all that is known
	many  bool      // not one of them but an array
	len   uint64    // the length of the slice, if many; unknown is the largest number
	cap   uint64    // the bytes of the slice, if many; 0 if they are not known
	code  *code     // of a closure

	// captured says that the pointer is a captured variable. What follows it
	// is shown with its type, because the variable's name says little.
	captured bool
}

// form is what the runtime has built there.
type form uint8

const (
	plain form = iota // a value
	closure
	mapHeader
	mapDirectory
	mapTable
	mapGroups
	channel
)

const unknownLen = 1<<64 - 1

// known says whether a view tells anything.
func (v View) known() bool { return v.typ != nil || v.form != plain }

// covers says whether a word belongs to what is seen.
func (v View) covers(slot uint64) bool {
	switch {
	case !v.known():
		return false
	case v.form != plain || v.typ == nil:
		return slot >= v.addr
	}
	return v.many || slot-v.addr < v.typ.Size
}

// mapView is a view of groups of entries of a map of which nothing else is known.
func mapView(addr uint64, group *exe.Type) View {
	return View{addr: addr, form: mapGroups, group: group}
}

// typeText is the name of the type of what is there, or "".
func (n *Namer) typeText(v View) string {
	switch {
	case v.form == closure:
		return "func " + n.Short(v.code.name)
	case v.group != nil:
		return n.Short(v.group.Name)
	case v.typ == nil:
		return ""
	case v.form == plain && v.many:
		return "[]" + n.Short(v.typ.Name)
	case v.form == plain || v.form == mapHeader || v.form == channel:
		return n.Short(v.typ.Name)
	}
	return n.Short(v.typ.Name) + partSuffix
}

// partSuffix marks what the runtime has built for a map.
const partSuffix = " (part)"

// Follow names the reference at an offset of object from, which is seen as v,
// and returns how to see what it leads to.
func (n *Namer) Follow(v View, from graph.ID, off, ptr uint64) (Ref, View) {
	slot := n.Heap.Addr(from) + off
	if !v.covers(slot) {
		if w, _ := n.known(from); w.covers(slot) {
			if w.captured = v.known() && w.form == plain && !w.many; w.captured {
				// The pointer led to a part, and this is beside it.
				ref, next := n.leavePlain(w, from, slot, ptr)
				ref.before = " (in *" + n.Short(w.typ.Name) + ")"
				return ref, next
			}
			v = w
		}
	}
	switch v.form {
	case closure:
		return n.leaveClosure(v, slot, ptr)
	case mapHeader:
		return Ref{}, n.enterMap(v, slot, ptr)
	case mapDirectory:
		return Ref{}, View{addr: ptr, typ: v.typ, form: mapTable}
	case mapTable:
		return Ref{}, View{addr: ptr, typ: v.typ, form: mapGroups}
	case mapGroups:
		return n.leaveGroups(v, slot, ptr)
	case channel:
		return n.leaveChannel(v, slot, ptr)
	}
	return n.leavePlain(v, from, slot, ptr)
}

// leavePlain names a pointer in a value or an array of values.
func (n *Namer) leavePlain(v View, from graph.ID, slot, ptr uint64) (Ref, View) {
	return n.leavePlainAt(v, n.Heap.Addr(from), slot, ptr)
}

// leavePlainAt does so for memory that begins at an address.
func (n *Namer) leavePlainAt(v View, from, slot, ptr uint64) (Ref, View) {
	if v.typ == nil || v.typ.Size == 0 || slot < v.addr && !v.many {
		return n.leaveUnknown(from, slot, ptr)
	}
	index, in := floorDiv(int64(slot-v.addr), int64(v.typ.Size))
	if index != 0 && !v.many {
		return n.leaveUnknown(from, slot, ptr)
	}
	base := slot - uint64(in)
	ref := Ref{leaf: n.leaf(v.typ, uint64(in)), base: base}
	if v.many && !isArrayOf(v.typ) {
		ref.elem = v.index(index)
	}
	if v.captured && !v.many && strings.HasPrefix(ref.leaf.text, ".") {
		ref.before = " → *" + n.Short(v.typ.Name)
	}
	var next View
	ref.after, next = n.leave(ref.leaf, base, slot, ptr)
	return ref, next
}

// leave returns how to see what a part of the value at base leads to, and what to say
// about it.
func (n *Namer) leave(l *leaf, base, slot, ptr uint64) (after string, v View) {
	if l.to != "" {
		if to := n.Exe.TypeNamed(l.to); to != nil {
			return "", View{addr: ptr, typ: to, many: isArrayOf(to), len: unknownLen}
		}
	}
	return n.target(l.typ, base+l.off, slot, ptr)
}

// floorDiv divides and rounds down: elements before the start of a slice have
// negative indexes.
func floorDiv(a, b int64) (q, r int64) {
	q, r = a/b, a%b
	if r < 0 {
		q, r = q-1, r+b
	}
	return q, r
}

// index names an element.
func (v View) index(i int64) element {
	switch {
	case i < 0:
		return element{kind: beforeSlice, i: i}
	case uint64(i) >= v.len && v.len != unknownLen:
		return element{kind: beyondSlice, i: i, len: v.len}
	}
	return element{kind: inSlice, i: i}
}

// leaveUnknown names a pointer in an object of which no type is known. If the
// word before it is the type of an interface, it tells what the pointer leads
// to.
func (n *Namer) leaveUnknown(from, slot, ptr uint64) (ref Ref, next View) {
	off := slot - from
	ref.elem = element{kind: offsetInObject, i: int64(off)}
	if off >= n.word() {
		if t := n.dynamicType(slot - n.word()); t != nil {
			ref.after, next = n.asserted(t, slot, ptr)
			return ref, next
		}
	}
	return ref, n.arrive(ptr)
}

// target returns how to see what a value of type t at addr leads to, and what to
// say about it. The pointer is at slot, which is addr but for interfaces.
func (n *Namer) target(t *exe.Type, addr, slot, ptr uint64) (after string, v View) {
	if t == nil {
		return "", n.arrive(ptr)
	}
	switch t.Kind {
	case reflect.Pointer:
		if isShape(t) {
			return "", n.arrive(ptr)
		}
		to := n.pointee(t.Elem(), ptr)
		return "", View{addr: ptr, typ: to, many: isArrayOf(to), len: unknownLen}
	case reflect.Slice:
		v := View{addr: ptr, typ: t.Elem(), many: true, len: n.wordAt(addr + n.word())}
		if v.typ != nil {
			v.cap = n.wordAt(addr+2*n.word()) * v.typ.Size
		}
		return "", v
	case reflect.String:
		return "", View{addr: ptr, typ: t}
	case reflect.Map:
		return "", View{addr: ptr, typ: t, form: mapHeader}
	case reflect.Chan:
		return "", View{addr: ptr, typ: t, form: channel}
	case reflect.Func:
		return n.enterClosure(ptr)
	case reflect.Interface:
		if t := n.dynamicType(addr); t != nil && slot == addr+n.word() {
			return n.asserted(t, slot, ptr)
		}
	}
	return "", n.arrive(ptr)
}

// arrive is a view of something of unknown type: of what the object tells by
// itself.
func (n *Namer) arrive(ptr uint64) View {
	if o := n.Heap.Find(ptr); o != graph.None {
		if v := n.intrinsic(o); v.known() && v.addr == ptr {
			return v
		}
	}
	return View{addr: ptr}
}

// pointee is the type that a pointer leads to. The nodes of a sync.Map say by
// themselves what they are.
func (n *Namer) pointee(t *exe.Type, ptr uint64) *exe.Type {
	const node = "sync.node"
	// This is asked of each object, and hardly any is one.
	if t == nil || !strings.Contains(t.Name, node) || baseName(t) != node {
		return t
	}
	kind := "indirect"
	if isEntry, _ := n.uintAt(ptr, 1); isEntry != 0 {
		kind = "entry"
	}
	_, args, _ := strings.Cut(t.Name, "[")
	name := "internal/sync." + kind + "[" + args
	if actual := n.Exe.TypeNamed(name); actual != nil {
		return actual
	}
	// The type arguments of a sync.Map may be known by their shape only.
	const any = "interface {}"
	if actual := n.Exe.TypeNamed(strings.ReplaceAll(name, any, shapeMark+any)); actual != nil {
		return actual
	}
	return t
}

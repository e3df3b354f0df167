package names

import (
	"reflect"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// dynamicType returns the type that the first word of an interface tells: it is
// a descriptor of a type, or an itab.
func (n *Namer) dynamicType(addr uint64) *exe.Type {
	w := n.wordAt(addr)
	if w == 0 {
		return nil
	}
	d := n.Heap.Dump
	if t, ok := d.Itabs[w]; ok {
		w = t
	}
	if t := n.Exe.Type(w); t != nil {
		return t
	}
	if r, ok := d.Types[w]; ok { // without an executable, its name at least
		name := r.Name
		if pkg, cut := strings.CutSuffix(name, "."); cut {
			name = "*" + pkg + ".?" // the dump has no names of pointers that have methods
		}
		return &exe.Type{Name: name, Size: r.Size}
	}
	return nil
}

// asserted names the value of type t in an interface whose second word is at
// slot: the value itself if it is one pointer, or else a pointer to it.
func (n *Namer) asserted(t *exe.Type, slot, ptr uint64) (after string, v View) {
	text, ok := n.asserts[t]
	if !ok {
		text = ".(" + n.Short(t.Name) + ")"
		if isContext[strings.TrimPrefix(Short(t.Name), "*")] {
			text = "" // a link of a chain of contexts
		}
		if n.asserts == nil {
			n.asserts = make(map[*exe.Type]string)
		}
		n.asserts[t] = text
	}
	if !n.isPointer(t) {
		return text, View{addr: ptr, typ: t}
	}
	l := n.leaf(t, 0)
	after, v = n.target(l.typ, slot, slot, ptr)
	return text + l.text + after, v
}

// isContext are the types of contexts.
var isContext = map[string]bool{
	"context.cancelCtx": true, "context.timerCtx": true, "context.valueCtx": true,
	"context.stopCtx": true, "context.afterFuncCtx": true, "context.withoutCancelCtx": true,
}

// isPointer says whether a value of type t is one pointer, so that interfaces
// hold it directly.
func (n *Namer) isPointer(t *exe.Type) bool {
	switch t.Kind {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return true
	case reflect.Struct, reflect.Array:
		if t.Size != n.word() {
			return false
		}
		if l := n.leaf(t, 0); l.typ != nil && l.typ != t {
			return n.isPointer(l.typ)
		}
	}
	return false
}

package names

import (
	"reflect"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// The compiler keeps no name for a pointer to a struct in the frame, but the collector has
// a record of the struct: where it is, its size, and where its pointers end. A word of it is
// no pointer variable of the function, whatever it leads to. What is lost and would do, or
// the type in the package that would, is named with a question mark.

// stackObject returns the value in the frame that the word of a root is a part of.
func (n *Namer) stackObject(r *graph.Root) (exe.StackObject, bool) {
	o, ok := n.Exe.StackObject(callSite(r.Frame), r.Frame.End(), r.Slot, n.Heap.Dump.Params.Arch)
	return o, ok && o.Size > n.word()
}

// guessPart names the lost variable that leads to a value in the frame, or is it, and the
// part of the value that the word of a root is. There must be one alone that has the
// value's size and pointers.
func (n *Namer) guessPart(r *graph.Root, o exe.StackObject) (text, sig string, v View, ok bool) {
	for _, lost := range n.Exe.Lost(callSite(r.Frame)) {
		at, is := n.seenAs(lost.Type, o)
		if !is {
			continue
		}
		ref, to := n.leavePlainAt(at, o.Addr, r.Slot, r.Ptr)
		name := strings.TrimPrefix(lost.Name, "&")
		if ok && text != name+n.Text(ref) {
			return "", "", View{}, false
		}
		text, sig, v, ok = name+n.Text(ref), name+ref.Sig(), to, true
	}
	return text, sig, v, ok
}

// guessType names a value in the frame that no variable is known for by its type, and the
// part of it that the word of a root is. There must be one struct alone in the package of
// the function that has the value's size and pointers, and what the part leads to.
func (n *Namer) guessType(r *graph.Root, o exe.StackObject) (text, sig string, v View, ok bool) {
	to := n.Heap.Find(r.Ptr)
	if to == graph.None {
		return "", "", View{}, false
	}
	for _, t := range n.structsLike(r.Frame, o) {
		ref, seen := n.leavePlainAt(View{addr: o.Addr, typ: t}, o.Addr, r.Slot, r.Ptr)
		if !n.holdsPointer(t, r.Slot-o.Addr) || seen.form == plain && (seen.typ == nil || seen.typ.Size > n.Heap.Size(to)) {
			continue
		}
		if ok {
			return "", "", View{}, false
		}
		name := "local " + n.Short(t.Name)
		text, sig, v, ok = name+n.Text(ref), name+ref.Sig(), seen, true
	}
	return text, sig, v, ok
}

// structsLike returns the structs of the package of a frame's function that a value in the
// frame may be. Many goroutines stand at one place, so what was found is kept.
func (n *Namer) structsLike(f *record.Frame, o exe.StackObject) []*exe.Type {
	key := localKey{callSite(f), o.Addr - f.End()}
	like, ok := n.structs[key]
	if !ok {
		for _, t := range n.Exe.TypesOfPackage(f.Func) {
			if _, is := n.seenAs(t, o); is && t.Kind == reflect.Struct {
				like = append(like, t)
			}
		}
		if n.structs == nil {
			n.structs = map[localKey][]*exe.Type{}
		}
		n.structs[key] = like
	}
	return like
}

// seenAs returns a view of a value in the frame that a variable of type t may be or lead to.
func (n *Namer) seenAs(t *exe.Type, o exe.StackObject) (v View, ok bool) {
	at := View{addr: o.Addr, typ: t}
	switch t.Kind {
	case reflect.Pointer:
		at.typ = t.Elem()
	case reflect.Slice:
		at.typ, at.many = t.Elem(), true
	}
	if at.typ == nil || at.typ.Size == 0 || !at.many && at.typ.Size != o.Size || o.Size%at.typ.Size != 0 {
		return View{}, false
	}
	at.len = o.Size / at.typ.Size
	last := pointerBytes(at.typ, n.word())
	return at, last > 0 && (at.len-1)*at.typ.Size+last == o.Pointers
}

// pointerBytes is where the last pointer of a value of type t ends, 0 if it has none.
func pointerBytes(t *exe.Type, word uint64) uint64 {
	switch t.Kind {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func, reflect.Slice, reflect.String:
		return word
	case reflect.Interface:
		return 2 * word
	case reflect.Struct:
		for _, f := range slices.Backward(t.Fields()) {
			if n := pointerBytes(f.Type, word); n > 0 {
				return f.Off + n
			}
		}
	case reflect.Array:
		if e := t.Elem(); e != nil && e.Size > 0 && t.Size >= e.Size {
			if n := pointerBytes(e, word); n > 0 {
				return t.Size - e.Size + n
			}
		}
	}
	return 0
}

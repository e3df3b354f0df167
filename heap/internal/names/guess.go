package names

import (
	"reflect"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
)

// The compiler keeps what it needs of a variable where it likes, and does not always
// say where. A word of a frame of which DWARF says nothing may be a variable that
// is lost there, or a field of one that was read before. If there is exactly one
// that leads to an object of that size with pointers at those places, it is named
// with a question mark.

// guess says what the word of a root probably is, and how to see what it leads to.
func (n *Namer) guess(r *graph.Root) (text, sig string, v View, ok bool) {
	if n.Exe.Level() < exe.Full {
		return "", "", View{}, false
	}
	if o, ok := n.stackObject(r); ok {
		if text, sig, v, ok = n.guessPart(r, o); !ok {
			text, sig, v, ok = n.guessType(r, o)
		}
		return text, sig, v, ok
	}
	g, ok := n.guessVariable(r)
	return g.Name, g.Name, View{addr: r.Ptr, typ: g.Type}, ok
}

// guessVariable returns the pointer that the word of a root probably is, with the type
// that it leads to.
func (n *Namer) guessVariable(r *graph.Root) (guess exe.Field, ok bool) {
	o := n.Heap.Find(r.Ptr)
	if o == graph.None || n.Heap.Addr(o) != r.Ptr {
		return guess, false
	}
	pc := callSite(r.Frame)
	lost := n.Exe.Lost(pc)
	if guess, ok = only(lost, func(t *exe.Type) bool { return fits(t.Size, n.Heap.Size(o)) }); ok {
		return guess, true
	}
	offs := n.Heap.PointerOffsets(o)
	same := func(t *exe.Type) bool { return n.hasShape(t, n.Heap.Size(o), offs) }
	if guess, ok = only(lost, same); ok || len(offs) < leastShape {
		return guess, ok
	}
	return only(fieldsOf(n.Exe.Variables(pc)), same)
}

// What does not escape lies in the frame: a struct, the map in it, and the entries of
// the map, none of which DWARF tells of if the variable that leads there is lost.

// maxWithin bounds how many variables are named for one word.
const maxWithin = 3

// within names the lost variables whose types lead to an object such as the one of a
// root, and by which fields they do: "r.m[…] or s". It is "" if there are none, or too
// many.
func (n *Namer) within(r *graph.Root) string {
	o := n.Heap.Find(r.Ptr)
	if o == graph.None || n.Heap.Addr(o) != r.Ptr || n.Exe.Level() < exe.Full {
		return ""
	}
	offs, size := n.Heap.PointerOffsets(o), n.Heap.Size(o)
	_, isPart := n.stackObject(r)
	var found []string
	for _, v := range n.Exe.Lost(callSite(r.Frame)) {
		w := typeWalk{wanted: func(t *exe.Type) bool { return n.hasShape(t, size, offs) }}
		w.walk(v.Type, v.Name, 0)
		if isPart { // and not the variable itself
			w.found = slices.DeleteFunc(w.found, func(name string) bool { return name == v.Name })
		}
		found = append(found, w.found...)
	}
	slices.Sort(found)
	if found = slices.Compact(found); len(found) > maxWithin {
		return ""
	}
	return strings.Join(found, " or ")
}

// typeWalk looks for what a type leads to.
type typeWalk struct {
	wanted func(*exe.Type) bool
	seen   map[*exe.Type]bool
	found  []string
}

// walk goes through what a value of type t, which is called name, leads to.
func (w *typeWalk) walk(t *exe.Type, name string, depth int) {
	const maxDepth, maxTypes = 5, 200
	if t == nil || depth > maxDepth || w.seen[t] || len(w.seen) > maxTypes {
		return
	}
	if w.seen == nil {
		w.seen = map[*exe.Type]bool{}
	}
	w.seen[t] = true
	switch t.Kind {
	case reflect.Pointer:
		if e := t.Elem(); e != nil && w.wanted(e) {
			w.found = append(w.found, name)
			return
		}
		w.walk(t.Elem(), name, depth+1)
	case reflect.Slice, reflect.Array, reflect.Map:
		w.walk(t.Elem(), name+"[…]", depth+1)
	case reflect.Struct:
		for _, f := range t.Fields() {
			w.walk(f.Type, name+"."+f.Name, depth+1)
		}
	}
}

// leastShape is how many pointers an object must have for their places to tell it
// from others.
const leastShape = 2

// only returns the only one of some variables that is a pointer to a type which is
// wanted, with that type.
func only(vars []exe.Field, wanted func(*exe.Type) bool) (found exe.Field, ok bool) {
	for _, v := range vars {
		if v.Type.Kind != reflect.Pointer || v.Type.Elem() == nil || !wanted(v.Type.Elem()) {
			continue
		}
		if ok && found.Name != v.Name {
			return exe.Field{}, false
		}
		found, ok = exe.Field{Name: v.Name, Type: v.Type.Elem()}, true
	}
	return found, ok
}

// fieldsOf is some variables with the fields of those that are structs or lead to
// one.
func fieldsOf(vars []exe.Field) []exe.Field {
	all := slices.Clone(vars)
	for _, v := range vars {
		t := v.Type
		if t.Kind == reflect.Pointer && t.Elem() != nil {
			t = t.Elem()
		}
		for _, f := range t.Fields() {
			all = append(all, exe.Field{Name: strings.TrimPrefix(v.Name, "&") + "." + f.Name, Type: f.Type})
		}
	}
	return all
}

// hasShape says whether an object of some size with pointers at some places may be
// a value of type t.
func (n *Namer) hasShape(t *exe.Type, size uint64, offs []uint64) bool {
	if t.Kind != reflect.Struct || !fits(t.Size, size) {
		return false
	}
	shape, ok := n.shapes[t]
	if !ok {
		shape = pointersIn(t, 0, n.word(), nil)
		if n.shapes == nil {
			n.shapes = map[*exe.Type][]uint64{}
		}
		n.shapes[t] = shape
	}
	return slices.Equal(shape, offs)
}

// maxShape bounds the places of a shape.
const maxShape = 1 << 10

// pointersIn appends where a value of type t, at an offset, has pointers.
func pointersIn(t *exe.Type, off, word uint64, offs []uint64) []uint64 {
	if len(offs) >= maxShape {
		return offs
	}
	switch t.Kind {
	case reflect.Pointer, reflect.UnsafePointer, reflect.Map, reflect.Chan, reflect.Func, reflect.Slice, reflect.String:
		return append(offs, off)
	case reflect.Interface:
		return append(offs, off, off+word)
	case reflect.Struct:
		for _, f := range t.Fields() {
			offs = pointersIn(f.Type, off+f.Off, word, offs)
		}
	case reflect.Array:
		if e := t.Elem(); e != nil && e.Size > 0 {
			for at := uint64(0); at < t.Size && len(offs) < maxShape; at += e.Size {
				offs = pointersIn(e, off+at, word, offs)
			}
		}
	}
	return offs
}

// fits says whether something of some size would get a slot of another.
func fits(size, slot uint64) bool {
	const large, page = 32 << 10, 8 << 10
	return size > 0 && size <= slot && (slot <= size+size/7+16 || slot > large && slot < size+page)
}

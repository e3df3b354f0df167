package names

import (
	"fmt"
	"math/bits"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
	"github.com/weakref-go/weakref/heap/internal/graph"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// What does not escape lies in the frame, and the compiler keeps no name for a variable
// that it needs no place for: for a pointer to a struct in the frame, for a map whose
// first entries lie there, for the closure of a deferred call. Their memory tells what
// they are, though.

// byMemory tells what the word of a root in a frame belongs to by the words around it:
// a closure in the frame, or the entries of a map. The frame must be readable.
func (n *Namer) byMemory(r *graph.Root) (text, sig string, v View, ok bool) {
	if !mayBeOfVariable(r) || isRuntime(r.Frame.Func) {
		return "", "", View{}, false
	}
	if c, ok := n.closureAround(r); ok {
		if isDeferWrap(c.code.name) {
			ref, v := n.untyped(r)
			name := " " + n.deferredCall(c) + "?" // nothing says how long the closure is
			return name + n.Text(ref), name + ref.Sig(), v, true
		}
		ref, v := n.leaveClosure(c, r.Slot, r.Ptr)
		return c.code.enter + n.Text(ref), c.code.enter + ref.Sig(), v, true
	}
	if m, ok := n.mapAround(r); ok {
		ref, v := n.leaveGroups(m, r.Slot, r.Ptr)
		name := " local " + n.Short(m.typ.Name)
		return name + n.Text(ref), name + ref.Sig(), v, true
	}
	return "", "", View{}, false
}

// mayBeOfVariable says whether the word of a root is a part of a variable, as the compiler
// knows, or lies where a pointer into the frame leads, which is likely. Other words may
// well be left-overs.
func mayBeOfVariable(r *graph.Root) bool {
	return r.Kind <= graph.Word || r.Kind == graph.StackObject
}

// closureAround finds a closure in the frame that captures the word of a root: it begins
// with the address of code that captures something at that place, and a word of the
// goroutine leads to it.
func (n *Namer) closureAround(r *graph.Root) (View, bool) {
	const most = 32 // captured words
	for at := r.Slot - n.word(); at >= r.Frame.SP && r.Slot-at <= most*n.word(); at -= n.word() {
		pc := n.wordAt(at)
		if _, entry, ok := n.Exe.Func(pc); !ok || entry != pc {
			continue
		}
		v := n.closure(at)
		if v.form != closure {
			continue
		}
		captures := isDeferWrap(v.code.name) || slices.ContainsFunc(v.code.fields, func(f exe.Field) bool { return r.Slot-at-f.Off < f.Type.Size })
		if captures && n.leadsInto(r, at) {
			return v, true
		}
	}
	return View{}, false
}

// isDeferWrap says whether a function is one that the compiler makes for a deferred call
// with arguments. DWARF does not say what it captures.
func isDeferWrap(fn string) bool { return strings.Contains(fn, ".deferwrap") }

// deferredCall names such a call by its line.
func (n *Namer) deferredCall(v View) string {
	if file, line := n.Exe.Line(n.wordAt(v.addr)); file != "" {
		return fmt.Sprintf("deferred call (%s:%d)", filepath.Base(file), line)
	}
	return "deferred call"
}

// leadsInto says whether a word of the frame of a root, or of one that it has called,
// leads to an address.
func (n *Namer) leadsInto(r *graph.Root, addr uint64) bool {
	for i := range r.Goroutine.Frames[:frameIndex(r)+1] {
		for b := r.Goroutine.Frames[i].Contents; uint64(len(b)) >= n.word(); b = b[n.word():] {
			if n.Heap.Dump.Memory.Word(b) == addr {
				return true
			}
		}
	}
	return false
}

// mapAround finds the map in the frame to whose entries the word of a root belongs: its
// header leads to them and counts as many as there are. The code of the function tells
// its type, if that uses just one which is possible.
func (n *Namer) mapAround(r *graph.Root) (View, bool) {
	used, dir, length, ok := n.mapFields()
	if !ok {
		return View{}, false
	}
	var found *exe.Type
	var group uint64
	for at := r.Frame.SP; at+dir.Off+n.word() <= r.Frame.End(); at += n.word() {
		g := n.wordAt(at + dir.Off)
		if g < r.Frame.SP || g >= r.Slot || n.wordAt(at+length.Off) != 0 {
			continue
		}
		if count, ok := n.uintAt(at+used.Off, 8); !ok || !n.hasEntries(g, count) {
			continue
		}
		for _, t := range n.mapTypes(r.Frame) {
			if v := (View{addr: g, typ: t, form: mapGroups}); r.Slot-g < t.Group().Size && n.isPointerIn(v, r.Slot) {
				if found != nil && found.Name != t.Name {
					return View{}, false
				}
				found, group = t, g
			}
		}
	}
	return View{addr: group, typ: found, form: mapGroups}, found != nil
}

// mapFields returns the fields of the header of a map.
func (n *Namer) mapFields() (used, dir, length exe.Field, ok bool) {
	t := n.Exe.TypeNamed("internal/runtime/maps.Map")
	if t == nil {
		return used, dir, length, false
	}
	used, ok1 := t.Field("used")
	dir, ok2 := t.Field("dirPtr")
	length, ok3 := t.Field("dirLen")
	return used, dir, length, ok1 && ok2 && ok3
}

// hasEntries says whether the control word of a group says that so many entries are
// there: the highest bit of a byte is set where there is none.
func (n *Namer) hasEntries(group, count uint64) bool {
	const none = 0x8080808080808080
	ctrl, ok := n.uintAt(group, 8)
	return ok && count > 0 && uint64(bits.OnesCount64(^ctrl&none)) == count
}

// mapTypes is the types of maps that the code of a frame uses.
func (n *Namer) mapTypes(f *record.Frame) (types []*exe.Type) {
	for _, t := range n.Exe.TypesUsed(callSite(f), n.Heap.Dump.Params.Arch) {
		if t.Kind == reflect.Map && t.Key() != nil && t.Group() != nil && t.Group().Size > 0 {
			types = append(types, t)
		}
	}
	return types
}

// isPointerIn says whether a word of a group of entries may be a pointer.
func (n *Namer) isPointerIn(v View, slot uint64) bool {
	e, ok := n.entry(v, slot)
	return ok && n.holdsPointer(e.typ, slot-e.addr)
}

package names

import (
	"fmt"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// methodSuffix ends the names of functions that the compiler makes for method
// values.
const methodSuffix = "-fm"

// enterClosure names a closure.
func (n *Namer) enterClosure(ptr uint64) (Ref, View) {
	v := n.closure(ptr)
	if v.form != closure {
		return Ref{}, v
	}
	if method, ok := strings.CutSuffix(v.fn, methodSuffix); ok {
		return same(" → method value " + Short(method)), v
	}
	return same(" → func " + Short(v.fn)), v
}

// closure is a view of the closure at ptr: its first word is the code. If it is
// not, it is none.
func (n *Namer) closure(ptr uint64) View {
	pc := n.wordAt(ptr)
	name, entry, ok := n.Exe.Func(pc)
	if !ok || entry != pc {
		return View{addr: ptr}
	}
	return View{addr: ptr, form: closure, fn: name, typ: n.captured(pc, name)}
}

// captured is a struct of the captured variables of a function, nil if they are
// not known.
func (n *Namer) captured(pc uint64, name string) *exe.Type {
	t, ok := n.closures[pc]
	if !ok {
		t = n.captures(pc, name)
		if n.closures == nil {
			n.closures = make(map[uint64]*exe.Type)
		}
		n.closures[pc] = t
	}
	return t
}

func (n *Namer) captures(pc uint64, name string) *exe.Type {
	list := n.Exe.Captured(pc)
	if method, ok := strings.CutSuffix(name, methodSuffix); ok && len(list) == 0 {
		if t := n.receiver(method); t != nil {
			list = []exe.Field{{Name: "receiver", Off: n.word(), Type: t}}
		}
	}
	if len(list) == 0 {
		return nil
	}
	return exe.NewStruct(name, 1<<20, list)
}

// receiver is the type of the receiver of a method: a pointer in "pkg.(*T).m",
// a value in "pkg.T.m".
func (n *Namer) receiver(method string) *exe.Type {
	recv := method[:max(strings.LastIndexByte(method, '.'), 0)]
	if pkg, name, ok := strings.Cut(recv, ".(*"); ok {
		return n.Exe.TypeNamed("*" + pkg + "." + strings.TrimSuffix(name, ")"))
	}
	return n.Exe.TypeNamed(recv)
}

// leaveClosure names a captured variable.
func (n *Namer) leaveClosure(v View, slot, ptr uint64) (Ref, View) {
	off := slot - v.addr
	for _, f := range fields(v.typ) {
		if off-f.Off >= f.Type.Size {
			continue
		}
		l := n.leaf(f.Type, off-f.Off)
		ref := same(" captures " + strings.TrimPrefix(f.Name, "&")).plus(n.leafRef(l, v.addr+f.Off))
		if f.Name == "receiver" {
			ref = same(" bound to receiver").plus(n.leafRef(l, v.addr+f.Off))
		}
		suffix, next := n.target(l.typ, v.addr+f.Off+l.off, slot, ptr)
		next.captured = suffix == Ref{} && l.text == "" && !strings.HasPrefix(f.Name, "&")
		return ref.plus(suffix), next
	}
	what := "captures"
	if strings.HasSuffix(v.fn, methodSuffix) {
		what = "bound to"
	}
	return same(fmt.Sprintf(" %s offset %d", what, off)), n.arrive(ptr)
}

func fields(t *exe.Type) []exe.Field {
	if t == nil {
		return nil
	}
	return t.Fields()
}

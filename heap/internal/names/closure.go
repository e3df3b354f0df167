package names

import (
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// methodSuffix ends the names of functions that the compiler makes for method
// values.
const methodSuffix = "-fm"

// code is the code of a closure.
type code struct {
	name   string
	enter  string // how to say that there is a closure of it
	fields []exe.Field
	leave  []string // how to say that it captures each of the fields
}

// enterClosure names a closure.
func (n *Namer) enterClosure(ptr uint64) (after string, v View) {
	v = n.closure(ptr)
	if v.form != closure {
		return "", v
	}
	return v.code.enter, v
}

// closure is a view of the closure at ptr: its first word is the code. If it is
// not, it is none.
func (n *Namer) closure(ptr uint64) View {
	pc := n.wordAt(ptr)
	c, ok := n.closures[pc]
	if !ok {
		c = n.codeAt(pc)
		if n.closures == nil {
			n.closures = make(map[uint64]*code)
		}
		n.closures[pc] = c
	}
	if c == nil {
		return View{addr: ptr}
	}
	return View{addr: ptr, form: closure, code: c}
}

// codeAt returns the code that begins at pc, or nil.
func (n *Namer) codeAt(pc uint64) *code {
	name, entry, ok := n.Exe.Func(pc)
	if !ok || entry != pc {
		return nil
	}
	c := &code{name: name, enter: " → func " + n.Short(name), fields: n.Exe.Captured(pc)}
	method, isMethod := strings.CutSuffix(name, methodSuffix)
	if isMethod {
		c.enter = " → method value " + n.Short(method)
		if t := n.receiver(method); t != nil {
			c.fields = []exe.Field{{Name: "receiver", Off: n.word(), Type: t}}
		}
	}
	for _, f := range c.fields {
		verb := " captures "
		if isMethod {
			verb = " bound to "
		}
		c.leave = append(c.leave, verb+strings.TrimPrefix(f.Name, "&"))
	}
	return c
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
func (n *Namer) leaveClosure(v View, slot, ptr uint64) (ref Ref, next View) {
	off := slot - v.addr
	for i, f := range v.code.fields {
		if off-f.Off >= f.Type.Size {
			continue
		}
		ref = Ref{before: v.code.leave[i], leaf: n.leaf(f.Type, off-f.Off), base: v.addr + f.Off}
		ref.after, next = n.leave(ref.leaf, ref.base, slot, ptr)
		next.captured = ref.after == "" && ref.leaf.text == "" && !strings.HasPrefix(f.Name, "&")
		return ref, next
	}
	ref = Ref{before: " captures", elem: element{kind: offsetCaptured, i: int64(off)}}
	if strings.HasSuffix(v.code.name, methodSuffix) {
		ref.before = " bound to"
	}
	return ref, n.arrive(ptr)
}

// Variables returns the package variables that the code of the func at an address
// uses. Without symbols it is not known where they begin and end: then it is the
// words that are used.
func (n *Namer) Variables(fn uint64) (vars []exe.Var) {
	for _, addr := range n.Exe.References(n.wordAt(fn), n.Heap.Dump.Params.Arch) {
		if v, ok := n.Exe.Global(addr); ok {
			vars = append(vars, v)
		} else if n.Exe.Level() < exe.Symbols {
			vars = append(vars, exe.Var{Addr: addr, Size: n.word()})
		}
	}
	return vars
}

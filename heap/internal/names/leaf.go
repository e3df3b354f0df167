package names

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// place is an offset in a value of a type.
type place struct {
	typ *exe.Type
	off uint64
}

// leaf is the innermost part of a value that covers an offset: what is left when
// all structs and arrays have been entered.
type leaf struct {
	text string    // ".fn", "[3].next"
	sig  string    // the same without indexes: ".fn", "[].next"
	typ  *exe.Type // nil if it is not known
	off  uint64    // where it begins
	key  *keyed    // if the text ends in a key that lies beside the part

	quiet bool   // do not show indexes
	to    string // if it is an unsafe.Pointer, the type that it leads to, as far as that is known
}

// keyed is a key beside a part.
type keyed struct {
	before, after string // around it: "[" and "]"
	off           uint64 // where it is
	typ           *exe.Type
	weak          bool // it is a handle: a pointer to the address of what is meant
}

// maxNesting is deeper than any type of a real program.
const maxNesting = 100

// leaf finds the part of a value of type t that covers an offset.
func (n *Namer) leaf(t *exe.Type, off uint64) *leaf {
	at := place{t, off}
	if l, ok := n.leaves[at]; ok {
		return l
	}
	l := &leaf{typ: t}
	for range maxNesting {
		if l.typ == nil || !l.enter(off-l.off) {
			break
		}
	}
	if n.leaves == nil {
		n.leaves = make(map[place]*leaf)
	}
	n.leaves[at] = l
	return l
}

// enter goes on to the field or element at an offset of the part. It reports
// whether there is one.
func (l *leaf) enter(off uint64) bool {
	switch l.typ.Kind {
	case reflect.Struct:
		if target := atomicPointer(l.typ); target != nil {
			l.typ = target
			return false
		}
		return l.enterStruct(off)
	case reflect.Array:
		e := l.typ.Elem()
		if e == nil || e.Size == 0 {
			l.typ = nil
			return false
		}
		if !l.quiet {
			l.text += fmt.Sprintf("[%d]", off/e.Size)
			l.sig += "[]"
		}
		l.typ = e
		l.off += off / e.Size * e.Size
		return true
	}
	return false
}

func (l *leaf) enterStruct(off uint64) bool {
	for _, f := range l.typ.Fields() {
		if off-f.Off >= f.Type.Size {
			continue
		}
		text := "." + f.Name
		if special, ok := specials[baseName(l.typ)][f.Name]; ok {
			text = special.text
			l.quiet = l.quiet || special.quiet
			if k := l.keyed(special); k != nil {
				l.key = k
			}
			if special.to {
				l.to = typeArgument(l.typ)
			}
			if special.leadsTo != "" {
				l.to = special.leadsTo
			}
		}
		l.text += text
		l.sig += text
		l.typ = f.Type
		l.off += f.Off
		return true
	}
	text := fmt.Sprintf(".(offset %d)", off)
	l.text += text
	l.sig += text
	l.typ = nil
	return false
}

func (l *leaf) keyed(s special) *keyed {
	f, ok := l.typ.Field(s.key)
	if !ok {
		return nil
	}
	return &keyed{s.before, s.after, l.off + f.Off, f.Type, s.weak}
}

// typeArgument is the name of the only type argument of a type.
func typeArgument(t *exe.Type) string {
	_, args, _ := strings.Cut(t.Name, "[")
	return strings.TrimSuffix(args, "]")
}

// special says how to show a field of the standard library, or of this module's
// containers, that would read badly: not at all, or by a key that lies beside it.
type special struct {
	text          string
	key           string // the field that holds the key
	before, after string // around the key
	weak          bool   // the key is a handle of this module
	quiet         bool
	to            bool   // it is an unsafe.Pointer to the type argument of its struct
	leadsTo       string // it is an unsafe.Pointer to an array of this type
}

// specials are such fields, by their type, without its arguments, and their name.
var specials = map[string]map[string]special{
	"sync.Map":                 {"m": {}},
	"sync.Pool":                {"local": {text: " (pooled)", leadsTo: poolLocal}, "victim": {text: " (pooled)", leadsTo: poolLocal}},
	"sync.poolLocal":           {"poolLocalInternal": {}},
	"sync.poolLocalInternal":   {"private": {}, "shared": {}},
	"sync.poolChain":           {"head": {}, "tail": {}},
	"sync.poolChainElt":        {"poolDequeue": {}, "next": {}, "prev": {}},
	"sync.poolDequeue":         {"vals": {}},
	"sync.HashTrieMap":         {"root": {}},
	"sync.indirect":            {"children": {quiet: true}},
	"sync.entry":               {"value": {key: "key", before: "[", after: "]"}, "key": {text: "[key]"}, "overflow": {}},
	"atomic.Value":             {"v": {}},
	"context.cancelCtx":        {"Context": {}},
	"context.timerCtx":         {"cancelCtx": {}},
	"context.afterFuncCtx":     {"cancelCtx": {}},
	"context.stopCtx":          {"Context": {}},
	"context.withoutCancelCtx": {"c": {}},
	"context.valueCtx":         {"Context": {}, "val": {key: "key", before: ".Value(", after: ")"}},

	"lazy.Value":          {"p": {}},
	"weakref.KeyMap":      {"state": {}},
	"weakref.ValueMap":    {"state": {}},
	"weakref.Set":         {"state": {}},
	"weakref.Interner":    {"state": {}},
	"weakref.keyState":    {"addrTable": {}},
	"weakref.valueState":  {"table": {}},
	"weakref.setState":    {"addrTable": {}},
	"weakref.internState": {"table": {}},
	"weakref.addrTable":   {"table": {}},
	"weakref.beside":      {"value": {to: true}},
	"table.Table":         {"dir": {}},
	"table.directory":     {"only": {}, "entries": {quiet: true}},
	"table.pointer":       {"first": {}, "segment": {}},
	"table.segment":       {"groups": {}},
	"table.group":         {"slots": {quiet: true}, "next": {}},
	"table.Slot":          {"Side": {key: "ref", before: "[weak ", after: "]", weak: true}},
}

// poolLocal is what a sync.Pool has an array of, one for each processor.
const poolLocal = "sync.poolLocal"

// isArrayOf says whether a type is that of the groups of this module's weak
// tables. A pointer to one leads to an array of them.
func isArrayOf(t *exe.Type) bool {
	return t != nil && t.Name == poolLocal || t != nil && strings.HasPrefix(t.Name, "github.com/weakref-go/weakref/internal/table.group[")
}

// baseName is the short name of a type without type arguments.
func baseName(t *exe.Type) string {
	name, _, _ := strings.Cut(t.Name, "[")
	return Short(name)
}

// atomicPointer returns the type of pointer that a sync/atomic.Pointer holds:
// its first field is an array of none of them.
func atomicPointer(t *exe.Type) *exe.Type {
	if baseName(t) != "atomic.Pointer" {
		return nil
	}
	if fields := t.Fields(); len(fields) > 0 {
		return fields[0].Type.Elem()
	}
	return nil
}

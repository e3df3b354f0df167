package names

import (
	"fmt"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// Ref is how a reference reads. It is put into words only when it is asked for:
// a census of a heap sees millions of them.
type Ref struct {
	before string  // " captures s", " → *T", or what is always the same
	elem   element // "[4]"
	leaf   *leaf   // ".fn"
	base   uint64  // where the value is that leaf is a part of
	after  string  // ".(T)", " → func f"
}

// element names an element of an array, an entry of a map or a word of an object
// of unknown type.
type element struct {
	kind elementKind
	i    int64     // index or offset
	len  uint64    // of the slice
	typ  *exe.Type // of the key
	addr uint64    // of the key
}

type elementKind uint8

const (
	noElement elementKind = iota
	inSlice
	beforeSlice // what is outside a slice is held by its array all the same, which is a leak of its own
	beyondSlice
	mapElem
	mapKey
	unknownEntry
	offsetInObject
	offsetCaptured
)

// same is a Ref that always reads the same.
func same(text string) Ref { return Ref{before: text} }

// Text is what the reference adds to the expression: ".fn", "[4].next".
func (n *Namer) Text(r Ref) string {
	text := r.before + n.elementText(r.elem)
	if r.leaf != nil {
		text += r.leaf.text
		if k := r.leaf.key; k != nil {
			text += k.before + n.keyText(k, r.base+k.off) + k.after
		}
	}
	return text + r.after
}

func (n *Namer) keyText(k *keyed, addr uint64) string {
	if k.weak {
		return fmt.Sprintf("%#x", n.wordAt(n.wordAt(addr)))
	}
	return n.literal(k.typ, addr)
}

func (n *Namer) elementText(e element) string {
	switch e.kind {
	case inSlice:
		return fmt.Sprintf("[%d]", e.i)
	case beforeSlice:
		return fmt.Sprintf("[%d, before the start]", e.i)
	case beyondSlice:
		return fmt.Sprintf("[%d, beyond the length %d]", e.i, e.len)
	case mapElem:
		return "[" + n.literal(e.typ, e.addr) + "]"
	case mapKey:
		return "[key " + n.literal(e.typ, e.addr) + "]"
	case unknownEntry:
		return "[?]"
	case offsetInObject:
		return fmt.Sprintf(".(offset %d)", e.i)
	case offsetCaptured:
		return fmt.Sprintf(" offset %d", e.i)
	}
	return ""
}

// Sig is the text without indexes, keys and addresses: what is the same for two
// references of one kind.
func (r Ref) Sig() string {
	sig := r.before + elementSigs[r.elem.kind]
	if r.leaf != nil {
		sig += r.leaf.sig
		if k := r.leaf.key; k != nil {
			sig += k.before + k.after
		}
	}
	return sig + r.after
}

// UnknownSig is the Sig of a reference from an object of unknown type.
const UnknownSig = ".(offset)"

var elementSigs = [...]string{
	inSlice: "[]", beforeSlice: "[before the start]", beyondSlice: "[beyond the length]",
	mapElem: "[]", mapKey: "[key]", unknownEntry: "[]", offsetInObject: UnknownSig, offsetCaptured: " offset",
}

// Kind tells references of one kind from others, and is faster to get than Sig.
type Kind struct {
	before, after string
	elem          elementKind
	leaf          *leaf
}

// Kind is the kind of the reference.
func (r Ref) Kind() Kind { return Kind{r.before, r.after, r.elem.kind, r.leaf} }

package names

import (
	"reflect"

	"github.com/weakref-go/weakref/heap/internal/exe"
)

// A map (internal/runtime/maps, since Go 1.24) is a header whose pointer leads to
// one group of eight entries as long as it is small, and to a directory of tables
// when it has grown. A table has one pointer, to an array of groups:
//
//	header ─▶ group
//	header ─▶ directory ─▶ table ─▶ groups
//
// What a group looks like is told by its type: it has a field slots, an array of
// key and elem, or two arrays keys and elems.

// enterMap follows the pointer of a header, which the length of the directory
// comes after. It is zero for a small map.
func (n *Namer) enterMap(v View, slot, ptr uint64) View {
	next := View{addr: ptr, typ: v.typ, form: mapDirectory}
	if n.wordAt(slot+n.word()) == 0 {
		next.form = mapGroups
	}
	return next
}

// leaveGroups names a pointer in a key or an element of a map.
func (n *Namer) leaveGroups(v View, slot, ptr uint64) (ref Ref, next View) {
	e, ok := n.entry(v, slot)
	if !ok {
		return Ref{elem: element{kind: unknownEntry}}, n.arrive(ptr)
	}
	ref = Ref{leaf: n.leaf(e.typ, slot-e.addr), base: e.addr}
	ref.elem = element{kind: mapElem, typ: e.keyType, addr: e.key}
	if e.inKey {
		ref.elem.kind = mapKey
	}
	ref.after, next = n.leave(ref.leaf, e.addr, slot, ptr)
	return ref, next
}

// entry is a key or an element of a map.
type entry struct {
	inKey   bool
	addr    uint64    // where it is
	typ     *exe.Type // what is stored there: a pointer to it if it is large
	key     uint64    // where the key is
	keyType *exe.Type
}

// entry finds the key or element that covers an address.
func (n *Namer) entry(v View, slot uint64) (e entry, ok bool) {
	group := v.group
	if group == nil {
		group = v.typ.Group()
	}
	if group == nil || group.Size == 0 || slot < v.addr {
		return e, false
	}
	base := slot - (slot-v.addr)%group.Size
	if e, ok = pairedEntry(group, base, slot); !ok {
		if e, ok = splitEntry(group, base, slot); !ok {
			return e, false
		}
	}
	// A large key is stored as a pointer.
	if v.typ != nil && v.typ.Key() != nil && e.keyType.Kind == reflect.Pointer && v.typ.Key().Kind != reflect.Pointer {
		e.key, e.keyType = n.wordAt(e.key), v.typ.Key()
	}
	return e, true
}

// pairedEntry looks in a group of slots that each have a key and an element.
func pairedEntry(group *exe.Type, base, slot uint64) (e entry, ok bool) {
	at, pair, ok := elementOf(group, "slots", base, slot)
	if !ok {
		return e, false
	}
	key, ok1 := pair.Field("key")
	elem, ok2 := pair.Field("elem")
	if !ok1 || !ok2 {
		return e, false
	}
	e = entry{addr: at + elem.Off, typ: elem.Type, key: at + key.Off, keyType: key.Type}
	if slot-e.key < key.Type.Size {
		e.inKey, e.addr, e.typ = true, e.key, key.Type
	}
	return e, true
}

// splitEntry looks in a group of an array of keys and an array of elements.
func splitEntry(group *exe.Type, base, slot uint64) (e entry, ok bool) {
	keys, ok := group.Field("keys")
	if !ok || keys.Type.Elem() == nil {
		return e, false
	}
	e.keyType = keys.Type.Elem()
	if at, t, ok := elementOf(group, "keys", base, slot); ok {
		return entry{true, at, t, at, t}, true
	}
	at, t, ok := elementOf(group, "elems", base, slot)
	if !ok {
		return e, false
	}
	elems, _ := group.Field("elems")
	i := (at - base - elems.Off) / t.Size
	e.addr, e.typ, e.key = at, t, base+keys.Off+i*e.keyType.Size
	return e, true
}

// elementOf returns the address and type of the element of an array, a field of
// the value of type t at base, that covers slot.
func elementOf(t *exe.Type, field string, base, slot uint64) (uint64, *exe.Type, bool) {
	f, ok := t.Field(field)
	if !ok || slot-base-f.Off >= f.Type.Size {
		return 0, nil, false
	}
	e := f.Type.Elem()
	if e == nil || e.Size == 0 {
		return 0, nil, false
	}
	off := slot - base - f.Off
	return base + f.Off + off - off%e.Size, e, true
}

// leaveChannel names a pointer of a channel. Elements with pointers are in a
// buffer of their own, to which the third word leads.
func (n *Namer) leaveChannel(v View, slot, ptr uint64) (Ref, View) {
	if slot-v.addr == 2*n.word() {
		return same(" buffer"), View{addr: ptr, typ: v.typ.Elem(), many: true, len: unknownLen}
	}
	if t := n.Exe.TypeNamed("runtime.hchan"); t != nil && slot-v.addr < t.Size {
		return n.leavePlainAt(View{addr: v.addr, typ: t}, v.addr, slot, ptr)
	}
	return Ref{before: ".(channel)", elem: element{kind: offsetInObject, i: int64(slot - v.addr)}}, n.arrive(ptr)
}

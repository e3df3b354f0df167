package exe

import (
	"encoding/binary"
	"reflect"
)

// rtypes reads the type descriptors of a program (internal/abi.Type), which
// package reflect needs and no linker flag removes.
type rtypes struct {
	img    *image
	lo, hi uint64
	b      []byte // the memory from lo on
	cache  map[uint64]*Type
}

func newRtypes(img *image, m module) *rtypes {
	b := img.from(m.types)
	if b == nil || m.etypes < m.types {
		return nil
	}
	b = b[:min(uint64(len(b)), m.etypes-m.types)]
	return &rtypes{img, m.types, m.types + uint64(len(b)), b, map[uint64]*Type{}}
}

// Layout of a descriptor, in units of a word where w is written:
//
//	size w │ pointers w │ hash 4 │ flags 1 │ align 1 │ field align 1 │ kind 1 │ equal w │ gc data w │ name 4 │ pointer to this 4
type layout struct{ kind, name, end uint64 }

func (r *rtypes) layout() layout {
	w := r.img.ptrSize
	return layout{kind: 2*w + 7, name: 4*w + 8, end: 4*w + 16}
}

// at returns the type whose descriptor is at an address, or nil if what is there
// does not look like one.
func (r *rtypes) at(addr uint64) *Type {
	if r == nil || addr < r.lo || addr >= r.hi || addr%r.img.ptrSize != 0 {
		return nil
	}
	if t, ok := r.cache[addr]; ok {
		return t
	}
	t := r.parse(at(r.b, addr-r.lo))
	r.cache[addr] = t
	return t
}

const (
	flagExtraStar = 1 << 1 // the name has a star too many
	kindMask      = 1<<5 - 1
)

func (r *rtypes) parse(b []byte) *Type {
	l, w := r.layout(), r.img.ptrSize
	if uint64(len(b)) < l.end {
		return nil
	}
	t := &Type{Size: r.img.word(b), Kind: reflect.Kind(b[l.kind] & kindMask)}
	pointers, align := r.img.word(b[w:]), b[2*w+5]
	name, ok := r.name(uint64(r.img.uint32(b[l.name:])))
	if !ok || t.Kind == reflect.Invalid || t.Kind > reflect.UnsafePointer || pointers > t.Size || align == 0 || align&(align-1) != 0 || align > 64 {
		return nil
	}
	if b[2*w+4]&flagExtraStar != 0 && len(name) > 0 {
		name = name[1:]
	}
	t.Name = name
	if name == poolValue {
		t.Kind = reflect.Interface
	}
	rest := b[l.end:]
	t.load = func(t *Type) { r.details(t, rest) }
	return t
}

// name reads a name at an offset of the types: a byte of flags, a length, the
// bytes.
func (r *rtypes) name(off uint64) (string, bool) {
	b := at(r.b, off)
	if off == 0 || len(b) < 2 {
		return "", false
	}
	n, k := binary.Uvarint(b[1:])
	if k <= 0 || n == 0 || n > uint64(len(b)-1-k) || n > 1<<16 {
		return "", false
	}
	return string(b[1+k : 1+k+int(n)]), true
}

// details reads what follows the common part of a descriptor.
func (r *rtypes) details(t *Type, b []byte) {
	word := func(i uint64) uint64 { return r.img.wordAt(b, i) }
	switch t.Kind {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		t.elem = r.at(word(0))
	case reflect.Map:
		t.key, t.elem, t.group = r.at(word(0)), r.at(word(1)), r.at(word(2))
	case reflect.Struct: // package path, fields
		t.fields = r.fields(word(1), word(2))
	}
}

func (r *rtypes) fields(addr, n uint64) (fields []Field) {
	w := r.img.ptrSize
	b := at(r.b, addr-r.lo)
	if addr < r.lo || n > uint64(len(b))/(3*w) {
		return nil
	}
	for ; n > 0; n-- {
		if t := r.at(r.img.wordAt(b, 1)); t != nil {
			name, _ := r.name(r.img.word(b) - r.lo)
			fields = append(fields, Field{name, r.img.wordAt(b, 2), t})
		}
		b = b[3*w:]
	}
	return fields
}

package attach

import (
	"encoding/binary"
	"reflect"
	"strings"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// writeItabs writes the itabs and the types that they refer to.
func (x *extractor) writeItabs() {
	g := x.global[varItabs]
	if g == 0 {
		return
	}
	table := x.u64(g)
	const most = 1 << 22
	n := x.u64(table + x.layout.of("itabTableType.size"))
	if n > most {
		x.fail(table, 8)
		return
	}
	written := map[uint64]bool{}
	for tab := x.bytes(table+x.layout.of("itabTableType.entries"), 8*n); len(tab) >= 8; tab = tab[8:] {
		itab := le.Uint64(tab)
		if itab == 0 {
			continue
		}
		typ := x.u64(itab + x.layout.of("ITab.Type"))
		if !written[typ] {
			written[typ] = true
			x.w.Type(typ, record.Type{Size: x.u64(typ), Name: x.typeName(typ)})
		}
		x.w.Itab(itab, typ)
	}
}

func (x *extractor) flag(name string) byte { return byte(x.layout.of(name)) }

// descriptor is the common part of a type descriptor.
type descriptor struct {
	size, pointers, gcdata uint64
	flags                  byte
	kind                   reflect.Kind
	name                   int32
}

func (x *extractor) descriptor(t uint64) descriptor {
	l := x.layout
	b := x.fixed(t, l.of("Type"))
	const kindMask = 1<<5 - 1
	return descriptor{
		size: le.Uint64(b[l.of("Type.Size_"):]), pointers: le.Uint64(b[l.of("Type.PtrBytes"):]), gcdata: le.Uint64(b[l.of("Type.GCData"):]),
		flags: b[l.of("Type.TFlag")], kind: reflect.Kind(b[l.of("Type.Kind_")] & kindMask), name: int32(le.Uint32(b[l.of("Type.Str"):])),
	}
}

// typeName is the name of a type with the full import path, as the runtime writes it to
// a dump.
func (x *extractor) typeName(t uint64) string {
	d := x.descriptor(t)
	name := x.nameAt(t, d.name)
	if d.flags&x.flag("TFlagExtraStar") != 0 {
		name = strings.TrimPrefix(name, "*")
	}
	if d.flags&x.flag("TFlagUncommon") == 0 || d.flags&x.flag("TFlagNamed") == 0 {
		return name
	}
	path := x.nameAt(t, int32(x.u32(t+x.uncommon(d.kind))))
	if path == "" {
		return name
	}
	return path + "." + name[packageEnd(name):]
}

// packageEnd is where the name of a type begins behind that of its package. Type
// arguments have dots of their own.
func packageEnd(name string) int {
	depth := 0
	for i := len(name) - 1; i >= 0; i-- {
		switch c := name[i]; {
		case c == ']':
			depth++
		case c == '[':
			depth--
		case c == '.' && depth == 0:
			return i + 1
		}
	}
	return 0
}

// uncommon is where a descriptor goes on behind what is particular to its kind: with
// the import path.
func (x *extractor) uncommon(k reflect.Kind) uint64 {
	common := x.layout.of("Type")
	switch k {
	case reflect.Map:
		return x.layout.of("MapType")
	case reflect.Pointer, reflect.Slice, reflect.Func: // the element; two numbers and padding
		return common + 8
	case reflect.Chan:
		return common + 16
	case reflect.Array:
		return common + 24
	case reflect.Struct, reflect.Interface: // the package, and a slice
		return common + 32
	}
	return common
}

// nameAt returns the name at an offset of the types of a type's module: a byte of flags,
// the length, the bytes.
func (x *extractor) nameAt(typ uint64, off int32) string {
	for _, m := range x.modules {
		if typ < m.types || typ >= m.etypes {
			continue
		}
		at := m.types + uint64(off) + 1
		n, k := binary.Uvarint(x.fixed(at, 5))
		if k <= 0 || n > 1<<16 {
			return ""
		}
		return string(x.bytes(at+uint64(k), n))
	}
	return ""
}

// typeMask says which words of a type are pointers.
type typeMask struct {
	size uint64 // in bytes
	n    uint64 // words before the end of the last pointer
	mask []byte
}

// maxDepth bounds how deep types contain each other.
const maxDepth = 100

// typeMask returns the mask of a type, or nil if there is no type at the address.
func (x *extractor) typeMask(t uint64) *typeMask {
	m, ok := x.masks[t]
	if !ok {
		m = x.readTypeMask(t, 0)
		x.masks[t] = m
	}
	return m
}

func (x *extractor) readTypeMask(t uint64, depth int) *typeMask {
	const largest = 1 << 33 // of which the mask has a sixty-fourth
	if t%8 != 0 || x.peek(t) == 0 || depth > maxDepth {
		return nil
	}
	d := x.descriptor(t)
	if d.size == 0 || d.size > largest || d.pointers > d.size || d.pointers == 0 || d.pointers%8 != 0 {
		return nil
	}
	m := &typeMask{size: d.size, n: d.pointers / 8}
	bytes := (m.n + 7) / 8
	switch {
	case d.flags&x.flag("TFlagGCMaskOnDemand") == 0:
		m.mask = x.bytes(d.gcdata, bytes)
	default:
		// The runtime makes the mask when it needs it, and leaves it there.
		if p := x.u64(d.gcdata); p != 0 && p != x.global[varInProgress] && x.global[varInProgress] != 0 {
			m.mask = x.bytes(p, bytes)
			break
		}
		m.mask = make([]byte, bytes)
		x.buildMask(t, d, m.mask, 0, depth)
	}
	return m
}

// buildMask enters the pointers of an array or struct in a mask, from a word on.
func (x *extractor) buildMask(t uint64, d descriptor, dst []byte, at uint64, depth int) {
	rest := t + x.layout.of("Type")
	switch {
	case d.pointers == 0 || depth > maxDepth:
	case d.flags&x.flag("TFlagGCMaskOnDemand") == 0:
		x.readTypeMask(t, depth+1).enter(dst, at)
	case d.kind == reflect.Array: // element, slice, length
		elem, n := x.readTypeMask(x.u64(rest), depth+1), x.u64(rest+16)
		for i := uint64(0); elem != nil && i < n && at/8 < uint64(len(dst)); i++ {
			elem.enter(dst, at)
			at += elem.size / 8
		}
	case d.kind == reflect.Struct: // package, fields: name, type, offset
		fields, n := x.u64(rest+8), x.u64(rest+16)
		for i := uint64(0); i < min(n, 1<<16); i++ {
			f := fields + 24*i
			typ := x.u64(f + 8)
			x.buildMask(typ, x.descriptor(typ), dst, at+x.u64(f+16)/8, depth+1)
		}
	}
}

// enter copies a mask into another one, from a word on.
func (m *typeMask) enter(dst []byte, at uint64) {
	for i := uint64(0); m != nil && i < m.n; i++ {
		if m.mask[i/8]>>(i%8)&1 != 0 && (at+i)/8 < uint64(len(dst)) {
			dst[(at+i)/8] |= 1 << ((at + i) % 8)
		}
	}
}

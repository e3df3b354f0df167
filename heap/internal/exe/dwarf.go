package exe

import (
	"debug/dwarf"
	"encoding/binary"
	"reflect"
	"sort"
)

// Attributes of DWARF that the Go linker adds.
const (
	attrKind          = dwarf.Attr(0x2900) // reflect.Kind
	attrKey           = dwarf.Attr(0x2901)
	attrElem          = dwarf.Attr(0x2902)
	attrRuntimeType   = dwarf.Attr(0x2904) // where the descriptor is
	attrClosureOffset = dwarf.Attr(0x2907) // of a captured variable in its closure
)

// debugInfo is what DWARF tells. The places of everything are collected once;
// what is found there is decoded when it is asked for.
type debugInfo struct {
	img     *image
	data    *dwarf.Data
	globals map[uint64]dwarf.Offset // by address: the type
	rtypes  map[uint64]dwarf.Offset // by address of the descriptor
	byName  map[string]dwarf.Offset // types
	funcs   []*debugFunc            // by address

	cache    map[dwarf.Offset]*Type
	addrs    []byte // .debug_addr
	lists    []byte // .debug_loclists, or .debug_loc before version 5
	version5 bool
}

// debugFunc is a function.
type debugFunc struct {
	lo, hi uint64
	unit   *dwarf.Entry
	offset dwarf.Offset
	vars   []variable // once they are loaded
	loaded bool
}

func newDebugInfo(img *image, m module) *debugInfo {
	data, err := img.dwarf()
	if err != nil {
		return nil
	}
	d := &debugInfo{
		img: img, data: data,
		globals: map[uint64]dwarf.Offset{}, rtypes: map[uint64]dwarf.Offset{}, byName: map[string]dwarf.Offset{},
		cache: map[dwarf.Offset]*Type{},
		addrs: img.debug("addr"), lists: img.debug("loclists"), version5: true,
	}
	if d.lists == nil {
		d.lists, d.version5 = img.debug("loc"), false
	}
	d.collect()
	d.relocateTypes(m)
	if len(d.rtypes) == 0 {
		return nil // not of a Go program
	}
	sort.Slice(d.funcs, func(i, j int) bool { return d.funcs[i].lo < d.funcs[j].lo })
	return d
}

// collect notes where variables, types and functions are described.
func (d *debugInfo) collect() {
	r := d.data.Reader()
	var unit *dwarf.Entry
	for {
		e, err := r.Next()
		if err != nil || e == nil {
			return
		}
		switch e.Tag {
		case dwarf.TagCompileUnit:
			unit = e
			continue // into its children
		case dwarf.TagVariable:
			d.collectVariable(e, unit)
		case dwarf.TagSubprogram:
			d.collectFunc(e, unit)
		default:
			d.collectType(e)
		}
		if e.Children {
			r.SkipChildren()
		}
	}
}

func (d *debugInfo) collectVariable(e, unit *dwarf.Entry) {
	loc, _ := e.Val(dwarf.AttrLocation).([]byte)
	typ, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
	if len(loc) < 2 || !ok {
		return
	}
	const opAddr, opAddrx = 0x03, 0xa1
	switch loc[0] {
	case opAddr:
		d.globals[d.img.word(loc[1:])] = typ
	case opAddrx:
		if i, n := binary.Uvarint(loc[1:]); n > 0 {
			d.globals[d.addrx(unit, i)] = typ
		}
	}
}

// addrx is an entry of the table of addresses.
func (d *debugInfo) addrx(unit *dwarf.Entry, i uint64) uint64 {
	base, _ := unit.Val(dwarf.AttrAddrBase).(int64)
	return d.img.word(at(d.addrs, uint64(base)+i*d.img.ptrSize))
}

func (d *debugInfo) collectFunc(e, unit *dwarf.Entry) {
	lo, ok := e.Val(dwarf.AttrLowpc).(uint64)
	if !ok {
		return
	}
	f := &debugFunc{lo: lo, unit: unit, offset: e.Offset}
	switch hi := e.Val(dwarf.AttrHighpc).(type) {
	case uint64:
		f.hi = hi
	case int64:
		f.hi = lo + uint64(hi)
	}
	d.funcs = append(d.funcs, f)
}

func (d *debugInfo) collectType(e *dwarf.Entry) {
	name, ok := e.Val(dwarf.AttrName).(string)
	if !ok {
		return
	}
	// A named struct is described twice, as a typedef and as the struct. Both
	// will do.
	d.byName[name] = e.Offset
	if addr := number(e.Val(attrRuntimeType)); addr != 0 {
		d.rtypes[addr] = e.Offset
	}
}

// relocateTypes turns the places of descriptors, which are offsets in newer
// versions of Go, into addresses.
func (d *debugInfo) relocateTypes(m module) {
	for addr := range d.rtypes {
		if addr >= m.etypes-m.types {
			return // addresses
		}
	}
	types := make(map[uint64]dwarf.Offset, len(d.rtypes))
	for off, entry := range d.rtypes {
		types[m.types+off] = entry
	}
	d.rtypes = types
}

// number is the value of an attribute that may be of one of two types.
func number(v any) uint64 {
	switch v := v.(type) {
	case uint64:
		return v
	case int64:
		return uint64(v)
	}
	return 0
}

// entry reads the entry at an offset. The reader stands behind it.
func (d *debugInfo) entry(off dwarf.Offset) (*dwarf.Entry, *dwarf.Reader) {
	r := d.data.Reader()
	r.Seek(off)
	e, err := r.Next()
	if err != nil {
		return nil, nil
	}
	return e, r
}

// typeAt decodes the type at an offset.
func (d *debugInfo) typeAt(off dwarf.Offset) *Type {
	if t := d.cache[off]; t != nil {
		return t
	}
	t := &Type{}
	d.cache[off] = t
	if e, _ := d.entry(off); e != nil {
		d.decode(t, e)
	}
	return t
}

// typeOf decodes the type that an attribute of e refers to, or returns nil.
func (d *debugInfo) typeOf(e *dwarf.Entry, attr dwarf.Attr) *Type {
	if off, ok := e.Val(attr).(dwarf.Offset); ok {
		return d.typeAt(off)
	}
	return nil
}

func (d *debugInfo) decode(t *Type, e *dwarf.Entry) {
	t.Name, _ = e.Val(dwarf.AttrName).(string)
	t.Size = number(e.Val(dwarf.AttrByteSize))
	t.Kind = reflect.Kind(number(e.Val(attrKind)))
	word := d.img.ptrSize
	switch e.Tag {
	case dwarf.TagTypedef:
		d.decodeTypedef(t, e)
	case dwarf.TagPointerType:
		t.Size, t.Kind = word, reflect.Pointer
		if e.Val(dwarf.AttrType) == nil {
			t.Kind = reflect.UnsafePointer
		}
		t.load = func(t *Type) { t.elem = d.typeOf(e, dwarf.AttrType) }
	case dwarf.TagSubroutineType:
		t.Size, t.Kind = word, reflect.Func
	case dwarf.TagArrayType:
		t.Kind = reflect.Array
		t.load = func(t *Type) { t.elem = d.typeOf(e, dwarf.AttrType) }
	case dwarf.TagStructType:
		d.decodeStruct(t, e)
	}
}

// decodeTypedef decodes a name for another type. Maps, channels and functions
// are typedefs of what the runtime implements them with.
func (d *debugInfo) decodeTypedef(t *Type, e *dwarf.Entry) {
	switch t.Kind {
	case reflect.Map:
		t.Size = d.img.ptrSize
		t.load = func(t *Type) {
			t.key, t.elem = d.typeOf(e, attrKey), d.typeOf(e, attrElem)
			t.group = groupOf(d.typeOf(e, dwarf.AttrType))
		}
	case reflect.Chan:
		t.Size = d.img.ptrSize
		t.load = func(t *Type) { t.elem = d.typeOf(e, attrElem) }
	case reflect.Func:
		t.Size = d.img.ptrSize
	default:
		u := d.typeOf(e, dwarf.AttrType)
		if u == nil {
			return
		}
		u.complete()
		name, kind := t.Name, t.Kind
		*t = *u
		t.Name = name
		if kind == reflect.Interface {
			t.Kind = kind
		}
	}
}

// groupOf finds the type of a map's groups of entries: it is where the pointers
// in the implementation of the map lead.
//
//	*map → map.dirPtr → *table → table.groups.data → group
func groupOf(t *Type) *Type {
	for _, step := range []string{"", "dirPtr", "", "", "groups", "data", ""} {
		switch {
		case t == nil:
			return nil
		case step == "":
			t = t.Elem()
		default:
			f, _ := t.Field(step)
			t = f.Type
		}
	}
	return t
}

func (d *debugInfo) decodeStruct(t *Type, e *dwarf.Entry) {
	if t.Kind == reflect.Invalid {
		t.Kind = reflect.Struct
	}
	if t.Name == "runtime.eface" || t.Name == "runtime.iface" {
		t.Kind = reflect.Interface
	}
	t.load = func(t *Type) {
		t.elem = d.typeOf(e, attrElem)
		t.fields = d.members(e)
	}
}

func (d *debugInfo) members(e *dwarf.Entry) (fields []Field) {
	_, r := d.entry(e.Offset)
	for {
		m, err := r.Next()
		if err != nil || m == nil || m.Tag == 0 {
			return fields
		}
		if m.Tag == dwarf.TagMember {
			name, _ := m.Val(dwarf.AttrName).(string)
			if t := d.typeOf(m, dwarf.AttrType); t != nil {
				fields = append(fields, Field{name, number(m.Val(dwarf.AttrDataMemberLoc)), t})
			}
		}
		if m.Children {
			r.SkipChildren()
		}
	}
}

// find returns the function that covers an address of the file, or nil.
func (d *debugInfo) find(pc uint64) *debugFunc {
	i := sort.Search(len(d.funcs), func(i int) bool { return d.funcs[i].lo > pc }) - 1
	if i < 0 || pc >= d.funcs[i].hi {
		return nil
	}
	return d.funcs[i]
}

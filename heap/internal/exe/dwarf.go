package exe

import (
	"cmp"
	"debug/dwarf"
	"iter"
	"reflect"
	"slices"
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
	sweep   sweep
	globals map[uint64]dwarf.Offset // by address: the type
	rtypes  []rtype                 // by descriptor, and as in the file
	types   uint64                  // what the places of descriptors are relative to
	byName  map[string]dwarf.Offset // types
	funcs   []debugFunc             // by address

	cache map[dwarf.Offset]*Type
}

// rtype is a type that has a descriptor.
type rtype struct {
	descriptor uint64
	offset     dwarf.Offset
}

// debugFunc is a function.
type debugFunc struct {
	lo, hi uint64
	unit   *unit
	offset dwarf.Offset
	vars   []variable // once they are loaded
	loaded bool
}

func newDebugInfo(img *image, m module) *debugInfo {
	info := img.debug("info")
	data, err := newData(img, info)
	if err != nil {
		return nil
	}
	d := &debugInfo{
		img: img, data: data,
		sweep:   sweep{order: img.order, abbrev: img.debug("abbrev"), addr: img.debug("addr"), abbrevs: map[format][]abbrev{}},
		globals: map[uint64]dwarf.Offset{}, byName: map[string]dwarf.Offset{}, cache: map[dwarf.Offset]*Type{},
	}
	d.sweep.each(info, d.collect)
	if len(d.rtypes) == 0 {
		return nil // not of a Go program
	}
	d.relocate(m)
	slices.SortStableFunc(d.rtypes, func(a, b rtype) int { return cmp.Compare(a.descriptor, b.descriptor) })
	slices.SortFunc(d.funcs, func(a, b debugFunc) int { return cmp.Compare(a.lo, b.lo) })
	return d
}

// newData opens what package dwarf needs to read entries one by one. It needs neither
// lines nor bounds of code.
func newData(img *image, info []byte) (*dwarf.Data, error) {
	data, err := dwarf.New(img.debug("abbrev"), nil, nil, info, nil, nil, nil, img.debug("str"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"addr", "line_str", "str_offsets"} {
		if err := data.AddSection(".debug_"+name, img.debug(name)); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// collect notes where a variable, a type or a function is described.
func (d *debugInfo) collect(u *unit, e *top) {
	switch e.tag {
	case dwarf.TagVariable:
		if addr, ok := d.sweep.address(u, e.location); ok && e.typ != 0 {
			d.globals[addr] = e.typ
		}
	case dwarf.TagSubprogram:
		if e.high > e.low {
			d.funcs = append(d.funcs, debugFunc{lo: e.low, hi: e.high, unit: u, offset: e.offset})
		}
	case dwarf.TagConstant:
	default:
		d.collectType(e)
	}
}

func (d *debugInfo) collectType(e *top) {
	if e.name == nil {
		return
	}
	// A named struct is described twice, as a typedef and as the struct. Both
	// will do.
	d.byName[string(e.name)] = e.offset
	if e.descriptor != 0 {
		d.rtypes = append(d.rtypes, rtype{e.descriptor, e.offset})
	}
}

// relocate finds out what the places of descriptors are relative to. They are offsets in
// newer versions of Go, and addresses in others.
func (d *debugInfo) relocate(m module) {
	for _, t := range d.rtypes {
		if t.descriptor >= m.etypes-m.types {
			return
		}
	}
	d.types = m.types
}

// described goes over the types that are described for the descriptor at an address, the
// last one first. See [alike].
func (d *debugInfo) described(addr uint64) iter.Seq[dwarf.Offset] {
	return func(yield func(dwarf.Offset) bool) {
		at := addr - d.types
		i := sort.Search(len(d.rtypes), func(i int) bool { return d.rtypes[i].descriptor > at }) - 1
		for ; i >= 0 && d.rtypes[i].descriptor == at && yield(d.rtypes[i].offset); i-- {
		}
	}
}

// descriptor returns where the descriptor of the type of a name is.
func (d *debugInfo) descriptor(name string) (addr uint64, ok bool) {
	off, ok := d.byName[name]
	for ok {
		e, _ := d.entry(off)
		if e == nil {
			return 0, false
		}
		if addr := number(e.Val(attrRuntimeType)); addr != 0 {
			return d.types + addr, true
		}
		if ok = e.Tag == dwarf.TagTypedef; ok {
			off, ok = e.Val(dwarf.AttrType).(dwarf.Offset)
		}
	}
	return 0, false
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
	switch t.Name {
	case "runtime.eface", "runtime.iface", poolValue:
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
	return &d.funcs[i]
}

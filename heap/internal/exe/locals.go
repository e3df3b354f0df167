package exe

import (
	"debug/dwarf"
	"encoding/binary"
	"strings"
)

// variable is a local variable, parameter or captured variable of a function.
type variable struct {
	name     string
	typ      dwarf.Offset
	inlined  string // the function that it belongs to, if that was inlined
	expr     []byte // where it is, everywhere in the function
	list     int64  // or the place of a list that says where it is at which instruction
	captured int64  // its offset in the closure, or -1
	param    bool
}

// variables returns the variables of a function, those of inlined calls
// included.
func (d *debugInfo) variables(f *debugFunc) []variable {
	if f.loaded {
		return f.vars
	}
	f.loaded = true
	e, r := d.entry(f.offset)
	if e == nil || !e.Children {
		return nil
	}
	inlined := []string{""} // by depth: the innermost inlined call
	for len(inlined) > 0 {
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		top := inlined[len(inlined)-1]
		switch e.Tag {
		case 0:
			inlined = inlined[:len(inlined)-1]
		case dwarf.TagInlinedSubroutine:
			top, _ = d.origin(e)
		case dwarf.TagVariable, dwarf.TagFormalParameter:
			f.vars = append(f.vars, d.variable(e, top))
		}
		if e.Children {
			inlined = append(inlined, top)
		}
	}
	return f.vars
}

func (d *debugInfo) variable(e *dwarf.Entry, inlined string) variable {
	v := variable{inlined: inlined, list: -1, captured: -1, param: e.Tag == dwarf.TagFormalParameter}
	v.name, v.typ = d.origin(e)
	if off, ok := e.Val(attrClosureOffset).(int64); ok {
		v.captured = off
	}
	switch loc := e.Val(dwarf.AttrLocation).(type) {
	case []byte:
		v.expr = loc
	case int64:
		v.list = loc
	}
	return v
}

// origin returns the name and type of an entry, which another entry may have.
func (d *debugInfo) origin(e *dwarf.Entry) (name string, typ dwarf.Offset) {
	if off, ok := e.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); ok {
		if e, _ = d.entry(off); e == nil {
			return "", 0
		}
	}
	name, _ = e.Val(dwarf.AttrName).(string)
	typ, _ = e.Val(dwarf.AttrType).(dwarf.Offset)
	return name, typ
}

// local returns the variable that covers an address of a frame, and where it
// begins. cfa is the end of the frame.
func (d *debugInfo) local(f *debugFunc, pc, cfa, addr uint64) (v variable, base uint64, ok bool) {
	for _, v := range d.variables(f) {
		if base, ok := d.covers(f, &v, pc, cfa, addr); ok {
			return d.whole(f, v, base, func(v *variable, addr uint64) bool {
				_, ok := d.covers(f, v, pc, cfa, addr)
				return ok
			})
		}
	}
	return variable{}, 0, false
}

// covers says whether a variable covers an address, and where it begins.
func (d *debugInfo) covers(f *debugFunc, v *variable, pc, cfa, addr uint64) (base uint64, ok bool) {
	expr := d.place(f, v, pc)
	if expr == nil || v.typ == 0 {
		return 0, false
	}
	p := pieces{expr: expr, cfa: cfa, size: d.typeAt(v.typ).Size}
	return p.cover(addr)
}

// place returns the expression that says where a variable is at an address of
// the code, or nil.
func (d *debugInfo) place(f *debugFunc, v *variable, pc uint64) []byte {
	if v.list >= 0 {
		return d.location(f, v.list, pc)
	}
	return v.expr
}

// inFrame says whether a part of a variable is in the frame.
func (d *debugInfo) inFrame(f *debugFunc, v *variable, pc uint64) bool {
	for p := (pieces{expr: d.place(f, v, pc)}); len(p.expr) > 0; {
		_, inFrame, ok := p.place()
		if inFrame || !ok {
			return inFrame
		}
		p.pieceSize()
	}
	return false
}

// whole returns the variable that v is a part of. The compiler (of Go 1.27) keeps
// the words of an interface or a slice as variables of their own: the pointers
// are called "v.data" and "v.ptr".
func (d *debugInfo) whole(f *debugFunc, v variable, base uint64, covers func(*variable, uint64) bool) (variable, uint64, bool) {
	name, part, _ := strings.Cut(v.name, ".")
	if part != "data" && part != "ptr" {
		return v, base, true
	}
	var w, head variable
	for _, u := range d.variables(f) {
		switch u.name {
		case name:
			w = u
		case name + ".itab", name + ".type":
			head = u
		}
	}
	switch {
	case w.typ == 0:
		return v, base, true
	case part == "ptr":
		return w, base, true
	case head.typ != 0 && covers(&head, base-d.img.ptrSize):
		return w, base - d.img.ptrSize, true
	}
	w.typ = v.typ // the words are not side by side: the type is lost
	return w, base, true
}

// pieces reads an expression that says where a variable is: one place, or a list
// of pieces of which each is in the frame, in a register or nowhere.
type pieces struct {
	expr []byte
	cfa  uint64 // the end of the frame
	size uint64 // of the variable
}

// Operations of such expressions, as far as the Go compiler writes them.
const (
	opConsts       = 0x11
	opPlus         = 0x22
	opReg0         = 0x50
	opReg31        = 0x6f
	opRegx         = 0x90
	opFbreg        = 0x91
	opPiece        = 0x93
	opCallFrameCFA = 0x9c
)

// cover returns where the variable begins if a piece of it covers an address.
func (p *pieces) cover(addr uint64) (base uint64, ok bool) {
	for off := uint64(0); len(p.expr) > 0; {
		at, inFrame, ok := p.place()
		if !ok {
			return 0, false
		}
		size, ok := p.pieceSize()
		if !ok {
			size = p.size - off
		}
		if inFrame && addr-at < size {
			return at - off, true
		}
		off += size
	}
	return 0, false
}

// pieceSize reads the size of a piece; ok is false if there is but one.
func (p *pieces) pieceSize() (size uint64, ok bool) {
	if len(p.expr) == 0 || p.expr[0] != opPiece {
		return 0, false
	}
	n, k := binary.Uvarint(p.expr[1:])
	p.expr = p.expr[1+max(k, 0):]
	return n, k > 0
}

// place reads where one piece is.
func (p *pieces) place() (addr uint64, inFrame, ok bool) {
	op := p.expr[0]
	switch {
	case op == opPiece:
		return 0, false, true // nowhere
	case op >= opReg0 && op <= opReg31:
		p.expr = p.expr[1:]
		return 0, false, true
	case op == opRegx:
		_, k := binary.Uvarint(p.expr[1:])
		p.expr = p.expr[1+max(k, 0):]
		return 0, false, k > 0
	case op == opFbreg:
		off, k := sleb(p.expr[1:])
		p.expr = p.expr[1+k:]
		return p.cfa + uint64(off), true, k > 0
	case op == opCallFrameCFA:
		p.expr = p.expr[1:]
		return p.cfa + p.plus(), true, true
	}
	return 0, false, false
}

// plus reads an addition of a constant, if there is one.
func (p *pieces) plus() uint64 {
	if len(p.expr) == 0 || p.expr[0] != opConsts {
		return 0
	}
	off, k := sleb(p.expr[1:])
	if k == 0 || len(p.expr) < 2+k || p.expr[1+k] != opPlus {
		return 0
	}
	p.expr = p.expr[2+k:]
	return uint64(off)
}

// sleb reads a signed number; n is 0 if there is none.
func sleb(b []byte) (v int64, n int) {
	for shift := uint(0); n < len(b) && shift < 64; shift += 7 {
		c := b[n]
		n++
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v, n
		}
	}
	return 0, 0
}

// location looks an address up in a location list.
func (d *debugInfo) location(f *debugFunc, off int64, pc uint64) []byte {
	if off < 0 {
		return nil
	}
	if f.unit.version < 5 {
		return d.location4(at(d.img.debug("loc"), uint64(off)), f.unit.lowpc, pc)
	}
	l := listReader{b: at(d.img.debug("loclists"), uint64(off)), d: d, unit: f.unit}
	return l.find(f.unit.lowpc, pc)
}

// location4 reads a list of DWARF 4: pairs of addresses relative to base, each
// followed by an expression.
func (d *debugInfo) location4(b []byte, base, pc uint64) []byte {
	w := d.img.ptrSize
	for uint64(len(b)) >= 2*w {
		lo, hi := d.img.word(b), d.img.word(b[w:])
		b = b[2*w:]
		switch {
		case lo == 0 && hi == 0:
			return nil
		case lo == 1<<(8*w)-1: // a new base
			base = hi
			continue
		case len(b) < 2:
			return nil
		}
		n := int(d.img.order.Uint16(b))
		b = b[2:]
		if n > len(b) {
			return nil
		}
		if pc >= base+lo && pc < base+hi {
			return b[:n]
		}
		b = b[n:]
	}
	return nil
}

// listReader reads a list of DWARF 5. After an error it is at its end.
type listReader struct {
	b    []byte
	d    *debugInfo
	unit *unit
}

func (l *listReader) uvarint() uint64 {
	v, n := binary.Uvarint(l.b)
	if n <= 0 {
		l.b = nil
		return 0
	}
	l.b = l.b[n:]
	return v
}

func (l *listReader) addrx() uint64 { return l.d.sweep.addrx(l.unit, l.uvarint()) }

func (l *listReader) addr() uint64 {
	v := l.d.img.word(l.b)
	l.b = at(l.b, l.d.img.ptrSize)
	return v
}

// Kinds of entries of a list.
const (
	lleEnd          = iota
	lleBasex        // a new base, from the table of addresses
	lleStartxEndx   // both from the table
	lleStartxLength // start from the table
	lleOffsetPair   // both relative to the base
	lleDefault
	lleBase
	lleStartEnd
	lleStartLength
)

func (l *listReader) find(base, pc uint64) []byte {
	for len(l.b) > 0 {
		kind := l.b[0]
		l.b = l.b[1:]
		var lo, hi uint64
		switch kind {
		case lleBasex:
			base = l.addrx()
			continue
		case lleBase:
			base = l.addr()
			continue
		case lleStartxEndx:
			lo = l.addrx()
			hi = l.addrx()
		case lleStartxLength:
			lo = l.addrx()
			hi = lo + l.uvarint()
		case lleOffsetPair:
			lo = base + l.uvarint()
			hi = base + l.uvarint()
		case lleDefault:
			lo, hi = 0, 1<<64-1
		case lleStartEnd:
			lo = l.addr()
			hi = l.addr()
		case lleStartLength:
			lo = l.addr()
			hi = lo + l.uvarint()
		default:
			return nil
		}
		n := l.uvarint()
		if n > uint64(len(l.b)) {
			return nil
		}
		expr := l.b[:n]
		l.b = l.b[n:]
		if pc >= lo && pc < hi {
			return expr
		}
	}
	return nil
}

package exe

import (
	"debug/dwarf"
	"encoding/binary"
)

// sweep goes over what stands directly in the units of .debug_info that Go's compiler has
// made: package variables, functions and types.
//
// Package dwarf can do that too, but it makes objects of all that it passes over, and for
// each entry that is wanted here there are five that are not.
type sweep struct {
	order   binary.ByteOrder
	abbrev  []byte // .debug_abbrev
	addr    []byte // .debug_addr
	abbrevs map[format][]abbrev
}

// format is all that the meaning of an abbreviation depends on.
type format struct {
	version  int
	addrSize int
	wide     bool   // offsets have 8 bytes
	table    uint64 // where the abbreviations begin in .debug_abbrev
}

// unit is a package, as far as it is described in one piece.
type unit struct {
	format
	base    dwarf.Offset // some references are relative to it
	abbrevs []abbrev     // by number

	lowpc    uint64 // addresses in lists are relative to it
	addrBase uint64 // where its addresses begin in .debug_addr
}

// top is an entry that stands directly in a unit.
type top struct {
	tag        dwarf.Tag
	offset     dwarf.Offset
	name       []byte
	location   []byte // an expression
	typ        dwarf.Offset
	low, high  uint64 // bounds of code
	descriptor uint64 // of a type
}

// each calls found for each entry. What found is given is valid until it returns. A unit
// that makes no sense ends there.
func (s *sweep) each(info []byte, found func(*unit, *top)) {
	for r := (reader{b: info, order: s.order}); r.more(); {
		if u, body := s.header(&r); u != nil {
			s.inUnit(u, body, found)
		}
	}
}

const unitCompile = 1 // other kinds of units are not of Go

// header reads the header of a unit. The reader stands behind the unit then, and body at
// its first entry.
func (s *sweep) header(r *reader) (u *unit, body reader) {
	u = &unit{base: dwarf.Offset(r.off)}
	n := r.uint(4)
	if u.wide = n == 1<<32-1; u.wide {
		n = r.uint(8)
	}
	begin := r.off
	r.bytes(n)
	body = reader{b: r.b[:r.off], off: begin, order: r.order}
	kind := uint64(unitCompile)
	if u.version = int(body.uint(2)); u.version >= 5 {
		kind = body.uint(1)
		u.addrSize = int(body.uint(1))
	}
	u.table = body.uint(u.offsetSize())
	if u.version < 5 {
		u.addrSize = int(body.uint(1))
	}
	if u.version < 2 || u.version > 5 || kind != unitCompile {
		return nil, body
	}
	u.abbrevs = s.abbrevsOf(u)
	return u, body
}

func (f format) offsetSize() int {
	if f.wide {
		return 8
	}
	return 4
}

// abbrevsOf returns the abbreviations of a unit. Those of Go all have the same.
func (s *sweep) abbrevsOf(u *unit) []abbrev {
	list, ok := s.abbrevs[u.format]
	if !ok {
		list = u.readAbbrevs(reader{b: at(s.abbrev, u.table), order: s.order})
		s.abbrevs[u.format] = list
	}
	return list
}

// inUnit goes over the entries of a unit, if it is one of Go.
func (s *sweep) inUnit(u *unit, r reader, found func(*unit, *top)) {
	e := new(top) // one for all: found makes it escape
	for depth := 0; r.more(); {
		offset := dwarf.Offset(r.off)
		code := r.uvarint()
		if code == 0 {
			if depth--; depth <= 0 {
				return
			}
			continue
		}
		if code >= uint64(len(u.abbrevs)) {
			return
		}
		a := &u.abbrevs[code]
		switch depth {
		case 0:
			if !u.isGo(a, &r) {
				return
			}
		case 1:
			*e = top{tag: a.tag, offset: offset}
			s.read(e, u, a, &r)
			if !r.failed {
				found(u, e)
			}
		default:
			for i := range a.fields {
				r.value(&a.fields[i])
			}
		}
		if a.children {
			depth++
		}
	}
}

const langGo = 0x16 // DW_LANG_Go

// isGo reads the entry of the unit itself, and says whether it is one of Go.
func (u *unit) isGo(a *abbrev, r *reader) (is bool) {
	for i := range a.fields {
		n, _ := r.value(&a.fields[i])
		switch a.fields[i].attr {
		case dwarf.AttrLanguage:
			is = n == langGo
		case dwarf.AttrLowpc:
			u.lowpc = n
		case dwarf.AttrAddrBase:
			u.addrBase = n
		}
	}
	return is
}

// read reads what is wanted of an entry.
func (s *sweep) read(e *top, u *unit, a *abbrev, r *reader) {
	for i := range a.fields {
		f := &a.fields[i]
		n, b := r.value(f)
		switch f.attr {
		case dwarf.AttrName:
			e.name = b
		case dwarf.AttrLocation:
			e.location = b
		case dwarf.AttrType:
			if e.typ = dwarf.Offset(n); f.form != formRefAddr {
				e.typ += u.base
			}
		case dwarf.AttrLowpc:
			if e.low = n; f.form == formAddrx {
				e.low = s.addrx(u, n)
			}
		case dwarf.AttrHighpc:
			if e.high = n; f.form != formAddr {
				e.high += e.low // a length
			}
		case attrRuntimeType:
			e.descriptor = n
		}
	}
}

// addrx is a number in the table of addresses.
func (s *sweep) addrx(u *unit, i uint64) uint64 {
	r := reader{b: at(s.addr, u.addrBase+i*uint64(u.addrSize)), order: s.order}
	return r.uint(u.addrSize)
}

// address is the address that an expression gives, if it gives no more than that.
func (s *sweep) address(u *unit, expr []byte) (addr uint64, ok bool) {
	const opAddr, opAddrx = 0x03, 0xa1
	r := reader{b: expr, order: s.order}
	switch r.uint(1) {
	case opAddr:
		addr = r.uint(u.addrSize)
	case opAddrx:
		addr = s.addrx(u, r.uvarint())
	default:
		return 0, false
	}
	return addr, !r.failed
}

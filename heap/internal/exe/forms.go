package exe

import (
	"bytes"
	"debug/dwarf"
	"encoding/binary"
)

// abbrev is how entries of a kind are written.
type abbrev struct {
	tag      dwarf.Tag
	children bool
	fields   []field
}

// field is how an attribute is written.
type field struct {
	attr  dwarf.Attr
	form  uint64
	width int // in bytes, or one of those below
}

// Widths of what says itself how long it is.
const (
	asUvarint = -1 - iota // or with a sign
	asString              // with a zero at the end
	asBlock               // behind its length, as a uvarint
	asBlock1              // behind its length, in one byte
	asBlock2
	asBlock4
	unknown
)

// Forms (DW_FORM) that a reader of values has to know.
const (
	formAddr     = 0x01
	formRefAddr  = 0x10
	formAddrx    = 0x1b
	formImplicit = 0x21
)

// width returns the width of a form, for all that Go's compiler and linker have
// written, and those of DWARF 5 that might be next.
func (f format) width(form uint64) int {
	switch form {
	case formImplicit, 0x19: // flag_present
		return 0
	case 0x0b, 0x0c, 0x11, 0x25, 0x29: // data1, flag, ref1, strx1, addrx1
		return 1
	case 0x05, 0x12, 0x26, 0x2a: // data2, ref2, strx2, addrx2
		return 2
	case 0x27, 0x2b: // strx3, addrx3
		return 3
	case 0x06, 0x13, 0x28, 0x2c: // data4, ref4, strx4, addrx4
		return 4
	case 0x07, 0x14, 0x20: // data8, ref8, ref_sig8
		return 8
	case formAddr:
		return f.addrSize
	case formRefAddr:
		if f.version == 2 {
			return f.addrSize
		}
		return f.offsetSize()
	case 0x0e, 0x17, 0x1f: // strp, sec_offset, line_strp
		return f.offsetSize()
	case 0x0d, 0x0f, 0x15, 0x1a, formAddrx, 0x22, 0x23: // sdata, udata, ref_udata, strx, loclistx, rnglistx
		return asUvarint
	case 0x08: // string
		return asString
	case 0x09, 0x18: // block, exprloc
		return asBlock
	case 0x0a: // block1
		return asBlock1
	case 0x03: // block2
		return asBlock2
	case 0x04: // block4
		return asBlock4
	}
	return unknown
}

// maxAbbrev bounds the numbers of abbreviations. Go has some fifty.
const maxAbbrev = 1 << 12

// readAbbrevs reads how the entries of a unit are written, by number.
func (f format) readAbbrevs(r reader) (list []abbrev) {
	for {
		code := r.uvarint()
		if code == 0 || code > maxAbbrev {
			return list
		}
		a := abbrev{tag: dwarf.Tag(r.uvarint()), children: r.uint(1) != 0}
		for {
			attr, form := r.uvarint(), r.uvarint()
			if form == formImplicit {
				r.uvarint()
			}
			if attr == 0 && form == 0 {
				break
			}
			a.fields = append(a.fields, field{dwarf.Attr(attr), form, f.width(form)})
		}
		for uint64(len(list)) <= code {
			list = append(list, abbrev{})
		}
		list[code] = a
	}
}

// reader reads a section. After an error it is at the end, and reads zeros.
type reader struct {
	b      []byte
	off    int
	order  binary.ByteOrder
	failed bool
}

func (r *reader) more() bool { return r.off < len(r.b) }

func (r *reader) fail() {
	r.off, r.failed = len(r.b), true
}

// bytes reads n bytes.
func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.b)-r.off) {
		r.fail()
		return nil
	}
	r.off += int(n)
	return r.b[r.off-int(n) : r.off]
}

// uint reads a number of some bytes; 0 for more than eight.
func (r *reader) uint(width int) uint64 {
	b := r.bytes(uint64(width))
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(r.order.Uint16(b))
	case 4:
		return uint64(r.order.Uint32(b))
	case 8:
		return r.order.Uint64(b)
	}
	return 0
}

// uvarint reads a number in pieces of seven bits. What does not fit is lost: numbers with a
// sign, of which none is wanted, may have more.
func (r *reader) uvarint() (v uint64) {
	for shift := 0; r.more(); shift += 7 {
		c := r.b[r.off]
		r.off++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.fail()
	return 0
}

// string reads what a zero ends.
func (r *reader) string() []byte {
	n := bytes.IndexByte(r.b[r.off:], 0)
	if n < 0 {
		r.fail()
		return nil
	}
	r.off += n + 1
	return r.b[r.off-n-1 : r.off-1]
}

// value reads the value of an attribute, which is a number or bytes.
func (r *reader) value(f *field) (n uint64, b []byte) {
	switch f.width {
	case asUvarint:
		n = r.uvarint()
	case asString:
		b = r.string()
	case asBlock:
		b = r.bytes(r.uvarint())
	case asBlock1:
		b = r.bytes(r.uint(1))
	case asBlock2:
		b = r.bytes(r.uint(2))
	case asBlock4:
		b = r.bytes(r.uint(4))
	case unknown:
		r.fail()
	default:
		n = r.uint(f.width)
	}
	return n, b
}

package record

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/bits"
)

// cursor decodes fields. The first error sticks: from then on every read gives a
// zero and the cursor stays at the end, so that callers look at err once a record.
type cursor struct {
	b   []byte
	pos int
	err *Error

	record int    // number of the current record
	start  int    // where it begins
	tag    uint64 // what it is
}

func (c *cursor) fail(format string, args ...any) {
	if c.err == nil {
		c.err = &Error{c.record, tagName(c.tag), int64(c.start), fmt.Sprintf(format, args...)}
	}
	c.pos = len(c.b)
}

// left is the number of bytes behind the cursor.
func (c *cursor) left() int { return len(c.b) - c.pos }

func (c *cursor) uvarint() uint64 {
	if c.pos < len(c.b) {
		if v := c.b[c.pos]; v < 0x80 {
			c.pos++
			return uint64(v)
		}
	}
	return c.longUvarint()
}

// byte reads a number that takes one byte, so that whoever decodes a list of
// pointers again need not expect another form.
func (c *cursor) byte() byte {
	if c.left() == 0 {
		c.failNumber(0)
		return 0
	}
	c.pos++
	return c.b[c.pos-1]
}

// longUvarint reads a number of more than one byte. Addresses take six or seven, so those
// of up to eight are taken out of one word: each byte has seven bits of the number, and
// its highest bit says that another one follows.
func (c *cursor) longUvarint() uint64 {
	if c.left() >= 8 {
		x := binary.LittleEndian.Uint64(c.b[c.pos:])
		if last := ^x & 0x8080808080808080; last != 0 {
			n := bits.TrailingZeros64(last)/8 + 1
			c.pos += n
			return sevens(x << (64 - 8*n) >> (64 - 8*n))
		}
	}
	v, n := binary.Uvarint(c.b[c.pos:])
	if n <= 0 {
		c.failNumber(n)
		return 0
	}
	c.pos += n
	return v
}

// sevens joins the lower seven bits of all bytes of a word.
func sevens(x uint64) uint64 {
	x = x&0x007f007f007f007f | x&0x7f007f007f007f00>>1
	x = x&0x00003fff00003fff | x&0x3fff00003fff0000>>2
	return x&0x0fffffff | x&(0x0fffffff<<32)>>4
}

func (c *cursor) failNumber(n int) {
	if n == 0 {
		c.fail("the file ends inside the record: the dump was cut short (was the disk full?)")
	} else {
		c.fail("a number of more than 64 bits")
	}
}

func (c *cursor) bool() bool { return c.uvarint() != 0 }

// int reads a number that must fit an int.
func (c *cursor) int() int {
	v := c.uvarint()
	if int(v) < 0 || uint64(int(v)) != v {
		c.fail("the number %d is out of range", v)
		return 0
	}
	return int(v)
}

// skip passes over n bytes and returns the offset of the first.
func (c *cursor) skip(n uint64) int {
	if n > uint64(c.left()) {
		c.fail("%d bytes of contents where the file has %d left: the dump was cut short (was the disk full?)", n, c.left())
		return c.pos
	}
	at := c.pos
	c.pos += int(n)
	return at
}

func (c *cursor) bytes() []byte {
	at := c.skip(c.uvarint())
	return c.b[at:c.pos:c.pos]
}

// none is the end of a list of pointers.
const none = ^uint64(0)

// pointer reads one entry of the list of pointers of an area of size bytes: an
// offset, or none behind the last.
func (c *cursor) pointer(size uint64) uint64 {
	switch kind := c.byte(); {
	case kind == 0:
		return none
	case kind != 1:
		c.fail("a pointer of the unknown kind %d", kind)
		return none
	}
	off := c.uvarint()
	if off >= size {
		c.fail("a pointer at %d in contents of %d bytes", off, size)
		return none
	}
	return off
}

// list passes over the list of pointers of an area and returns it, encoded.
func (c *cursor) list(size uint64) []byte {
	at := c.pos
	for c.pointer(size) != none {
	}
	return c.b[at:c.pos:c.pos]
}

// Offsets decodes a list of pointers.
func Offsets(list []byte) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for len(list) > 0 && list[0] != 0 {
			off, n := binary.Uvarint(list[1:])
			if n <= 0 || !yield(off) {
				return
			}
			list = list[1+n:]
		}
	}
}

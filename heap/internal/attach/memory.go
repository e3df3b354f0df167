package attach

import (
	"encoding/binary"
	"fmt"
)

// memory is the memory of a program.
type memory interface {
	// read fills b from an address and returns how much of it could be read.
	read(addr uint64, b []byte) int
}

var le = binary.LittleEndian

const (
	osPage    = 4096
	blockSize = 1 << 16
	maxBlocks = 256     // that are kept
	lowest    = 1 << 12 // addresses below are none
	highest   = 1 << 47
)

// space is memory with a cache for what is read piece by piece. What cannot be read is
// zero, and the first such place is noted.
type space struct {
	memory
	blocks map[uint64][]byte
	err    error
}

func newSpace(m memory) *space { return &space{memory: m, blocks: map[uint64][]byte{}} }

// block returns the block that covers an address, or nil. Holes in it are zero.
func (s *space) block(addr uint64) []byte {
	base := addr &^ (blockSize - 1)
	b, ok := s.blocks[base]
	if ok {
		return b
	}
	if len(s.blocks) == maxBlocks {
		clear(s.blocks) // it is read in order, more or less
	}
	b = make([]byte, blockSize)
	if s.readPages(base, b) == 0 {
		b = nil
	}
	s.blocks[base] = b
	return b
}

// readPages fills b, which is at an address, as far as its pages can be read, and
// returns how many bytes could be. The others are zero.
func (s *space) readPages(addr uint64, b []byte) (n int) {
	if n = s.read(addr, b); n == len(b) {
		return n
	}
	n = 0
	for at := 0; at < len(b); {
		end := min(len(b), at+osPage-int((addr+uint64(at))%osPage))
		page := b[at:end]
		k := s.read(addr+uint64(at), page)
		clear(page[k:])
		n += k
		at = end
	}
	return n
}

// bytes returns n bytes at an address, which must not be changed.
func (s *space) bytes(addr, n uint64) []byte {
	const most = 1 << 32
	off := addr & (blockSize - 1)
	switch {
	case n == 0:
		return nil
	case n > most || !s.there(addr, n):
		s.fail(addr, n)
		return nil
	case off+n <= blockSize:
		if b := s.block(addr); b != nil {
			return b[off : off+n : off+n]
		}
		s.fail(addr, n)
		return make([]byte, n)
	}
	b := make([]byte, n)
	if got := s.readPages(addr, b); got < len(b) {
		s.fail(addr, n-uint64(got))
	}
	return b
}

// there reports whether n bytes at an address can all be memory of the program: a size
// that was damaged is far more than it has. It looks at one byte of each arena, which is
// what memory is mapped in where there is much of it.
func (s *space) there(addr, n uint64) bool {
	if n <= arena {
		return true
	}
	var b [1]byte
	last := addr + n - 1
	for at := addr; at >= addr && at < last; at += arena {
		if s.read(at, b[:]) == 0 {
			return false
		}
	}
	return last > addr && s.read(last, b[:]) == 1
}

func (s *space) fail(addr, n uint64) {
	if s.err == nil {
		s.err = fmt.Errorf("%d bytes of its memory at %#x cannot be read", n, addr)
	}
}

// fixed is bytes for what this package takes apart: never nil, never short.
func (s *space) fixed(addr, n uint64) []byte {
	if b := s.bytes(addr, n); b != nil {
		return b
	}
	return make([]byte, n)
}

func (s *space) u64(addr uint64) uint64 { return le.Uint64(s.fixed(addr, 8)) }
func (s *space) u32(addr uint64) uint32 { return le.Uint32(s.fixed(addr, 4)) }

// peek is u64 for what may be no address at all: 0 if it cannot be read.
func (s *space) peek(addr uint64) uint64 {
	off := addr & (blockSize - 1)
	if addr < lowest || addr >= highest || off > blockSize-8 {
		return 0
	}
	b := s.block(addr)
	if b == nil {
		return 0
	}
	return le.Uint64(b[off:])
}

// maxList bounds how long a list of the runtime may be: one that is longer is damaged.
const maxList = 1 << 24

// list calls f with each record of a list that is linked by the word at an offset.
func (s *space) list(first, next uint64, f func(rec uint64)) {
	n := 0
	for rec := first; rec != 0; rec = s.u64(rec + next) {
		if n++; n > maxList || s.err != nil {
			s.fail(rec, 8)
			return
		}
		f(rec)
	}
}

// slice returns the contents of the slice whose header is at an address.
func (s *space) slice(addr, size uint64) []byte {
	p, n := s.u64(addr), s.u64(addr+8)
	if n > 1<<32 {
		s.fail(addr, 16)
		return nil
	}
	return s.bytes(p, n*size)
}

// string returns the string whose header is at an address.
func (s *space) string(addr uint64) string {
	p, n := s.u64(addr), s.u64(addr+8)
	if n > 1<<16 {
		return ""
	}
	return string(s.bytes(p, n))
}

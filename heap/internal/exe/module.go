package exe

import (
	"errors"

	"github.com/weakref-go/weakref/heap/internal/record"
)

// module is the runtime's record of the program (runtime.moduledata), as far as
// it is of use.
type module struct {
	pclntab uint64
	text    uint64
	types   uint64
	etypes  uint64
	gofunc  uint64
}

var errNoMatch = errors.New("the executable is not the one that wrote the dump, nor a build of the same sources with the same Go version")

// findModule finds the record, which has no name in a stripped file, by what is
// in it: the bounds of the data and bss segments, one after the other, which
// the dump has too. slide is by how much the data segment of the dump is behind
// that of the file.
//
//	… text etext noptrdata enoptrdata data edata bss ebss noptrbss … types …
func (img *image) findModule(d *record.Dump) (m module, slide uint64, err error) {
	dataLen, bssLen := uint64(len(d.Data.Contents)), uint64(len(d.BSS.Contents))
	between := d.BSS.Addr - d.Data.Addr
	if dataLen == 0 || bssLen == 0 {
		return module{}, 0, errors.New("the dump has no data or no bss segment")
	}
	for _, s := range img.sections {
		if !s.writable {
			continue
		}
		b := img.load(s)
		for ; uint64(len(b)) >= 4*img.ptrSize; b = b[img.ptrSize:] {
			data := img.word(b)
			if img.wordAt(b, 1)-data != dataLen || img.wordAt(b, 2)-data != between ||
				img.wordAt(b, 3)-img.wordAt(b, 2) != bssLen {
				continue
			}
			off := uint64(len(s.data) - len(b))
			return img.readModule(s.data, off/img.ptrSize), d.Data.Addr - data, nil
		}
	}
	return module{}, 0, errNoMatch
}

// wordAt is the i-th word of b.
func (img *image) wordAt(b []byte, i uint64) uint64 { return img.word(at(b, i*img.ptrSize)) }

// readModule reads the record around the word number k of b, which is its field
// "data". The fields around it have kept their distance since Go 1.20, but for
// those behind types, of which Go 1.27 has more.
func (img *image) readModule(b []byte, k uint64) module {
	field := func(i int) uint64 { return img.wordAt(b, k+uint64(i)) }
	m := module{
		pclntab: field(-26),
		text:    field(-4),
		types:   field(11),
		etypes:  field(12),
		gofunc:  field(14),
	}
	if m.etypes < m.types { // a length comes first
		m.etypes, m.gofunc = field(13), field(17)
	}
	return m
}

package attach

import (
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"

	"github.com/weakref-go/weakref/heap/internal/mapfile"
)

// Sizes and places in an ELF file of 64 bits.
const (
	elfHeader    = 64
	elfSegment   = 56
	elfSection   = 64
	statusID     = 32  // in struct elf_prstatus: the thread
	statusRegs   = 112 // its registers
	notePRStatus = 1
	noteAuxv     = 6
)

// IsCore says whether a file is a core file.
func IsCore(f io.ReaderAt) bool {
	var b [18]byte
	_, err := f.ReadAt(b[:], 0)
	return err == nil && string(b[:len(elf.ELFMAG)]) == elf.ELFMAG && elf.Type(le.Uint16(b[16:])) == elf.ET_CORE
}

// Core writes a dump of the program that a core file is of. binary is the executable
// that it was.
func Core(core *os.File, binary string, out io.Writer) (Stats, error) {
	m, err := mapfile.Map(core)
	if err != nil {
		return Stats{}, err
	}
	defer m.Close()
	c, err := parseCore(m.Bytes)
	if err != nil {
		return Stats{}, err
	}
	if binary == "" {
		return Stats{}, errors.New("a core file has no functions or types; give the executable that it is of")
	}
	f, err := os.Open(binary)
	if err != nil {
		return Stats{}, err
	}
	defer f.Close()
	p, err := openProgram(f)
	if err != nil {
		return Stats{}, fmt.Errorf("%s: %w", binary, err)
	}
	defer p.close()
	st, err := c.write(p, out)
	if err != nil && c.missing > 0 {
		err = fmt.Errorf("%w (the core file is cut short: %d bytes are missing)", err, c.missing)
	}
	return st, err
}

// coreFile is what a core file has.
type coreFile struct {
	segments []coreSegment // by address
	threads  []thread
	entry    uint64 // address of the program's entry point, 0 if it is not known
	missing  uint64 // bytes behind the end of the file
}

type coreSegment struct {
	addr uint64
	b    []byte
}

// parseCore takes a core file apart. Its table of sections is at the end and missing if
// the file is cut short, so package elf does not do.
func parseCore(b []byte) (*coreFile, error) {
	if len(b) < elfHeader || elf.Machine(le.Uint16(b[18:])) != elf.EM_X86_64 || b[elf.EI_CLASS] != byte(elf.ELFCLASS64) {
		return nil, errors.New("a core file of another processor than amd64")
	}
	at, n := le.Uint64(b[32:]), uint64(le.Uint16(b[56:]))
	const more = 0xffff // then the first section has the number
	if s := le.Uint64(b[40:]); n == more && s <= uint64(len(b)) && uint64(len(b))-s >= elfSection {
		n = uint64(le.Uint32(b[s+44:]))
	}
	if at > uint64(len(b)) || n*elfSegment > uint64(len(b))-at {
		return nil, errors.New("the core file is cut short: it ends inside the table of segments")
	}
	c := &coreFile{}
	for ; n > 0; n-- {
		if err := c.segment(b, b[at:at+elfSegment]); err != nil {
			return nil, err
		}
		at += elfSegment
	}
	slices.SortFunc(c.segments, func(a, b coreSegment) int { return cmp.Compare(a.addr, b.addr) })
	return c, nil
}

// segment takes in an entry of the table of segments.
func (c *coreFile) segment(b, entry []byte) error {
	typ, off, addr, size := elf.ProgType(le.Uint32(entry)), le.Uint64(entry[8:]), le.Uint64(entry[16:]), le.Uint64(entry[32:])
	left := uint64(len(b)) - min(off, uint64(len(b)))
	switch typ {
	case elf.PT_LOAD:
		c.missing += size - min(size, left)
		if size = min(size, left); size > 0 {
			c.segments = append(c.segments, coreSegment{addr, b[off : off+size]})
		}
	case elf.PT_NOTE:
		if size > left {
			return errors.New("the core file is cut short: it ends inside the notes")
		}
		c.notes(b[off : off+size])
	}
	return nil
}

// notes takes in the registers of the threads and the auxiliary vector.
func (c *coreFile) notes(b []byte) {
	const header, align = 12, 3
	for len(b) >= header {
		name, desc, typ := uint64(le.Uint32(b)), uint64(le.Uint32(b[4:])), le.Uint32(b[8:])
		b = b[header:]
		descAt := (name + align) &^ align
		next := descAt + (desc+align)&^align
		if next > uint64(len(b)) {
			return
		}
		if name > 0 && string(b[:name-1]) == "CORE" {
			c.note(typ, b[descAt:descAt+desc])
		}
		b = b[next:]
	}
}

func (c *coreFile) note(typ uint32, desc []byte) {
	switch typ {
	case notePRStatus:
		var t thread
		if len(desc) < statusRegs+8*len(t.regs) {
			return
		}
		t.id = int(le.Uint32(desc[statusID:]))
		for i := range t.regs {
			t.regs[i] = le.Uint64(desc[statusRegs+8*i:])
		}
		c.threads = append(c.threads, t)
	case noteAuxv:
		c.entry = auxEntry(desc)
	}
}

// auxEntry finds the address of the program's entry point in an auxiliary vector.
func auxEntry(b []byte) uint64 {
	const entry = 9 // AT_ENTRY
	for ; len(b) >= 16; b = b[16:] {
		if le.Uint64(b) == entry {
			return le.Uint64(b[8:])
		}
	}
	return 0
}

func (c *coreFile) write(p *program, out io.Writer) (Stats, error) {
	mem := &coreMemory{segments: c.segments, elf: p.elf}
	if c.entry != 0 {
		mem.slide = c.entry - p.elf.Entry
	}
	x := newExtractor(mem, p)
	x.threads, x.final = c.threads, true
	if err := x.locate(c.entry); err != nil {
		return Stats{}, err
	}
	return x.write(out)
}

// coreMemory is the memory in a core file, and in the executable what the core file
// leaves out because it does not change.
type coreMemory struct {
	segments []coreSegment
	elf      *elf.File
	slide    uint64
}

func (m *coreMemory) read(addr uint64, b []byte) (n int) {
	for n < len(b) {
		at := addr + uint64(n)
		k := m.fromCore(at, b[n:])
		if k == 0 {
			k = m.fromFile(at, b[n:])
		}
		if k == 0 {
			break
		}
		n += k
	}
	return n
}

func (m *coreMemory) fromCore(addr uint64, b []byte) int {
	i := sort.Search(len(m.segments), func(i int) bool { return m.segments[i].addr > addr }) - 1
	if i < 0 || addr-m.segments[i].addr >= uint64(len(m.segments[i].b)) {
		return 0
	}
	return copy(b, m.segments[i].b[addr-m.segments[i].addr:])
}

func (m *coreMemory) fromFile(addr uint64, b []byte) int {
	addr -= m.slide
	for _, p := range m.elf.Progs {
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr-p.Vaddr < p.Filesz {
			n, _ := p.ReadAt(b[:min(uint64(len(b)), p.Filesz-(addr-p.Vaddr))], int64(addr-p.Vaddr))
			return n
		}
	}
	return 0
}

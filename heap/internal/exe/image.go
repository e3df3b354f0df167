package exe

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
)

// image is an executable, whatever its format. Addresses are those that it was
// linked for.
type image struct {
	file     *os.File
	ptrSize  uint64
	order    binary.ByteOrder
	sections []*section        // that are loaded, by address
	symbols  []Symbol          // variables, by address
	dwarf    map[string][]byte // sections of DWARF that have been read: "loclists"

	readDWARF func(name string) []byte

	// relocations are the words that a loader writes to a position independent
	// program: in the file they are missing. nil if there are none, or if the
	// file has the words as they are where it is not moved.
	relocations func() map[uint64]uint64
}

// section is a part of the program in memory.
type section struct {
	addr, size uint64
	writable   bool
	r          io.ReaderAt
	data       []byte // once it is loaded
}

// Symbol is a variable.
type Symbol struct {
	Name       string
	Addr, Size uint64
}

var errFormat = errors.New("not an executable in ELF, Mach-O or PE")

func openImage(path string) (*image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	img, err := parseImage(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	img.file, img.dwarf = f, map[string][]byte{}
	sort.Slice(img.sections, func(i, j int) bool { return img.sections[i].addr < img.sections[j].addr })
	// An external linker, as for programs that call C, keeps the symbols of literals.
	// They say nothing: what leads there names it.
	img.symbols = slices.DeleteFunc(img.symbols, func(s Symbol) bool { return strings.Contains(s.Name, "..stmp_") })
	sort.SliceStable(img.symbols, func(i, j int) bool { return img.symbols[i].Addr < img.symbols[j].Addr })
	return img, nil
}

func parseImage(f *os.File) (*image, error) {
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil {
		return nil, errFormat
	}
	switch {
	case string(magic[:]) == elf.ELFMAG:
		return parseELF(f)
	case string(magic[:2]) == "MZ":
		return parsePE(f)
	case binary.LittleEndian.Uint32(magic[:])&^1 == macho.Magic32&^1,
		binary.BigEndian.Uint32(magic[:])&^1 == macho.Magic32&^1:
		return parseMachO(f)
	}
	return nil, errFormat
}

// maxSection bounds what is read at once. No section that is read whole comes
// near it.
const maxSection = 1 << 30

// load reads a section into memory, as if the program had not been moved.
func (img *image) load(s *section) []byte {
	if s.data == nil {
		data := make([]byte, min(s.size, maxSection))
		n, _ := s.r.ReadAt(data, 0)
		s.data = data[:n]
		if img.relocations != nil {
			for addr, value := range img.relocations() {
				if off := addr - s.addr; off+8 <= uint64(n) && off < uint64(n) {
					img.order.PutUint64(s.data[off:], value)
				}
			}
		}
	}
	return s.data
}

// debug returns a section of DWARF, "loclists", or nil if there is none. It is read, which
// takes time, when it is first asked for.
func (img *image) debug(name string) []byte {
	b, ok := img.dwarf[name]
	if !ok {
		b = img.readDWARF(name)
		img.dwarf[name] = b
	}
	return b
}

// section returns the section that covers an address, or nil.
func (img *image) section(addr uint64) *section {
	i := sort.Search(len(img.sections), func(i int) bool { return img.sections[i].addr > addr }) - 1
	if i < 0 || addr-img.sections[i].addr >= img.sections[i].size {
		return nil
	}
	return img.sections[i]
}

// from returns the memory from an address to the end of its section, loaded.
func (img *image) from(addr uint64) []byte {
	s := img.section(addr)
	if s == nil || addr-s.addr > uint64(len(img.load(s))) {
		return nil
	}
	return s.data[addr-s.addr:]
}

// bytes returns n bytes at an address, or nil, as they are in a program that has
// been moved by slide.
func (img *image) bytes(addr, n, slide uint64) []byte {
	b := img.inFile(addr, n)
	if slide != 0 || img.relocations != nil {
		img.relocate(b, addr, slide)
	}
	return b
}

// inFile returns n bytes at an address, or nil, as they are in the file. Code is that
// in memory, too.
func (img *image) inFile(addr, n uint64) []byte {
	s := img.section(addr)
	if s == nil || n > s.size-(addr-s.addr) {
		return nil
	}
	b := make([]byte, n)
	if _, err := s.r.ReadAt(b, int64(addr-s.addr)); err != nil {
		return nil
	}
	return b
}

// relocate moves the pointers among the words of b, which is at addr.
func (img *image) relocate(b []byte, addr, slide uint64) {
	for off := -addr % img.ptrSize; off+img.ptrSize <= uint64(len(b)); off += img.ptrSize {
		value, ok := img.word(b[off:]), false
		if img.relocations != nil {
			value, ok = img.relocations()[addr+off]
		} else {
			// Where the file does not say which words are pointers, those are
			// that look like it.
			ok = img.section(value) != nil
		}
		if ok {
			img.putWord(b[off:], value+slide)
		}
	}
}

func (img *image) putWord(b []byte, v uint64) {
	if img.ptrSize == 4 {
		img.order.PutUint32(b, uint32(v))
	} else {
		img.order.PutUint64(b, v)
	}
}

// word decodes the word that b begins with; 0 if b is too short.
func (img *image) word(b []byte) uint64 {
	switch {
	case uint64(len(b)) < img.ptrSize:
		return 0
	case img.ptrSize == 4:
		return uint64(img.order.Uint32(b))
	}
	return img.order.Uint64(b)
}

func (img *image) uint32(b []byte) uint32 {
	if len(b) < 4 {
		return 0
	}
	return img.order.Uint32(b)
}

// at is b from an offset on, or nil.
func at(b []byte, off uint64) []byte {
	if off > uint64(len(b)) {
		return nil
	}
	return b[off:]
}

func parseELF(f *os.File) (*image, error) {
	e, err := elf.NewFile(f)
	if err != nil {
		return nil, err
	}
	img := &image{ptrSize: 8, order: e.ByteOrder}
	if e.Class == elf.ELFCLASS32 {
		img.ptrSize = 4
	}
	img.relocations = elfRelocations(e)
	for _, s := range e.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS && s.Flags&elf.SHF_TLS == 0 {
			img.sections = append(img.sections, &section{addr: s.Addr, size: s.Size, writable: s.Flags&elf.SHF_WRITE != 0, r: s})
		}
	}
	syms, _ := e.Symbols() // none in a stripped file
	for _, s := range syms {
		if i := int(s.Section); i > 0 && i < len(e.Sections) && e.Sections[i].Flags&elf.SHF_WRITE != 0 {
			img.symbols = append(img.symbols, Symbol{s.Name, s.Value, s.Size})
		}
	}
	img.readDWARF = func(name string) []byte {
		for _, prefix := range []string{".debug_", ".zdebug_"} {
			if s := e.Section(prefix + name); s != nil {
				b, _ := s.Data()
				return inflate(b)
			}
		}
		return nil
	}
	return img, nil
}

// elfRelocations returns a function that reads the relocations of a position
// independent executable, or nil if it is none.
func elfRelocations(e *elf.File) func() map[uint64]uint64 {
	relative := map[elf.Machine]uint32{
		elf.EM_X86_64:    uint32(elf.R_X86_64_RELATIVE),
		elf.EM_AARCH64:   uint32(elf.R_AARCH64_RELATIVE),
		elf.EM_RISCV:     uint32(elf.R_RISCV_RELATIVE),
		elf.EM_PPC64:     uint32(elf.R_PPC64_RELATIVE),
		elf.EM_S390:      uint32(elf.R_390_RELATIVE),
		elf.EM_LOONGARCH: uint32(elf.R_LARCH_RELATIVE),
	}[e.Machine]
	if e.Type != elf.ET_DYN || e.Class != elf.ELFCLASS64 || relative == 0 {
		return nil
	}
	return sync.OnceValue(func() map[uint64]uint64 {
		values := map[uint64]uint64{}
		for _, s := range e.Sections {
			if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
				continue
			}
			relocs, _ := s.Data()
			for ; len(relocs) >= 24; relocs = relocs[24:] {
				if uint32(e.ByteOrder.Uint64(relocs[8:])) == relative {
					values[e.ByteOrder.Uint64(relocs)] = e.ByteOrder.Uint64(relocs[16:])
				}
			}
		}
		return values
	})
}

func parseMachO(f *os.File) (*image, error) {
	m, err := macho.NewFile(f)
	if err != nil {
		return nil, err
	}
	img := &image{ptrSize: 8, order: m.ByteOrder}
	if m.Magic == macho.Magic32 {
		img.ptrSize = 4
	}
	const zeroFill = 1 // type of section that is not in the file
	for _, s := range m.Sections {
		if s.Seg != "__DWARF" && s.Flags&0xff != zeroFill {
			img.sections = append(img.sections, &section{addr: s.Addr, size: s.Size, writable: s.Seg == "__DATA", r: s})
		}
	}
	if m.Symtab != nil {
		for _, s := range m.Symtab.Syms {
			if i := int(s.Sect); i > 0 && i <= len(m.Sections) && m.Sections[i-1].Seg == "__DATA" {
				img.symbols = append(img.symbols, Symbol{Name: s.Name, Addr: s.Value})
			}
		}
	}
	img.fillSizes()
	img.readDWARF = func(name string) []byte {
		for _, prefix := range []string{"__debug_", "__zdebug_"} {
			// Names of sections have at most 16 characters.
			if s := m.Section((prefix + name)[:min(len(prefix+name), 16)]); s != nil {
				b, _ := s.Data()
				return inflate(b)
			}
		}
		return nil
	}
	return img, nil
}

func parsePE(f *os.File) (*image, error) {
	p, err := pe.NewFile(f)
	if err != nil {
		return nil, err
	}
	img := &image{ptrSize: 8, order: binary.LittleEndian}
	var base uint64
	switch h := p.OptionalHeader.(type) {
	case *pe.OptionalHeader32:
		img.ptrSize, base = 4, uint64(h.ImageBase)
	case *pe.OptionalHeader64:
		base = h.ImageBase
	}
	for _, s := range p.Sections {
		if s.Characteristics&pe.IMAGE_SCN_MEM_DISCARDABLE == 0 {
			img.sections = append(img.sections, &section{
				addr: base + uint64(s.VirtualAddress), size: uint64(s.Size),
				writable: s.Characteristics&pe.IMAGE_SCN_MEM_WRITE != 0, r: s,
			})
		}
	}
	for _, s := range p.Symbols {
		if i := int(s.SectionNumber); i > 0 && i <= len(p.Sections) && p.Sections[i-1].Characteristics&pe.IMAGE_SCN_MEM_WRITE != 0 {
			img.symbols = append(img.symbols, Symbol{Name: s.Name, Addr: base + uint64(p.Sections[i-1].VirtualAddress) + uint64(s.Value)})
		}
	}
	img.fillSizes()
	img.readDWARF = func(name string) []byte {
		for _, prefix := range []string{".debug_", ".zdebug_"} {
			if s := p.Section(prefix + name); s != nil {
				b, _ := s.Data()
				if s.VirtualSize > 0 {
					b = b[:min(uint32(len(b)), s.VirtualSize)]
				}
				return inflate(b)
			}
		}
		return nil
	}
	return img, nil
}

// fillSizes lets each symbol reach to the next, for formats that do not say.
func (img *image) fillSizes() {
	sort.SliceStable(img.symbols, func(i, j int) bool { return img.symbols[i].Addr < img.symbols[j].Addr })
	end := uint64(0)
	for i := len(img.symbols) - 1; i >= 0; i-- {
		s := &img.symbols[i]
		if i+1 < len(img.symbols) && img.symbols[i+1].Addr > s.Addr {
			end = img.symbols[i+1].Addr
		}
		if end > s.Addr {
			s.Size = end - s.Addr
		} else {
			s.Size = 1 << 20 // the last one
		}
	}
}

// inflate undoes the older of the two ways to compress DWARF. The newer one is
// undone by the packages that read the formats.
func inflate(b []byte) []byte {
	if len(b) < 12 || string(b[:4]) != "ZLIB" {
		return b
	}
	size := binary.BigEndian.Uint64(b[4:])
	z, err := zlib.NewReader(bytes.NewReader(b[12:]))
	if err != nil || size > maxSection {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(size)))
	if err != nil {
		return nil
	}
	return out
}

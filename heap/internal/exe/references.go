package exe

import (
	"encoding/binary"
	"maps"
)

// References returns the addresses of memory that the code of the function at a
// program counter refers to by itself, not by way of pointers: those of the package
// variables that it uses, among others. It knows amd64, arm64 and 386.
func (f *File) References(pc uint64, arch string) (addrs []uint64) {
	decode := decoders[arch]
	if f == nil || f.funcs == nil || decode == nil {
		return nil
	}
	begin, end, ok := f.funcs.bounds(pc - f.slide.text)
	if !ok {
		return nil
	}
	code := f.img.bytes(begin, end-begin, 0)
	decode(begin, code, func(addr uint64) { addrs = append(addrs, addr+f.slide.data) })
	return addrs
}

// UsedBy returns the addresses from lo to hi that the code of some functions refers to,
// and no other code.
func (f *File) UsedBy(mine func(name string) bool, arch string, lo, hi uint64) map[uint64]bool {
	decode := decoders[arch]
	if f == nil || f.funcs == nil || decode == nil {
		return nil
	}
	used := map[uint64]bool{} // by mine; false if by others too
	look := func(wanted bool) {
		for i := range f.funcs.n {
			if mine(f.funcs.name(i)) != wanted {
				continue
			}
			begin := f.funcs.entry(i)
			decode(begin, f.img.bytes(begin, f.funcs.entry(i+1)-begin, 0), func(addr uint64) {
				addr += f.slide.data
				if _, known := used[addr]; addr >= lo && addr < hi && (wanted || known) {
					used[addr] = wanted
				}
			})
		}
	}
	look(true)
	look(false)
	maps.DeleteFunc(used, func(_ uint64, only bool) bool { return !only })
	return used
}

// bounds returns where the function begins and ends that covers an address of the
// file.
func (f *funcs) bounds(pc uint64) (begin, end uint64, ok bool) {
	i := f.index(pc)
	if i < 0 || pc >= f.entry(i+1) {
		return 0, 0, false
	}
	return f.entry(i), f.entry(i + 1), true
}

// decoders call found with what looks like a reference in code that begins at pc.
var decoders = map[string]func(pc uint64, code []byte, found func(addr uint64)){
	"amd64": decodeAMD64,
	"arm64": decodeARM64,
	"386":   decode386,
}

// decodeAMD64 looks for operands relative to the program counter, at each byte: an
// instruction may begin at any. The operand is a byte of mode, and the distance
// from the end of the instruction:
//
//	opcode │ mode: bits 00rrr101 │ distance 4 │ immediate
func decodeAMD64(pc uint64, code []byte, found func(uint64)) {
	for i := 1; i+5 <= len(code); i++ {
		if code[i]&0xc7 == 0x05 {
			end := pc + uint64(i) + 5 + immediate[code[i-1]]
			found(end + uint64(int64(int32(binary.LittleEndian.Uint32(code[i+1:])))))
		}
	}
}

// immediate is the size of the immediate operand by the opcode, as far as an
// operand in memory comes with one.
var immediate = [256]uint64{
	0x80: 1, 0x83: 1, 0xc6: 1, 0xf6: 1, 0xc0: 1, 0xc1: 1, 0x6b: 1, 0xba: 1,
	0x81: 4, 0xc7: 4, 0xf7: 4, 0x69: 4,
}

// decodeARM64 looks for pairs of instructions: ADRP loads the address of a page of
// 4 KiB, and the next one adds to it, or loads or stores relative to it.
func decodeARM64(pc uint64, code []byte, found func(uint64)) {
	for i := 0; i+8 <= len(code); i += 4 {
		adrp, next := binary.LittleEndian.Uint32(code[i:]), binary.LittleEndian.Uint32(code[i+4:])
		if adrp&0x9f000000 != 0x90000000 || next>>5&31 != adrp&31 {
			continue
		}
		pages := int64(int32(adrp<<8)>>11)&^3 | int64(adrp>>29&3)
		page := (pc+uint64(i))&^0xfff + uint64(pages<<12)
		off := uint64(next >> 10 & 0xfff)
		switch {
		case next&0xffc00000 == 0x91000000: // add
			found(page + off)
		case next&0x3b000000 == 0x39000000: // load or store
			found(page + off<<(next>>30))
		}
	}
}

// decode386 looks for operands that are addresses: after the same byte of mode as on
// amd64, or after the opcodes that move between them and a register.
func decode386(_ uint64, code []byte, found func(uint64)) {
	for i := 0; i+5 <= len(code); i++ {
		if b := code[i]; b&0xc7 == 0x05 || b == 0xa1 || b == 0xa3 {
			found(uint64(binary.LittleEndian.Uint32(code[i+1:])))
		}
	}
}

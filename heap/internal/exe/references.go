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
	code := f.img.inFile(begin, end-begin)
	decode(begin, code, func(addr uint64) { addrs = append(addrs, addr+f.slide.data) })
	return addrs
}

// TypesUsed returns the types whose descriptors the code of the function at a program
// counter refers to by itself: those that it makes, among others.
func (f *File) TypesUsed(pc uint64, arch string) (types []*Type) {
	if f == nil || f.debug == nil {
		return nil
	}
	code := f
	if f.own != nil {
		code = f.own // has the descriptors of the dump
	}
	for _, addr := range code.References(pc, arch) {
		if t := f.Type(addr); t != nil {
			types = append(types, t)
		}
	}
	return types
}

// Users returns, for the addresses from lo to hi that code refers to and that belong
// to no variable, one of the functions that do.
func (f *File) Users(arch string, lo, hi uint64) map[uint64]string {
	decode := decoders[arch]
	if f == nil || f.funcs == nil || decode == nil {
		return nil
	}
	users := map[uint64]string{}
	code := f.funcs.code()
	for i := range f.funcs.Len() {
		decode(f.funcs.Entry(i), code(i), func(addr uint64) {
			if addr += f.slide.data; addr < lo || addr >= hi || users[addr] != "" {
				return
			}
			if _, known := f.Global(addr); !known {
				users[addr] = f.funcs.Name(i)
			}
		})
	}
	return users
}

// UsedBy returns the addresses from lo to hi that the code of some functions refers to,
// and no other code.
func (f *File) UsedBy(mine func(name string) bool, arch string, lo, hi uint64) map[uint64]bool {
	decode := decoders[arch]
	if f == nil || f.funcs == nil || decode == nil {
		return nil
	}
	used := map[uint64]bool{} // by mine; false if by others too
	code := f.funcs.code()
	look := func(wanted bool) {
		for i := range f.funcs.Len() {
			if mine(f.funcs.Name(i)) != wanted {
				continue
			}
			decode(f.funcs.Entry(i), code(i), func(addr uint64) {
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

// code returns what returns the code of the i-th function. All is read at once: there are
// thousands of functions, and a call of the system is as long as looking at one.
func (f *funcs) code() func(i int) []byte {
	begin := f.Entry(0)
	all := f.img.inFile(begin, f.Entry(f.Len())-begin)
	return func(i int) []byte {
		lo, hi := f.Entry(i)-begin, f.Entry(i+1)-begin
		if lo > hi || hi > uint64(len(all)) {
			return nil
		}
		return all[lo:hi]
	}
}

// bounds returns where the function begins and ends that covers an address of the
// file.
func (f *funcs) bounds(pc uint64) (begin, end uint64, ok bool) {
	i := f.Index(pc)
	if i < 0 {
		return 0, 0, false
	}
	return f.Entry(i), f.Entry(i + 1), true
}

// CodeReferences calls found with what looks like a reference to memory in code that
// begins at pc. It knows amd64, arm64 and 386.
func CodeReferences(arch string, pc uint64, code []byte, found func(addr uint64)) {
	if decode := decoders[arch]; decode != nil {
		decode(pc, code, found)
	}
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

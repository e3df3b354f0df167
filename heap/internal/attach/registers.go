package attach

import "encoding/binary"

// registers are those of a thread, as the kernel gives them to a tracer and writes them
// to a core file (struct user_regs_struct of amd64).
type registers [27]uint64

// Places of registers.
const (
	regR15 = iota
	regR14
	regR13
	regR12
	regRBP
	regRBX
	regR11
	regR10
	regR9
	regR8
	regRAX
	regRCX
	regRDX
	regRSI
	regRDI
	regOrigRAX
	regRIP
	_
	_
	regRSP
)

// general are those that may hold pointers.
var general = [...]int{
	regR15, regR14, regR13, regR12, regRBP, regRBX, regR11, regR10, regR9, regR8, regRAX, regRCX, regRDX, regRSI, regRDI,
}

// saved returns the general registers as memory.
func (r *registers) saved() []byte {
	var b []byte
	for _, i := range general {
		b = binary.LittleEndian.AppendUint64(b, r[i])
	}
	return b
}

// The kernel saves the registers of a thread that handles a signal behind the frame of
// the handler: a struct ucontext, with the registers in this order (struct sigcontext).
const savedAt = 40 // in ucontext

var savedOrder = [...]int{
	regR8, regR9, regR10, regR11, regR12, regR13, regR14, regR15, regRDI, regRSI, regRBP, regRBX, regRDX, regRAX, regRCX, regRSP, regRIP,
}

// handlerFrames bounds how deep a signal handler may be.
const handlerFrames = 200

// interrupted returns the registers that a thread had when the signal came that it
// handles on the stack from lo to hi, or nil if that cannot be seen from here.
func (x *extractor) interrupted(r *registers, lo, hi uint64) *registers {
	pc, sp := r[regRIP], r[regRSP]
	for range handlerFrames {
		f := x.findFunc(pc)
		if f == nil || sp < lo || sp >= hi {
			return nil
		}
		size := f.FrameSize(pc)
		end := sp + uint64(size) + 8
		if size < 0 || end >= hi {
			return nil
		}
		if f.Name == "runtime.sigtramp" {
			return x.savedRegisters(end+savedAt, hi)
		}
		pc, sp = x.u64(end-8), end
	}
	return nil
}

func (x *extractor) savedRegisters(at, hi uint64) *registers {
	if at+8*uint64(len(savedOrder)) > hi {
		return nil
	}
	var r registers
	for i, k := range savedOrder {
		r[k] = x.u64(at + 8*uint64(i))
	}
	return &r
}

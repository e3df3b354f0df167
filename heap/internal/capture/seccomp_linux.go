//go:build linux && (amd64 || arm64)

package capture

import "syscall"

// A filter is a program that the kernel runs at each system call. It is one load,
// comparison or return an instruction.
type sockFilter struct {
	code   uint16
	jt, jf uint8 // instructions to skip if a comparison holds, or does not
	k      uint32
}

type sockProgram struct {
	len    uint16
	filter *sockFilter
}

const (
	loadWord    = 0x20 // at an offset of the description of the call
	jumpIfEqual = 0x15
	ret         = 0x06

	offNumber = 0
	offArch   = 4

	allow       = 0x7fff0000
	killProcess = 0x80000000
)

// allowed are the system calls that a copy may make: those of writing, and those
// that the runtime makes on the way.
var allowed = [...]uint32{
	syscall.SYS_WRITE,
	syscall.SYS_EXIT_GROUP, syscall.SYS_EXIT,
	syscall.SYS_MMAP, syscall.SYS_MUNMAP, syscall.SYS_MADVISE,
	syscall.SYS_FUTEX, syscall.SYS_SCHED_YIELD, syscall.SYS_NANOSLEEP, syscall.SYS_CLOCK_GETTIME,
	syscall.SYS_RT_SIGPROCMASK, syscall.SYS_TGKILL, syscall.SYS_GETPID, syscall.SYS_GETTID,
}

// filter checks the architecture, because numbers mean other calls on another,
// and then the number.
type filter [len(allowed) + 5]sockFilter

func newFilter() (f filter) {
	last := uint8(len(f) - 1) // allow; before it, kill
	f[0] = sockFilter{loadWord, 0, 0, offArch}
	f[1] = sockFilter{jumpIfEqual, 0, last - 1 - 2, auditArch}
	f[2] = sockFilter{loadWord, 0, 0, offNumber}
	for i, nr := range allowed {
		at := uint8(3 + i)
		f[at] = sockFilter{jumpIfEqual, last - at - 1, 0, nr}
	}
	f[last-1] = sockFilter{ret, 0, 0, killProcess}
	f[last] = sockFilter{ret, 0, 0, allow}
	return f
}

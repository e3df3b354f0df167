//go:build linux && (amd64 || arm64)

package capture

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
	"unsafe"
)

// CanFork says whether Fork works on this system, as far as can be told without
// trying.
const CanFork = true

// How the copy works.
//
// The process is copied by clone, like fork in C. In the copy there is one
// thread, the one that called; all others are gone, with whatever locks they
// held. The runtime can nevertheless write a dump there, because stopping the
// world has nothing to wait for: with GOMAXPROCS(1) all other processors are idle
// when the copy is made. If a thread held one of the few locks that are needed
// all the same, the copy waits for ever; the parent sees that the file does not
// grow, kills the copy and makes another.
//
// The copy must not do anything that the parent can notice. It lets go of all
// files but the dump, ignores signals, and may only make the system calls that
// writing needs. The end comes by itself: after the last write the runtime
// starts the world again, which takes a system call that is not allowed, and the
// kernel kills the copy. Whether the dump is whole shows when it is read.

const (
	maxTries    = 8
	startWithin = 500 * time.Millisecond // a copy that has written nothing by then waits for a lock
	growWithin  = 3 * time.Second        // or for a disk, which may take longer
)

// startsWithin is how long a copy may take to begin. On a machine with many more threads
// than processors it waits for one: after two tries in vain, and each two more, the next
// have twice the time.
func startsWithin(try int) time.Duration { return startWithin << ((try - 1) / 2) }

// Numbers that package syscall does not have on all machines.
const (
	sysCloseRange     = 436
	prSetPdeathsig    = 1
	prSetDumpable     = 4
	prSetSeccomp      = 22
	prSetNoNewPrivs   = 38
	seccompModeFilter = 2
	rlimitCore        = 4
	sigSetmask        = 2
	waitAll           = 0x40000000 // __WALL: children that send no signal, too
)

// forkArgs is all that the copy needs. It is prepared before the copy is made,
// because the copy must not allocate.
type forkArgs struct {
	fd, null uintptr
	oomPath  [32]byte
	oomValue [4]byte
	noCore   [2]uint64
	filter   filter
	program  sockProgram
}

func writeForked(f *os.File, st *Stats) error {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	a := newForkArgs(f.Fd(), null.Fd())
	if a.fd <= 2 {
		return errors.New("the file of a heap dump must not be standard input, output or error")
	}
	for st.Tries = 1; ; st.Tries++ {
		if err = forkOnce(f, a, st); err == nil {
			err = verify(f)
		}
		if err == nil || errors.Is(err, ErrNoFork) || st.Tries == maxTries {
			return err
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
		if _, err := f.Seek(0, 0); err != nil {
			return err
		}
	}
}

func newForkArgs(fd, null uintptr) *forkArgs {
	a := &forkArgs{fd: fd, null: null, filter: newFilter()}
	copy(a.oomPath[:], "/proc/self/oom_score_adj\x00")
	copy(a.oomValue[:], "1000")
	a.program = sockProgram{uint16(len(a.filter)), &a.filter[0]}
	return a
}

// forkOnce makes one copy and waits for its end.
func forkOnce(f *os.File, a *forkArgs, st *Stats) error {
	// The kernel kills the copy when this thread ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, pause, err := fork(a)
	st.Pause += pause
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoFork, err)
	}
	return await(f, pid, startsWithin(st.Tries))
}

// fork makes the copy, in which it does not return.
//
//go:norace
func fork(a *forkArgs) (pid int, pause time.Duration, err error) {
	all, old := ^uint64(0), uint64(0)
	start := time.Now()
	procs := runtime.GOMAXPROCS(1)
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&all)), uintptr(unsafe.Pointer(&old)), 8, 0, 0)
	// No flags: the copy shares nothing, and its end sends no signal.
	r, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, 0, 0, 0, 0, 0, 0)
	if r == 0 && errno == 0 {
		inCopy(a)
	}
	syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&old)), 0, 8, 0, 0)
	runtime.GOMAXPROCS(procs)
	pause = time.Since(start)
	restoreDefault(procs)
	if errno != 0 {
		return 0, pause, errno
	}
	return int(r), pause, nil
}

// restoreDefault lets the runtime adapt GOMAXPROCS to the limits of the container
// again, if it was at its default.
func restoreDefault(procs int) {
	if os.Getenv("GOMAXPROCS") != "" {
		return
	}
	runtime.SetDefaultGOMAXPROCS()
	if runtime.GOMAXPROCS(0) != procs {
		runtime.GOMAXPROCS(procs)
	}
}

// inCopy runs in the copy. It does not return.
//
//go:norace
//go:noinline
func inCopy(a *forkArgs) {
	call := func(nr, a1, a2, a3 uintptr) uintptr {
		_, _, errno := syscall.RawSyscall6(nr, a1, a2, a3, 0, 0, 0)
		return uintptr(errno)
	}
	// If memory runs out, let the copy go first. This file can only be opened
	// as long as the process may be dumped.
	const atCWD = ^uintptr(99)
	if fd, _, errno := syscall.RawSyscall6(syscall.SYS_OPENAT, atCWD, uintptr(unsafe.Pointer(&a.oomPath)), syscall.O_WRONLY, 0, 0, 0); errno == 0 {
		call(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&a.oomValue)), 4)
	}
	call(syscall.SYS_PRCTL, prSetDumpable, 0, 0) // no core file: it would have the secrets of the process
	call(syscall.SYS_SETRLIMIT, rlimitCore, uintptr(unsafe.Pointer(&a.noCore)), 0)
	call(syscall.SYS_PRCTL, prSetPdeathsig, uintptr(syscall.SIGKILL), 0)
	call(syscall.SYS_DUP3, a.null, 2, 0) // what the runtime says when it throws is not for the parent's log
	closeOthers(call, a.fd)
	if call(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0) == 0 &&
		call(syscall.SYS_PRCTL, prSetSeccomp, seccompModeFilter, uintptr(unsafe.Pointer(&a.program))) == 0 {
		debug.WriteHeapDump(a.fd)
	}
	for {
		call(syscall.SYS_EXIT_GROUP, exitNoFilter, 0, 0)
	}
}

// exitNoFilter is the exit status of a copy that the kernel has not let give up
// its rights.
const exitNoFilter = 3

// closeOthers closes all files but 2 and fd. A copy of a socket would hold back
// its end, and one of a pipe the end of the file.
func closeOthers(call func(nr, a1, a2, a3 uintptr) uintptr, fd uintptr) {
	const last = 1<<32 - 1
	if call(sysCloseRange, fd+1, last, 0) == 0 {
		if fd > 3 {
			call(sysCloseRange, 3, fd-1, 0)
		}
		call(sysCloseRange, 0, 1, 0)
		return
	}
	for i := uintptr(0); i < 1<<16; i++ { // before Linux 5.9
		if i != 2 && i != fd {
			call(syscall.SYS_CLOSE, i, 0, 0)
		}
	}
}

// await waits until the copy ends, and ends it if it does not begin in time, or get on.
func await(f *os.File, pid int, start time.Duration) error {
	size, grown := int64(0), time.Now()
	for wait := 50 * time.Microsecond; ; wait = min(2*wait, 5*time.Millisecond) {
		var ws syscall.WaitStatus
		switch p, err := syscall.Wait4(pid, &ws, syscall.WNOHANG|waitAll, nil); {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return os.NewSyscallError("wait4", err)
		case p == pid:
			return outcome(ws)
		}
		if fi, err := f.Stat(); err == nil && fi.Size() != size {
			size, grown = fi.Size(), time.Now()
		}
		patience := growWithin
		if size == 0 {
			patience = start
		}
		if time.Since(grown) > patience {
			syscall.Kill(pid, syscall.SIGKILL)
			syscall.Wait4(pid, &ws, waitAll, nil)
			return errors.New("the copy of the process did not get on with the heap dump")
		}
		time.Sleep(wait)
	}
}

// outcome says how a copy ended. SIGSYS is the regular end.
func outcome(ws syscall.WaitStatus) error {
	switch {
	case ws.Signaled() && ws.Signal() == syscall.SIGSYS:
		return nil
	case ws.Exited() && ws.ExitStatus() == exitNoFilter:
		return fmt.Errorf("%w: the kernel does not let it give up its rights (seccomp)", ErrNoFork)
	case ws.Exited():
		return fmt.Errorf("the copy of the process ended with status %d during the heap dump", ws.ExitStatus())
	}
	return fmt.Errorf("the copy of the process was ended by signal %d during the heap dump", ws.Signal())
}

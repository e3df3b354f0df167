package attach

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// process is the memory of a process.
type process int

const sysProcessVMReadv = 310

type iovec struct {
	base uintptr
	n    uint64
}

func (p process) read(addr uint64, b []byte) int {
	n, err := p.readv(addr, b)
	if err != nil {
		return 0
	}
	return n
}

func (p process) readv(addr uint64, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	// The kernel writes to b while the call lasts, and b lives as long. The address of
	// the other process is a number here.
	local := iovec{uintptr(unsafe.Pointer(&b[0])), uint64(len(b))}
	remote := iovec{uintptr(addr), uint64(len(b))}
	n, _, e := syscall.Syscall6(sysProcessVMReadv, uintptr(p), uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), 1, 0)
	runtime.KeepAlive(b)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

func procFile(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

// Process writes a dump of a process, which stands still meanwhile.
func Process(pid int, out io.Writer) (st ProcessStats, err error) {
	if pid == os.Getpid() {
		return ProcessStats{}, errors.New("a process cannot read itself in this way: use heap.Snapshot")
	}
	f, err := os.Open(procFile(pid, "exe"))
	if err != nil {
		return ProcessStats{}, explain(pid, err)
	}
	defer f.Close()
	p, err := openProgram(f)
	if err != nil {
		return ProcessStats{}, fmt.Errorf("process %d: %w", pid, err)
	}
	defer p.close()
	onOwnThread(func() { st, err = writeProcess(pid, p, out) })
	if err != nil {
		err = explain(pid, err)
	}
	return st, err
}

func writeProcess(pid int, p *program, out io.Writer) (st ProcessStats, err error) {
	// What does not change is read before anything stops.
	m, err := imageOf(pid)
	if err != nil {
		return ProcessStats{}, err
	}
	t := &tracee{pid: pid, program: m, threads: map[int]*tracedThread{}}
	defer func() {
		if err != nil && t.isAnother() {
			err = errAnother
		}
	}()
	before := newExtractor(process(pid), p)
	if _, err := process(pid).readv(m.entry(p.elf), make([]byte, 8)); err != nil {
		return ProcessStats{}, err
	}
	if err := before.locate(m.entry(p.elf)); err != nil {
		return ProcessStats{}, err
	}
	cut := reserve(out, before.inUse())
	defer func() { err = cmp.Or(err, cut()) }()
	defer t.detach()
	x, st, err := t.stopSettled(before)
	if err != nil {
		return st, err
	}
	st.Stats, err = x.write(out)
	t.detach()
	st.Pause = max(st.Pause, time.Since(t.since))
	return st, err
}

// How often a process is stopped until it stands well, and how long it runs in between,
// at first and at last: a thread that moves a stack may have to wait for a processor.
// Nearly always the first time does.
const (
	maxTries = 100
	runOn    = 200 * time.Microsecond
	longest  = 100 * time.Millisecond
)

// stopSettled stops the process where it can be read.
func (t *tracee) stopSettled(before *extractor) (x *extractor, st ProcessStats, err error) {
	for wait := runOn; ; wait = min(2*wait, longest) {
		if err := t.stop(); err != nil {
			return nil, st, err
		}
		st.Tries++
		if t.isAnother() {
			return nil, st, errAnother
		}
		threads, err := t.registers()
		if err != nil {
			return nil, st, err
		}
		x := before.again(process(t.pid), threads)
		unsettled := x.settled()
		if unsettled == nil {
			return x, st, nil
		}
		if t.isSuspended() {
			return nil, st, &suspendedError{unsettled}
		}
		t.detach()
		st.Pause = max(st.Pause, time.Since(t.since))
		if st.Tries == maxTries {
			return nil, st, &unsettledError{st.Tries, unsettled}
		}
		time.Sleep(wait)
	}
}

package attach

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// Requests of ptrace.
const (
	ptSeize     = 0x4206
	ptInterrupt = 0x4207
	ptDetach    = 17
	ptGetRegs   = 12
)

const (
	waitAll   = 0x40000000 // __WALL
	eventStop = 128        // PTRACE_EVENT_STOP
)

func ptrace(request, tid int, data uintptr) error {
	if _, _, e := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(request), uintptr(tid), 0, data, 0, 0); e != 0 {
		return e
	}
	return nil
}

// tracee is a process that is traced. All is done on one thread of this process.
type tracee struct {
	pid     int
	program image
	threads map[int]*tracedThread // by number
	since   time.Time             // when it was stopped
}

// tracedThread is the state of a thread.
type tracedThread struct {
	stopped bool
	signal  int  // what it was about to get when it stopped, which it must get
	group   bool // it has stopped with the process, by SIGSTOP or the like
}

// seizeNew begins to trace the threads that are not traced yet.
func (t *tracee) seizeNew() (fresh []int, err error) {
	entries, err := os.ReadDir(procFile(t.pid, "task"))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		tid, err := strconv.Atoi(e.Name())
		if err != nil || t.threads[tid] != nil {
			continue
		}
		switch err := ptrace(ptSeize, tid, 0); {
		case err == nil:
			t.threads[tid] = &tracedThread{}
			fresh = append(fresh, tid)
		case err == syscall.ESRCH || threadHasEnded(t.pid, e.Name()):
		default:
			return fresh, err
		}
	}
	return fresh, nil
}

// hasEnded says whether a process has ended and is only remembered. Its first thread may
// have ended before the others. It is looked at again at the end: another one that calls
// execve becomes the first.
func hasEnded(pid int) bool {
	threads, _ := os.ReadDir(procFile(pid, "task"))
	alive := func(e os.DirEntry) bool { return !threadHasEnded(pid, e.Name()) }
	return !slices.ContainsFunc(threads, alive) && threadHasEnded(pid, strconv.Itoa(pid))
}

func threadHasEnded(pid int, tid string) bool {
	f, err := statFields(procFile(pid, "task/"+tid+"/stat"))
	return err != nil || f[0] == "Z" || f[0] == "X"
}

// stop stops all threads, also those that are started meanwhile.
func (t *tracee) stop() error {
	for t.since = time.Now(); time.Since(t.since) < patience; {
		fresh, err := t.seizeNew()
		switch {
		case err != nil:
			return err
		case len(fresh) > 0:
			for _, tid := range fresh {
				ptrace(ptInterrupt, tid, 0)
			}
			if err := t.await(); err != nil {
				return err
			}
		case len(t.threads) > 0:
			return nil
		case hasEnded(t.pid):
			return errEnded
		}
	}
	return fmt.Errorf("its threads have not stopped in %v", patience)
}

// isAnother reports whether the process has become another program since it was looked up.
func (t *tracee) isAnother() bool {
	now, err := imageOf(t.pid)
	return err == nil && now != t.program
}

// isSuspended reports whether the process was stopped by a signal, and stays so.
func (t *tracee) isSuspended() bool {
	for _, th := range t.threads {
		if th.group {
			return true
		}
	}
	return false
}

var (
	errEnded   = errors.New("the process has ended")
	errEnding  = errors.New("its first thread has ended: it is ending, or becoming another program (execve); ask again")
	errAnother = errors.New("it became another program (execve) while it was looked at; ask again")
)

// patience is for how long a thread may take to stop. One that waits for a disk, or for
// the child that it starts, does not stop before that is done.
const patience = 2 * time.Second

// await waits until all threads have stopped that have been interrupted.
func (t *tracee) await() error {
	for n := 0; ; n++ {
		waits := t.poll()
		switch {
		case waits == 0:
			return nil
		case time.Since(t.since) > patience:
			return fmt.Errorf("thread %d has not stopped in %v: it waits in the kernel", waits, patience)
		}
		pause(n)
	}
}

// pause is the time between two looks at what threads do, the n-th of which this is.
func pause(n int) {
	if n < 100 {
		runtime.Gosched()
		return
	}
	time.Sleep(20 * time.Microsecond)
}

// poll sees which threads have stopped or ended, and returns one that has not, or 0. It
// looks at all: a thread that ends is there until it has been seen to, and one that calls
// execve waits for that.
func (t *tracee) poll() (waits int) {
	for tid, th := range t.threads {
		if tid == t.pid && isOver(tid) || !th.poll(tid) {
			delete(t.threads, tid)
		} else if !th.stopped {
			waits = tid
		}
	}
	return waits
}

// isOver says whether a process has ended, and leaves it to its parent to learn how: that
// may be this process.
func isOver(pid int) bool {
	const (
		onlyPID            = 1
		exits, leave       = 4, 0x1000000 // WEXITED, WNOWAIT
		codeAt, exitedMost = 2, 3         // si_code: CLD_EXITED, CLD_KILLED or CLD_DUMPED
	)
	var info [32]int32
	_, _, e := syscall.RawSyscall6(syscall.SYS_WAITID, onlyPID, uintptr(pid), uintptr(unsafe.Pointer(&info)),
		exits|leave|syscall.WNOHANG|waitAll, 0, 0)
	return e == 0 && info[codeAt] > 0 && info[codeAt] <= exitedMost
}

// poll sees whether a thread has stopped. It is not alive if it has ended.
func (th *tracedThread) poll(tid int) (alive bool) {
	var st syscall.WaitStatus
	got, err := syscall.Wait4(tid, &st, waitAll|syscall.WNOHANG, nil)
	switch {
	case err == syscall.EINTR || err == nil && got == 0:
		return true
	case err != nil || !st.Stopped():
		return false
	}
	*th = tracedThread{stopped: true}
	switch event := int(st) >> 16; event {
	case 0:
		th.signal = int(st.StopSignal())
	case eventStop:
		th.group = st.StopSignal() != syscall.SIGTRAP
	}
	return true
}

// registers reads the registers of all threads.
func (t *tracee) registers() (list []thread, err error) {
	for tid := range t.threads {
		th := thread{id: tid}
		if err := ptrace(ptGetRegs, tid, uintptr(unsafe.Pointer(&th.regs))); err != nil {
			return nil, err
		}
		list = append(list, th)
	}
	return list, nil
}

// detach lets the process go. A thread can only be let go while it stands still, which one
// does no longer that has become another program. What does not stop is let go of when
// this thread ends.
func (t *tracee) detach() {
	for n, start := 0, time.Now(); len(t.threads) > 0 && time.Since(start) < patience; n++ {
		t.poll()
		for tid, th := range t.threads {
			if th.stopped && ptrace(ptDetach, tid, uintptr(th.signal)) == nil {
				delete(t.threads, tid)
				continue
			}
			th.stopped = false
			ptrace(ptInterrupt, tid, 0)
		}
		pause(n)
	}
	clear(t.threads)
}

// onOwnThread calls f on a thread that ends then. To trace is a right of one thread, and
// when that ends, the kernel lets go of all that it traces.
func onOwnThread(f func()) {
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread() // a thread that is locked ends with the goroutine
		if syscall.Gettid() != os.Getpid() {
			f()
			return
		}
		onOwnThread(f) // the first thread of a process never ends
		runtime.UnlockOSThread()
	}()
	<-done
}

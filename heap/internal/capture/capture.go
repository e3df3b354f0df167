// Package capture writes a heap dump of this process, if that can be done without
// harm.
//
// [runtime/debug.WriteHeapDump] stops the world for as long as the writing takes,
// and it can end the process (Go 1.26 and 1.27):
//
//   - A goroutine that returns from a system call while the world is stopped is
//     for a moment in a state that the dump does not expect. It throws, which
//     nothing can recover from. This is rare, but grows with the goroutines that
//     are in system calls.
//   - A goroutine that the goroutineleak profile has found leaked is in a state
//     that the dump does not expect either, and stays there. It always throws.
//
// And it does not report errors of writing, so that a full disk shows only in
// what is missing at the end of the file.
//
// So there are two ways. [InProcess] looks for these dangers first and refuses.
// [Fork], on Linux, has a copy of the process write the dump: what goes wrong
// there ends the copy, and the process itself stops only for as long as it takes
// to fork. Either way the file is read again, to its last record.
package capture

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"runtime/pprof"
	"sync"
	"time"

	"github.com/weakref-go/weakref/heap/internal/mapfile"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// Mode is a way to write a dump.
type Mode int

const (
	InProcess Mode = iota
	Fork
)

// Stats is what writing a dump took.
type Stats struct {
	Pause time.Duration // for which the program stood still
	Total time.Duration
	Bytes int64
	Tries int // copies that were needed, with Fork
}

// Reasons not to write a dump.
var (
	ErrLeaked      = errors.New("a goroutine that the goroutineleak profile has marked would make the runtime end the process during a heap dump; weakref why --pid reads the process from outside")
	ErrSystemCalls = errors.New("with goroutines in system calls the runtime may end the process during a heap dump")
	ErrNoFork      = errors.New("a copy of the process cannot be made on this system")
)

// MaxSystemCalls is how many goroutines may be in system calls or in C. With
// twenty that return 60 times a second, one dump in 1500 ended the process (1.26,
// measured); a test that waits for a child process has one, and it does not
// return.
const MaxSystemCalls = 8

var mu sync.Mutex // dumps are written one after the other

// Write writes a dump of this process to f, which must be an empty regular file.
func Write(f *os.File, mode Mode) (st Stats, err error) {
	if err := checkFile(f); err != nil {
		return st, err
	}
	// The count is what the last profile has found; it costs nothing.
	if p := pprof.Lookup("goroutineleak"); p != nil && p.Count() > 0 {
		return st, ErrLeaked
	}
	mu.Lock()
	defer mu.Unlock()
	start := time.Now()
	if mode == Fork {
		err = writeForked(f, &st)
	} else {
		err = writeHere(f, &st)
	}
	st.Total = time.Since(start)
	if fi, e := f.Stat(); e == nil {
		st.Bytes = fi.Size()
	}
	return st, err
}

func checkFile(f *os.File) error {
	fi, err := f.Stat()
	switch {
	case err != nil:
		return err
	case !fi.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file; the runtime would not notice errors of writing, or wait for ever", f.Name())
	case fi.Size() > 0:
		return fmt.Errorf("%s is not empty", f.Name())
	}
	return nil
}

func writeHere(f *os.File, st *Stats) error {
	if n := inSystemCalls(); n > MaxSystemCalls {
		return fmt.Errorf("%w: there are %d", ErrSystemCalls, n)
	}
	start := time.Now()
	debug.WriteHeapDump(f.Fd())
	st.Pause = time.Since(start)
	st.Tries = 1
	return verify(f)
}

// inSystemCalls is about how many goroutines are in system calls or in C.
func inSystemCalls() uint64 {
	s := []metrics.Sample{{Name: "/sched/goroutines/not-in-go:goroutines"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}

// verify reads the dump to its end.
func verify(f *os.File) error {
	m, err := mapfile.Map(f)
	if err != nil {
		return err
	}
	defer m.Close()
	_, err = record.Read(m.Bytes, func(*record.Dump, record.Object) error { return nil })
	return err
}

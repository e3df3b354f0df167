package heap

import (
	"os"
	"time"

	"github.com/weakref-go/weakref/heap/internal/capture"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// Mode is a way to write a dump.
type Mode int

const (
	// InProcess stops the world until the dump is written. It refuses if it
	// finds that the runtime might end the process: see the package comment.
	// With a few goroutines in system calls it does not refuse, and then the
	// odds of an end are about one in 100,000 for each of them that returns
	// often.
	InProcess Mode = iota
	// Fork has a copy of the process write the dump. The process stops only
	// while it is copied: 20 to 30 milliseconds for a gigabyte. While the copy
	// lives, memory that the process changes takes twice the room, up to all of
	// it. A copy that got stuck is killed and made again, up to eight times.
	//
	// It works on Linux on amd64 and arm64, where the kernel lets the process
	// use seccomp; elsewhere the error is [ErrNoFork]. It sets GOMAXPROCS to
	// one for the moment of copying.
	Fork
)

// Reasons for which a dump is refused. Errors wrap them.
var (
	// ErrLeakedGoroutine: the goroutineleak profile has found a leaked
	// goroutine, so that the runtime would end the process, or its copy. It
	// will be so for as long as that goroutine exists.
	ErrLeakedGoroutine = capture.ErrLeaked
	// ErrSystemCalls: many goroutines are in system calls, so that the runtime
	// may end the process. Use [Fork].
	ErrSystemCalls = capture.ErrSystemCalls
	// ErrNoFork: the process cannot be copied here.
	ErrNoFork = capture.ErrNoFork
)

// CanFork says whether [Fork] works on this system, as far as can be told without
// trying.
const CanFork = capture.CanFork

// A FormatError says which record of a dump is wrong, and how: the file was cut
// short, is no heap dump, or is damaged.
type FormatError = record.Error

// Stats is what writing a dump took.
type Stats struct {
	Pause time.Duration // for which the program stood still
	Total time.Duration
	Bytes int64
	Tries int // copies that were made, with [Fork]
}

// Snapshot writes a dump of the heap of this process to f, an empty regular file,
// and reads it again to its end, so that a full disk is noticed. It does not
// collect garbage first: call [runtime.GC] for that. One dump is written at a
// time.
//
// The dump has all memory of the process in it. Mind the mode of the file.
func Snapshot(f *os.File, mode Mode) (Stats, error) {
	st, err := capture.Write(f, capture.Mode(mode))
	return Stats(st), err
}

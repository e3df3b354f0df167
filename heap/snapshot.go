package heap

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/weakref-go/weakref/heap/internal/capture"
	"github.com/weakref-go/weakref/heap/internal/record"
)

// Mode is a way to write a dump.
type Mode int

const (
	// Auto is InProcess, and Fork where that refuses because many goroutines are
	// in system calls.
	Auto Mode = iota
	// Fork has a copy of the process write the dump. The process stops only
	// while it is copied: 20 to 30 milliseconds for a gigabyte. While the copy
	// lives, memory that the process changes takes twice the room, up to all of
	// it. A copy that got stuck is killed and made again, up to eight times.
	//
	// It works on Linux on amd64 and arm64, where the kernel lets the process
	// use seccomp; elsewhere the error is [ErrNoFork]. It sets GOMAXPROCS to
	// one for the moment of copying.
	Fork
	// InProcess stops the world until the dump is written. It refuses if it
	// finds that the runtime might end the process: see the package comment.
	// With a few goroutines in system calls it does not refuse, and then the
	// odds of an end are about one in 100,000 for each of them that returns
	// often.
	InProcess
)

var modeNames = [...]string{Auto: "auto", Fork: "fork", InProcess: "in process"}

func (m Mode) String() string {
	if m < 0 || int(m) >= len(modeNames) {
		return fmt.Sprintf("Mode(%d)", int(m))
	}
	return modeNames[m]
}

// MarshalText writes the mode as String does.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// Reasons for which a dump is refused. Errors wrap them.
var (
	// ErrLeakedGoroutine: the goroutineleak profile has found a leaked
	// goroutine, so that the runtime would end the process, or its copy. It
	// will be so for as long as that goroutine exists.
	ErrLeakedGoroutine = capture.ErrLeaked
	// ErrSystemCalls: many goroutines are in system calls, so that the runtime
	// may end the process. Use [Fork], or [Auto].
	ErrSystemCalls = capture.ErrSystemCalls
	// ErrNoFork: the process cannot be copied here.
	ErrNoFork = capture.ErrNoFork
)

// CanFork says whether [Fork] works on this system, as far as can be told without
// trying.
const CanFork = capture.CanFork

// A FormatError says which record of a dump is wrong, and how: the file was cut
// short, is no heap dump, or is damaged.
type FormatError struct {
	Record int    // number of the record, from 1; 0 is the header
	Kind   string // of the record: "object", "goroutine", …
	Offset int64  // of the record in the file
	Reason string
}

func (e *FormatError) Error() string { return (*record.Error)(e).Error() }

// formatError makes an error of this package of one of package record.
func formatError(err error) error {
	if e, ok := errors.AsType[*record.Error](err); ok {
		return (*FormatError)(e)
	}
	return err
}

// Stats is what writing a dump took.
type Stats struct {
	Pause time.Duration // for which the program stood still
	Total time.Duration
	Bytes int64
	Tries int // copies that were made, with [Fork]; how often another process was stopped
}

// String is the numbers in a line.
func (s Stats) String() string {
	text := fmt.Sprintf("%s in %v, the program stood still for %v", bytesText(uint64(s.Bytes)), s.Total, s.Pause)
	if s.Tries > 1 {
		text += fmt.Sprintf(", %d copies", s.Tries)
	}
	return text
}

// LogValue is the numbers for package slog.
func (s Stats) LogValue() slog.Value {
	return slog.GroupValue(slog.Duration("pause", s.Pause), slog.Duration("total", s.Total),
		slog.Int64("bytes", s.Bytes), slog.Int("tries", s.Tries))
}

// Snapshot writes a dump of the heap of this process to f, an empty regular file,
// and reads it again to its end, so that a full disk is noticed. It does not
// collect garbage first: call [runtime.GC] for that. One dump is written at a
// time.
//
// The dump has all memory of the process in it. Mind the mode of the file.
func Snapshot(f *os.File, mode Mode) (Stats, error) {
	switch mode {
	case Fork:
		st, err := capture.Write(f, capture.Fork)
		return Stats(st), formatError(err)
	case InProcess:
		st, err := capture.Write(f, capture.InProcess)
		return Stats(st), formatError(err)
	}
	st, err := Snapshot(f, InProcess) // writes nothing if it refuses
	if errors.Is(err, ErrSystemCalls) && CanFork {
		return Snapshot(f, Fork)
	}
	return st, err
}

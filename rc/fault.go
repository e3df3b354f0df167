package rc

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/usercode"
)

// ErrClosed is what a [Fault] wraps if a closed handle was used or closed again.
var ErrClosed = errors.New("rc: handle is closed")

// Kind is the kind of a [Fault].
type Kind int

const (
	// DoubleClose: a handle was closed that had been closed before. Close returns
	// the fault.
	DoubleClose Kind = iota + 1
	// UseAfterClose: a method needed an open handle. It panics with the fault.
	UseAfterClose
	// Leak: a handle was collected that had not been closed. The value has been
	// dropped if no other handle was left.
	Leak
	// CallFailed: a drop function, a method Handles or a function of a Pool
	// panicked, or ended its goroutine. Whoever waited for it gets the fault.
	CallFailed
)

// String returns what happened, in a few words.
func (k Kind) String() string {
	switch k {
	case DoubleClose:
		return "handle closed twice"
	case UseAfterClose:
		return "use of a closed handle"
	case Leak:
		return "handle leaked"
	case CallFailed:
		return "callback failed"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// MarshalText returns what String does.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Fault is a mistake in the use of handles. Every Fault goes to log/slog and to
// the function set with [OnFault]; those that a caller can be told of are
// returned to it, or thrown at it, as well.
type Fault struct {
	Kind Kind
	Type reflect.Type // the type of the value
	// Handles is how many handles were leaked. It is 0 if all of them were tracked:
	// each has a fault of its own then, and this one reports Err.
	Handles int
	Made    Stack // where the handle was made, if it is tracked; see Track
	Closed  Stack // where it was closed first, if it is tracked and closed
	Found   Stack // where the fault was found; nil for a leak
	// Err is what drop returned to nobody (Leak), or how the call ended (CallFailed):
	// a [*weakref.PanicError], or an error that says that it ended its goroutine.
	Err error
}

// Error describes the fault in one line and adds the stacks that are known.
func (f *Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "rc: %v: %v", f.Type, f.Kind)
	if f.Handles > 1 {
		fmt.Fprintf(&b, " (%d of them)", f.Handles)
	}
	if p, ok := f.Err.(*weakref.PanicError); ok {
		fmt.Fprintf(&b, ": panic: %v", p.Value) // its stack is Found
	} else if f.Err != nil {
		fmt.Fprintf(&b, ": %v", f.Err)
	}
	if f.Kind == Leak && f.Handles > 0 && f.Made == nil {
		b.WriteString("; rc.Track(true) tells where they are made")
	}
	section(&b, "made", f.Made)
	section(&b, "closed", f.Closed)
	section(&b, "found", f.Found)
	return b.String()
}

func section(b *strings.Builder, title string, s Stack) {
	if s != nil {
		fmt.Fprintf(b, "\n%s at:\n%v", title, s)
	}
}

// Unwrap returns Err, or ErrClosed if the fault is about a closed handle.
func (f *Fault) Unwrap() error {
	if f.Kind == DoubleClose || f.Kind == UseAfterClose {
		return ErrClosed
	}
	return f.Err
}

// Stack is a call stack, innermost call first, as program counters.
type Stack []uintptr

// callers returns the stack of whoever called into this package.
func callers() Stack {
	var pcs [64]uintptr
	return slices.Clone(pcs[:runtime.Callers(2, pcs[:])])
}

// String returns the stack as a panic prints one, without the innermost calls,
// which are this package's and the runtime's.
func (s Stack) String() string {
	var b strings.Builder
	frames := runtime.CallersFrames(s)
	for inside := true; ; {
		f, more := frames.Next()
		inside = inside && internal(f.Function)
		if f.PC != 0 && !inside {
			fmt.Fprintf(&b, "\t%s\n\t\t%s:%d\n", f.Function, f.File, f.Line)
		}
		if !more {
			return strings.TrimSuffix(b.String(), "\n")
		}
	}
}

// internal reports whether a function belongs to this package or the runtime.
func internal(function string) bool {
	return strings.HasPrefix(function, pkgPath+".") || strings.HasPrefix(function, "runtime.")
}

var pkgPath = reflect.TypeFor[Fault]().PkgPath()

// fault reports and returns a fault of this handle. It is kept out of line so
// that its callers stay small.
//
//go:noinline
func (s *Strong[T]) fault(k Kind) *Fault {
	f := &Fault{Kind: k, Type: reflect.TypeFor[T](), Found: callers()}
	if s.id != 0 {
		f.Made, f.Closed = records.stacks(s.id)
	}
	report(f)
	return f
}

// callFailed sets err to the fault of a user function that panicked with p, or ended
// its goroutine if p is nil, and reports it. It is called while the stack of the panic
// is there.
func callFailed(err *error, t reflect.Type, p any) {
	f := &Fault{Kind: CallFailed, Type: t, Found: callers()}
	f.Err = usercode.ErrGoexit
	if p != nil {
		f.Err = &weakref.PanicError{Value: p, Stack: debug.Stack()}
	}
	*err = f // before the function set with OnFault may end the goroutine
	report(f)
}

// OnFault has f called with every [Fault] from now on, in addition to log/slog,
// and returns the function that was set before. nil sets none. f is called on
// the goroutine that made the mistake, or on one of its own for a leak, under no
// lock; a panic in it is logged and goes no further. It may end the goroutine, as
// t.Fatal does: nobody is left waiting for what that was doing.
func OnFault(f func(*Fault)) (old func(*Fault)) {
	p := &f
	if f == nil {
		p = nil
	}
	if p := onFault.Swap(p); p != nil {
		old = *p
	}
	return old
}

var onFault atomic.Pointer[func(*Fault)]

// FaultStats is how many faults there have been in the process.
type FaultStats struct {
	DoubleClose   uint64
	UseAfterClose uint64
	Leaked        uint64 // handles
	CallFailed    uint64
}

// Faults returns how many faults there have been since the process began.
func Faults() FaultStats {
	return FaultStats{faults[DoubleClose].Load(), faults[UseAfterClose].Load(), faults[Leak].Load(), faults[CallFailed].Load()}
}

var faults [CallFailed + 1]atomic.Uint64

func report(f *Fault) {
	n := 1
	if f.Kind == Leak {
		n = f.Handles // 0 for one that reports the error of a drop
	}
	faults[f.Kind].Add(uint64(n))
	slog.Error("rc: "+f.Kind.String(), "type", f.Type.String(), "fault", f)
	p := onFault.Load()
	if p == nil {
		return
	}
	usercode.Log("the function set with rc.OnFault", usercode.Do(func() error {
		(*p)(f)
		return nil
	}))
}

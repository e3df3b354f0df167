package weakref

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"unsafe"

	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/reach"
)

// Finalizer is a call that will be made when an object has died, or earlier on
// demand. It is Python's weakref.finalize. See [Finalize].
//
// Nobody needs to hold the Finalizer. Function and argument are released when it
// has run or been detached. All methods are safe for concurrent use, at any time.
type Finalizer struct {
	what string // the type of the object, for reports

	// Guarded by pending.mu.
	run           func() error // nil once the call has been taken, to be made or not
	object        *finalized   // likewise
	notAtShutdown bool
	older, newer  *Finalizer // neighbours in the list of all that are pending
}

// Finalize arranges for fn(arg) to be called once *p has been collected: soon after
// the collection that finds it dead, once, and under no lock. Of several finalizers of
// one object, the last registered is called first; none waits long for another that
// takes its time. A panic is recovered and logged.
//
// Compared with [runtime.AddCleanup], calls have an order and may block, and the
// Finalizer can be run early, asked about and detached at any time; it costs more, and
// runs a little later after the death.
//
// Neither fn nor arg may refer to p, or it is never collected. What can be seen is
// refused: Finalize panics if arg is p, points into *p, or has such a pointer in
// itself, and if fn is a method value of p, or a closure that captures p before
// anything else. It panics with an [*UnsupportedError] if p is nil or of a type that
// cannot be weakly referenced.
//
// If p also has a finalizer of [runtime.SetFinalizer], fn is called when that is,
// even if it brings p back to life.
func Finalize[T, S any](p *T, fn func(S), arg S) *Finalizer {
	mustNotReach(p, &fn, &arg)
	return finalize(p, func() error { fn(arg); return nil })
}

// FinalizeErr is [Finalize] for a function that may fail. If it does, [Shutdown]
// returns the error; in any other case it is logged with [log/slog].
func FinalizeErr[T, S any](p *T, fn func(S) error, arg S) *Finalizer {
	mustNotReach(p, &fn, &arg)
	return finalize(p, func() error { return fn(arg) })
}

func finalize[T any](p *T, run func() error) *Finalizer {
	f := &Finalizer{what: reflect.TypeFor[T]().String(), run: run}
	pending.add(f, (*byte)(unsafe.Pointer(p)), handle.Of(p))
	runtime.KeepAlive(p)
	return f
}

// mustNotReach panics if p cannot have a finalizer, or fn or arg can be seen to
// refer to it.
func mustNotReach[T, F, S any](p *T, fn *F, arg *S) {
	mustSupport[T]()
	mustNotBeNil(p)
	if reflect.ValueOf(fn).Elem().IsNil() {
		panic("weakref: Finalize needs a function")
	}
	check := func(what string, v reflect.Value) {
		reach.Shallow(v, func(addr uintptr, path func() string) {
			if base := uintptr(unsafe.Pointer(p)); base <= addr && addr < base+unsafe.Sizeof(*p) {
				panic(fmt.Sprintf("weakref: Finalize: the %s keeps the object alive (%s → %T); pass what it needs of the object instead", what, path(), p))
			}
		})
	}
	check("function", reflect.ValueOf(fn).Elem())
	check("argument", reflect.ValueOf(arg).Elem())
}

// Run makes the call now, on the caller's goroutine, if it has not been made, and
// reports whether it did. A panic is the caller's; an error is logged.
func (f *Finalizer) Run() bool {
	run := pending.take(f)
	if run == nil {
		return false
	}
	defer pending.done()
	defer pending.enter()()
	f.log(run())
	return true
}

// Detach makes sure that the call will not be made, and reports whether it was
// still to be made. Function and argument are released.
func (f *Finalizer) Detach() bool {
	if pending.take(f) == nil {
		return false
	}
	pending.done()
	return true
}

// Pending reports whether the call is still to be made.
func (f *Finalizer) Pending() bool {
	pending.mu.Lock()
	defer pending.mu.Unlock()
	return f.run != nil
}

// SetAtShutdown says whether [Shutdown] shall make the call; it does unless told
// otherwise.
func (f *Finalizer) SetAtShutdown(run bool) {
	pending.mu.Lock()
	defer pending.mu.Unlock()
	f.notAtShutdown = !run
}

// Shutdown makes the calls of all finalizers that are pending, the last registered
// first, including those that are registered meanwhile, one after the other. Then it
// waits for those that others have begun. A panic or an error of one does not stop
// the rest.
//
// It returns the errors, joined; a panic is a [*PanicError] among them. If ctx ends
// first, it returns without waiting for calls under way or beginning another; then the
// error says how many are left, and wraps that of ctx.
//
// Finalizers can be registered afterwards, and Shutdown be called again. A finalizer
// that calls it gets an error and nothing else, for it would wait for itself.
func Shutdown(ctx context.Context) error {
	if pending.here() {
		return errors.New("weakref: Shutdown was called by a finalizer")
	}
	var errs []error
	for f, run := pending.takeNewest(ctx); f != nil; f, run = pending.takeNewest(ctx) {
		if err := f.runFor(ctx, run); err != nil {
			errs = append(errs, fmt.Errorf("finalizer of a %s: %w", f.what, err))
		}
	}
	select {
	case <-pending.idle():
	case <-ctx.Done():
	}
	if n, running := pending.left(); ctx.Err() != nil && n+running > 0 {
		errs = append(errs, fmt.Errorf("weakref: Shutdown: %d finalizers have not run, %d are running: %w", n, running, ctx.Err()))
	}
	return errors.Join(errs...)
}

// runFor makes a call that has been taken, and waits for it until ctx ends. The call
// has a goroutine of its own, which it may end or block.
func (f *Finalizer) runFor(ctx context.Context, run func() error) error {
	result := make(chan error, 1)
	go func() {
		err := errFinalizerGoexit
		defer func() { result <- err }()
		err = f.protect(run)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return nil // Shutdown says so
	}
}

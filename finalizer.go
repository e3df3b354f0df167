package weakref

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"unsafe"

	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/reach"
	"github.com/weakref-go/weakref/internal/usercode"
)

// Finalizer is a call that will be made when an object has died, or earlier on
// demand. It is Python's weakref.finalize. See [Finalize].
//
// Nobody needs to hold the Finalizer. Function and argument are released when it
// has run or been stopped. All methods are safe for concurrent use, at any time.
type Finalizer struct {
	what string // the type of the object, for reports

	// Guarded by pending.mu.
	run            func() error // nil once the call has been taken, to be made or not
	object         *finalized   // likewise
	number         uint64       // in order of registration
	exempt         bool         // from Shutdown
	older, newer   *Finalizer   // neighbours in the chain of all
	next, previous *Finalizer   // neighbours in the list of the object's, older and newer
}

// Finalize arranges for fn(arg) to be called once *p has been collected: soon after
// the collection that finds it dead, once, and under no lock. Of several finalizers of
// one object, the last registered is called first; none waits long for another that
// takes its time. A panic is recovered and logged. If fn is one that may fail, [Shutdown]
// returns its error, and in any other case it is logged.
//
// Compared with [runtime.AddCleanup], calls have an order and may block, and the
// Finalizer can be run early, asked about and stopped at any time; it costs more, and
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
//
// In a [testing/synctest] bubble, a call that follows a death is made outside of the
// bubble, as are those of the runtime: it must not touch the bubble's channels.
func Finalize[T, S any, F func(S) | func(S) error](p *T, fn F, arg S) *Finalizer {
	mustNotReach(p, &fn, &arg)
	f := &Finalizer{what: reflect.TypeFor[T]().String(), run: bind(fn, arg)}
	pending.add(f, (*byte)(unsafe.Pointer(p)), handle.Of(p))
	runtime.KeepAlive(p)
	return f
}

func bind[S any, F func(S) | func(S) error](fn F, arg S) func() error {
	if fn, ok := any(fn).(func(S) error); ok {
		return func() error { return fn(arg) }
	}
	plain := any(fn).(func(S))
	return func() error { plain(arg); return nil }
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
	callback.Here(&pending, func() { f.log(run()) })
	return true
}

// Stop makes sure that the call will not be made, and reports whether it was still to be
// made. Function and argument are released.
func (f *Finalizer) Stop() bool { return pending.take(f) != nil }

// Pending reports whether the call is still to be made.
func (f *Finalizer) Pending() bool {
	pending.mu.Lock()
	defer pending.mu.Unlock()
	return f.run != nil
}

// SetAtShutdown says whether [Shutdown] shall make the call; it does unless told
// otherwise. To set it to true again takes time in proportion to the number of finalizers
// that were registered since.
func (f *Finalizer) SetAtShutdown(run bool) { pending.setExempt(f, !run) }

func (f *Finalizer) log(err error) { usercode.Log("a finalizer", err, "object", f.what) }

// Shutdown makes the calls of all finalizers that are pending, the last registered
// first, including those that are registered meanwhile, one after the other. Then it
// waits for all callbacks of the module that others make or that are to be made: those of
// OnCollect and OnRemove, finalizers of dead objects, and the handlers of queued events.
// It returns when there has been a moment at which none was left. A panic or an error of
// one does not stop the rest.
//
// It returns the errors of the finalizers that it has called, joined; a panic is a
// [*PanicError] among them. If ctx ends first, it returns without waiting for calls under
// way or beginning another; then the error says what is left, and wraps that of ctx. The
// error of a finalizer that goes on is logged.
//
// Finalizers can be registered afterwards, and Shutdown be called again. What goes on
// collecting, evicting and publishing meanwhile may keep Shutdown from ever finding
// nothing left: stop that first.
//
// A callback that calls it gets an error that wraps [ErrDeadlock] and nothing else, for it
// would wait for itself.
func Shutdown(ctx context.Context) error {
	if callback.Inside(ctx) {
		return fmt.Errorf("weakref: Shutdown was called by a finalizer or a callback, or waited for by one: %w", ErrDeadlock)
	}
	var errs []error
	why := ctx.Err()
	for why == nil {
		errs = append(errs, pending.runAll(ctx)...)
		if why = callback.Drain(ctx); why == nil && pending.Pending() == 0 {
			break
		}
	}
	if why != nil {
		if left := callback.Left(&pending); left != "" {
			errs = append(errs, fmt.Errorf("weakref: Shutdown: %s: %w", left, why))
		}
	}
	return errors.Join(errs...)
}

// runAll calls the finalizers that are to run at Shutdown, until none is left or ctx ends.
func (p *finalizers) runAll(ctx context.Context) (errs []error) {
	for ctx.Err() == nil {
		f, run := p.takeNewest()
		if f == nil {
			break
		}
		if err := f.runFor(ctx, run); err != nil {
			errs = append(errs, fmt.Errorf("finalizer of a %s: %w", f.what, publicError(err)))
		}
	}
	return errs
}

// runFor makes a call that has been taken, and waits for it until ctx ends. The call
// has a goroutine of its own, which it may end or block.
func (f *Finalizer) runFor(ctx context.Context, run func() error) error {
	r := result{of: f}
	job := callback.Begin(&pending)
	go func() {
		defer job.End()
		job.Work().Here()
		returned := false
		var err error
		defer func() { r.set(usercode.Outcome(returned, recover(), err)) }()
		err = run()
		returned = true
	}()
	job.Wait(ctx)
	return r.get()
}

// result is the error of a finalizer, which goes to who waits for it, or if nobody does
// any more to the log.
type result struct {
	of *Finalizer

	mu  sync.Mutex
	err error
	got bool
}

func (r *result) set(err error) {
	r.mu.Lock()
	r.err = err
	got := r.got
	r.mu.Unlock()
	if got {
		r.of.log(err)
	}
}

// get returns the error, nil if there is none yet.
func (r *result) get() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = true
	return r.err
}

package weakref

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/goid"
	"github.com/weakref-go/weakref/internal/handle"
)

// pending is the finalizers of the process that are to be called.
var pending finalizers

// finalizers knows them by object, to call them at its death, and in the order in
// which they were registered, for Shutdown.
type finalizers struct {
	begin   sync.Once
	objects addrTable[byte, *finalized]
	calls   callback.Queue[*Finalizer]

	mu      sync.Mutex
	newest  *Finalizer
	running int              // calls that have been taken and are not done
	at      map[uintptr]bool // goroutines that make them
	idled   chan struct{}    // closed when running becomes 0; nil if nobody waits for that
}

// finalized is the pending finalizers of one object, in order. finalizers.mu guards
// it.
type finalized struct {
	list []*Finalizer
}

var errFinalizerGoexit = errors.New("weakref: the finalizer called runtime.Goexit")

func (p *finalizers) start() {
	p.objects.init()
	p.objects.table.Policy.Dead = p.died
	p.objects.table.Policy.Pointers = true
	p.calls.What = "Finalize"
	p.calls.Call = func(f *Finalizer) {
		if run := p.take(f); run != nil {
			f.log(f.protect(run))
		}
	}
	gcclock.Watch(p, func(p *finalizers) { p.objects.table.Sweep() })
}

// add registers a finalizer of an object that the caller holds.
func (p *finalizers) add(f *Finalizer, object *byte, ref handle.H) {
	p.begin.Do(p.start)
	l, slot := p.objects.lock(object)
	if slot != nil {
		f.object = slot.Side
	} else {
		f.object = new(finalized)
		l.Insert(ref, f.object)
	}
	l.Unlock()

	p.mu.Lock()
	defer p.mu.Unlock()
	f.object.list = append(f.object.list, f)
	f.older = p.newest
	if f.older != nil {
		f.older.newer = f
	}
	p.newest = f
}

// died has the finalizers of dead objects called, the newest of each first.
func (p *finalizers) died(objects []*finalized) {
	for _, o := range objects {
		p.mu.Lock()
		list := slices.Clone(o.list)
		p.mu.Unlock()
		slices.Reverse(list)
		p.calls.Push(list)
	}
}

// take returns the call of a finalizer that is pending, which is not pending any
// more then, or nil. Whoever takes a call must say when it is done.
func (p *finalizers) take(f *Finalizer) func() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.takeLocked(f)
}

// takeNewest takes the call of the last finalizer that shall run at Shutdown.
func (p *finalizers) takeNewest(ctx context.Context) (*Finalizer, func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return nil, nil
	}
	f := p.newest
	for f != nil && f.notAtShutdown {
		f = f.older
	}
	if f == nil {
		return nil, nil
	}
	return f, p.takeLocked(f)
}

func (p *finalizers) takeLocked(f *Finalizer) func() error {
	run := f.run
	if run == nil {
		return nil
	}
	f.run = nil
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		p.newest = f.older
	}
	if f.older != nil {
		f.older.newer = f.newer
	}
	f.newer, f.older = nil, nil
	f.object.list = slices.DeleteFunc(f.object.list, func(other *Finalizer) bool { return other == f })
	f.object = nil
	p.running++
	return run
}

func (p *finalizers) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	if p.running == 0 && p.idled != nil {
		close(p.idled)
		p.idled = nil
	}
}

// idle returns a channel that is closed when no call is under way.
func (p *finalizers) idle() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idled == nil {
		p.idled = make(chan struct{})
	}
	idled := p.idled
	if p.running == 0 {
		close(idled)
		p.idled = nil
	}
	return idled
}

// left returns how many calls Shutdown would have to make, and how many are under
// way.
func (p *finalizers) left() (pending, running int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for f := p.newest; f != nil; f = f.older {
		if !f.notAtShutdown {
			pending++
		}
	}
	return pending, p.running
}

// enter notes that this goroutine makes a call; it returns what undoes that.
func (p *finalizers) enter() (leave func()) {
	me := goid.Current()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		p.at = make(map[uintptr]bool)
	}
	nested := p.at[me]
	p.at[me] = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !nested {
			delete(p.at, me)
		}
	}
}

// here reports whether this goroutine is making a call.
func (p *finalizers) here() bool {
	me := goid.Current()
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at[me]
}

// protect makes a call that has been taken, and returns its error, or its panic as
// one.
func (f *Finalizer) protect(run func() error) (err error) {
	defer pending.done()
	defer pending.enter()()
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		}
	}()
	return run()
}

func (f *Finalizer) log(err error) {
	if err != nil {
		slog.Error("weakref: a finalizer failed", "object", f.what, "error", err)
	}
}

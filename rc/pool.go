package rc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"sync"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/internal/bubble"
	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/waits"
)

// A Pool shares one resource per key among all who need it: the first Get of a
// key opens the resource, further ones get handles of the same, and it is closed
// with the last handle, or some time later.
//
// At any time there is at most one resource per key: while one is being opened,
// everyone who asks for it waits for that one, and while one is being closed, the
// next is not opened. An error of Open goes to those who waited and is not kept.
//
// A resource that owns handles of others (see [Owner]) keeps them as long as the
// pool keeps the resource, idle or not. They are closed after Close. Since the pool
// holds such a resource, [Collect] finds no cycle that leads through it.
//
// Set the fields before the first Get: every call reads them, without a lock. A Pool
// must not be copied after it. The methods are safe for concurrent use.
//
// Open, Close and OnIdleError run under no lock. A panic of one becomes a [*Fault]
// of kind [CallFailed], and so does its end by runtime.Goexit; whoever waits is told,
// and the pool goes on.
//
// A Pool has no goroutines but those that run Open, and is collected like anything
// else once its resources are closed and nobody refers to it.
//
// Within a testing/synctest bubble idle times pass by the bubble's clock. Goroutines
// of different bubbles may share a pool. What a bubble has begun and not finished
// stays as it is when it ends: a resource that was idle then is closed by [Pool.CloseIdle]
// only. And who gives up waiting for an Open that runs in another bubble does not cancel
// its context.
type Pool[K comparable, V any] struct {
	// Open opens the resource. It runs on a goroutine of its own.
	//
	// Its context is for the opening alone. It has the values of the first caller's. It
	// is cancelled when all who waited for the resource have gone, and when Open
	// returns: what Open starts with it ends then. For what is to live as long as the
	// resource, such as a process or a stream, [Lifetime] returns a context.
	Open func(ctx context.Context, key K) (V, error)

	// Close closes the resource, if it is set. It runs in the Close of the last
	// handle, which returns its error; or, if the resource was idle, on a goroutine
	// of its own or in CloseIdle. If it asks for the same key, it gets
	// [weakref.ErrDeadlock].
	Close func(V) error

	// Idle is how long a resource stays open after its last handle was closed, in
	// case it is wanted again. 0 and less: not at all.
	Idle time.Duration

	// OnIdleError is called with the errors of Close when there is no one to return
	// them to because the resource was idle. If it is nil they are logged.
	OnIdleError func(key K, err error)

	// Name is shown by package inspect.
	Name string

	_       noCopy
	mu      sync.Mutex
	entries map[K]*entry[V]
	listing *listing[K, V]
	stats   PoolStats // but for what is counted when asked for
}

// entry is what a pool knows of a key. The pool's mu guards it.
type entry[V any] struct {
	state state
	call  *call // opening, abandoned, closing: Open or Close

	waiting map[*waiter[V]]struct{} // opening: who gets a handle
	cancel  context.CancelFunc      // opening: of Open's context
	life    *lifetime

	value V       // open, idle, closing
	users Weak[V] // open
	term  int     // how many times the resource has come into use
	timer *time.Timer
	where bubble.ID // timer's
}

type state int

const (
	opening   state = iota // Open runs, and someone waits for it
	abandoned              // Open runs, and nobody waits any more
	open                   // handles are in use, or the last has just been closed
	idle                   // no handle is in use, and timer runs
	closing                // Close runs
)

// call is Open or Close under way.
type call struct {
	work waits.Work
	over bubble.Latch
}

func newCall() *call { return &call{over: bubble.Latch{Owner: bubble.Current()}} }

// wait waits for the end of the call or of ctx.
func (c *call) wait(ctx context.Context) error {
	w, ok := waits.Enter(ctx, &c.work)
	if !ok {
		return weakref.ErrDeadlock
	}
	defer w.Leave()
	return c.over.Wait(ctx)
}

// end is called by the goroutine that made the call.
func (c *call) end() {
	c.work.Done()
	c.over.Open()
}

// waiter is a Get that waits for Open.
type waiter[V any] struct {
	entry  *entry[V]
	s      *Strong[V]
	err    error
	served bool // s or err is set; guarded by the pool's mu
}

// Get returns a handle of the key's resource, which the caller closes. It opens
// the resource if it is not open.
//
// If ctx ends first, Get returns its cause; the opening goes on for the others who
// wait. A Get that would wait for itself returns an error that wraps
// [weakref.ErrDeadlock]: an Open that asks its own pool for the key that it opens, or
// that opens something that asks for it, on the same goroutine or with the context that
// it was given.
func (p *Pool[K, V]) Get(ctx context.Context, key K) (*Strong[V], error) {
	switch {
	case p.Open == nil:
		return nil, errors.New("rc: Pool.Open is not set")
	case key != key:
		return nil, fmt.Errorf("rc: %v cannot be the key of a pool, since it is not equal to itself", key)
	}
	for ctx.Err() == nil {
		s, c, w := p.look(ctx, key)
		if s != nil {
			return s, nil
		}
		err := c.wait(ctx)
		if w != nil && p.served(w) {
			w.s.madeHere()
			return w.s, w.err
		}
		if err == weakref.ErrDeadlock {
			return nil, fmt.Errorf("rc: the resource %v: %w", key, err)
		}
	}
	return nil, context.Cause(ctx)
}

// look returns a handle, or the call that the caller has to wait for; and then the
// place for what that returns, or none if the caller has to look again after it.
func (p *Pool[K, V]) look(ctx context.Context, key K) (*Strong[V], *call, *waiter[V]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entries[key]
	if e == nil {
		e = p.startLocked(ctx, key)
	}
	switch e.state {
	case open, idle:
		p.stats.Reused++
		return p.useLocked(key, e), nil, nil
	case abandoned, closing:
		return nil, e.call, nil
	}
	w := &waiter[V]{entry: e}
	e.waiting[w] = struct{}{}
	return nil, e.call, w
}

// startLocked begins to open a resource. p.mu is held.
func (p *Pool[K, V]) startLocked(ctx context.Context, key K) *entry[V] {
	e := &entry[V]{call: newCall(), waiting: make(map[*waiter[V]]struct{}), life: new(lifetime)}
	ctx = context.WithValue(context.WithoutCancel(ctx), lifetimeKey{}, e.life)
	ctx, e.cancel = context.WithCancel(waits.Context(ctx, &e.call.work))
	ctx.Done() // makes the channel, in the bubble that the call is in
	if p.entries == nil {
		p.entries = make(map[K]*entry[V])
		p.listing = &listing[K, V]{p}
		gcclock.WatchShared(p.listing, func(*listing[K, V]) {}) // so that it is listed
	}
	p.entries[key] = e
	go p.open(ctx, key, e)
	return e
}

// open runs Open and ends the opening, however Open ends.
func (p *Pool[K, V]) open(ctx context.Context, key K, e *entry[V]) {
	e.call.work.Here()
	var v V
	var err error
	returned := false
	defer func() {
		r := recover()
		defer func() { p.opened(key, e, v, err) }()
		e.cancel()
		if !returned {
			callFailed(&err, reflect.TypeFor[V](), r)
		}
	}()
	v, err = p.Open(ctx, key)
	returned = true
}

// opened hands out what Open returned.
func (p *Pool[K, V]) opened(key K, e *entry[V], v V, err error) {
	p.mu.Lock()
	waiting, c := e.waiting, e.call
	e.waiting = nil
	var s *Strong[V]
	if err != nil {
		p.stats.Failed++
		delete(p.entries, key)
	} else {
		p.stats.Opened++
		e.value = v
		s = p.useLocked(key, e)
	}
	// No handle is kept here, not even for a moment: the last user's Close must be
	// the last.
	left := s
	for w := range waiting {
		w.s, w.err, w.served = left, err, true
		if left == nil && s != nil {
			w.s = s.Clone()
		}
		left = nil
	}
	p.mu.Unlock()
	c.end()
	if err != nil {
		e.life.end()
	} else if len(waiting) == 0 {
		p.idleError(key, s.Close()) // everyone has left
	}
}

// served reports whether the waiter has got what it waited for. Otherwise it waits no
// longer.
func (p *Pool[K, V]) served(w *waiter[V]) bool {
	e := w.entry
	p.mu.Lock()
	served := w.served
	delete(e.waiting, w)
	last := !served && len(e.waiting) == 0
	where := e.call.over.Owner
	if last {
		e.state = abandoned
	}
	p.mu.Unlock()
	if last && reaches(where) {
		e.cancel()
	}
	return served
}

// useLocked returns a handle of an open resource. p.mu is held.
//
// The handles in use are counted apart from the resource: when the last is closed
// the pool is told, and may find that another term of use has begun since. They do
// not own what the resource owns, which stays with it from term to term.
func (p *Pool[K, V]) useLocked(key K, e *entry[V]) *Strong[V] {
	if e.state == open {
		if s, ok := e.users.Upgrade(); ok {
			return s
		}
	}
	if e.timer != nil && reaches(e.where) {
		e.timer.Stop() // otherwise it finds that its term is over
	}
	e.timer = nil
	e.state = open
	e.term++
	term := e.term
	s := newUnowning(e.value, func(V) error { return p.unused(key, e, term) })
	e.users = s.Weak()
	return s
}

// unused is called when the last handle of a term has been closed.
func (p *Pool[K, V]) unused(key K, e *entry[V], term int) error {
	p.mu.Lock()
	if e.term != term {
		p.mu.Unlock()
		return nil // somebody has come for it since
	}
	if p.Idle <= 0 {
		return p.closeLocked(key, e)
	}
	e.state = idle
	e.users = Weak[V]{}
	e.where = bubble.Current()
	e.timer = time.AfterFunc(p.Idle, func() {
		callback.Here(idleClosings{}, func() { p.expire(key, e, term) })
	})
	p.mu.Unlock()
	return nil
}

// expire closes a resource that has been idle long enough.
func (p *Pool[K, V]) expire(key K, e *entry[V], term int) {
	p.mu.Lock()
	if e.state != idle || e.term != term {
		p.mu.Unlock()
		return
	}
	p.stats.Expired++
	p.idleError(key, p.closeLocked(key, e))
}

// closeLocked closes a resource, and then what it owns. It unlocks p.mu, which the
// caller holds.
func (p *Pool[K, V]) closeLocked(key K, e *entry[V]) error {
	e.state = closing
	e.call = newCall()
	p.mu.Unlock()
	e.call.work.Here()
	defer p.closed(key, e)
	return new(cascade).run(func(c *cascade) {
		c.drop(ownerOf(&e.value), func() error { return p.closeValue(e.value) })
	})
}

func (p *Pool[K, V]) closeValue(v V) (err error) {
	returned := false
	defer func() {
		if !returned {
			callFailed(&err, reflect.TypeFor[V](), recover())
		}
	}()
	if p.Close != nil {
		err = p.Close(v)
	}
	returned = true
	return err
}

// closed lets those go on who wait for the end of a closing.
func (p *Pool[K, V]) closed(key K, e *entry[V]) {
	defer e.life.end()
	p.mu.Lock()
	defer e.call.end()
	defer p.mu.Unlock()
	p.stats.Closed++
	delete(p.entries, key)
}

// CloseIdle closes all resources that are idle now and returns the errors of
// Close, joined.
func (p *Pool[K, V]) CloseIdle() error {
	var errs []error
	for key, e := range p.idle() {
		p.mu.Lock()
		if e.state != idle {
			p.mu.Unlock()
			continue
		}
		if reaches(e.where) {
			e.timer.Stop()
		}
		errs = append(errs, p.closeLocked(key, e))
	}
	return errors.Join(errs...)
}

func (p *Pool[K, V]) idle() map[K]*entry[V] {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := maps.Clone(p.entries)
	maps.DeleteFunc(all, func(_ K, e *entry[V]) bool { return e.state != idle })
	return all
}

func (p *Pool[K, V]) idleError(key K, err error) {
	if err == nil {
		return
	}
	if p.OnIdleError == nil {
		slog.Error("rc: closing an idle resource failed", "key", key, "error", err)
		return
	}
	returned := false
	defer func() {
		if !returned {
			var err error
			callFailed(&err, reflect.TypeFor[V](), recover())
		}
	}()
	p.OnIdleError(key, err)
	returned = true
}

// idleClosings is where resources are closed that have been idle long enough, for
// weakref.Shutdown.
type idleClosings struct{}

// Describe says what is called.
func (idleClosings) Describe() string { return "the end of idle resources of an rc.Pool" }

// Pending returns nothing: each begins at once.
func (idleClosings) Pending() int { return 0 }

// reaches reports whether the calling goroutine may stop timers and close channels that
// were made in a bubble.
func reaches(made bubble.ID) bool { return made == 0 || made == bubble.Current() }

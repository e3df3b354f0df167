package rc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"
)

// A Pool shares one resource per key among all who need it: the first Get of a
// key opens the resource, further ones get handles of the same, and it is closed
// with the last handle, or some time later.
//
// At any time there is at most one resource per key: while one is being opened,
// everyone who asks for it waits for that one, and while one is being closed, the
// next is not opened. An error of Open goes to those who waited and is not kept.
//
// Set the fields before the first Get. A Pool must not be copied after it. The
// methods are safe for concurrent use.
//
// A Pool has no goroutines but those that run Open, and is collected like anything
// else once its resources are closed and nobody refers to it.
type Pool[K comparable, V any] struct {
	// Open opens the resource. It runs on a goroutine of its own. Its context has
	// the values of the first caller's and is cancelled when all who waited for the
	// resource have gone.
	Open func(ctx context.Context, key K) (V, error)

	// Close closes the resource, if it is set. It runs in the Close of the last
	// handle, which returns its error; or, if the resource was idle, on a goroutine
	// of its own or in CloseIdle. It must not Get the same key.
	Close func(V) error

	// Idle is how long a resource stays open after its last handle was closed, in
	// case it is wanted again.
	Idle time.Duration

	// OnIdleError is called with the errors of Close when there is no one to return
	// them to because the resource was idle. If it is nil they are logged.
	OnIdleError func(key K, err error)

	_       noCopy
	mu      sync.Mutex
	entries map[K]*entry[V]
}

// entry is what a pool knows of a key. The pool's mu guards it.
type entry[V any] struct {
	state   state
	settled chan struct{} // opening, closing: closed at the end of it

	waiting []chan opened[V]   // opening: who gets a handle
	cancel  context.CancelFunc // opening: of Open's context

	value V       // open, idle, closing
	users Weak[V] // open
	term  int     // how many times the resource has come into use
	timer *time.Timer
}

type state int

const (
	opening   state = iota // Open runs, and someone waits for it
	abandoned              // Open runs, and nobody waits any more
	open                   // handles are in use, or the last has just been closed
	idle                   // no handle is in use, and timer runs
	closing                // Close runs
)

type opened[V any] struct {
	s   *Strong[V]
	err error
}

// beingOpened marks the contexts of Open, to tell an Open that asks for its own
// key.
type beingOpened[K comparable, V any] struct {
	pool *Pool[K, V]
	key  K
}

// Get returns a handle of the key's resource, which the caller closes. It opens
// the resource if it is not open.
//
// If ctx ends first, Get returns its cause; the opening goes on for the others who
// wait. An Open that asks its own pool for the key it opens, with the context it
// was given, gets an error.
func (p *Pool[K, V]) Get(ctx context.Context, key K) (*Strong[V], error) {
	switch {
	case p.Open == nil:
		return nil, errors.New("rc: Pool.Open is not set")
	case key != key:
		return nil, fmt.Errorf("rc: %v cannot be the key of a pool, since it is not equal to itself", key)
	case ctx.Value(beingOpened[K, V]{p, key}) != nil:
		return nil, fmt.Errorf("rc: opening %v asks for %v itself", key, key)
	}
	for ctx.Err() == nil {
		s, settled, err := p.get(ctx, key)
		if settled == nil {
			return s, err
		}
		select {
		case <-settled:
		case <-ctx.Done():
		}
	}
	return nil, context.Cause(ctx)
}

// get returns a handle or an error, or what to wait for before the next try.
func (p *Pool[K, V]) get(ctx context.Context, key K) (_ *Strong[V], settled chan struct{}, _ error) {
	p.mu.Lock()
	e := p.entries[key]
	if e == nil {
		e = p.startLocked(ctx, key)
	}
	switch e.state {
	case open, idle:
		defer p.mu.Unlock()
		return p.useLocked(key, e), nil, nil
	case abandoned, closing:
		defer p.mu.Unlock()
		return nil, e.settled, nil
	}
	w := make(chan opened[V], 1)
	e.waiting = append(e.waiting, w)
	p.mu.Unlock()
	s, err := p.await(ctx, e, w)
	return s, nil, err
}

// startLocked begins to open a resource. p.mu is held.
func (p *Pool[K, V]) startLocked(ctx context.Context, key K) *entry[V] {
	ctx = context.WithValue(context.WithoutCancel(ctx), beingOpened[K, V]{p, key}, true)
	ctx, cancel := context.WithCancel(ctx)
	e := &entry[V]{settled: make(chan struct{}), cancel: cancel}
	if p.entries == nil {
		p.entries = make(map[K]*entry[V])
	}
	p.entries[key] = e
	go p.open(ctx, key, e)
	return e
}

// open runs Open and ends the opening, however Open ends.
func (p *Pool[K, V]) open(ctx context.Context, key K, e *entry[V]) {
	var v V
	var err error
	finished := false
	defer func() {
		if !finished {
			err = callFailed(reflect.TypeFor[V](), recover())
		}
		e.cancel()
		p.opened(key, e, v, err)
	}()
	v, err = p.Open(ctx, key)
	finished = true
}

// opened hands out what Open returned.
func (p *Pool[K, V]) opened(key K, e *entry[V], v V, err error) {
	p.mu.Lock()
	waiting := e.waiting
	e.waiting = nil
	close(e.settled)
	if err != nil {
		delete(p.entries, key)
		for _, w := range waiting {
			w <- opened[V]{err: err}
		}
		p.mu.Unlock()
		return
	}
	e.value = v
	s := p.useLocked(key, e)
	if len(waiting) == 0 {
		p.mu.Unlock()
		p.idleError(key, s.Close()) // everyone has left
		return
	}
	// No handle is kept here, not even for a moment: the last user's Close must be
	// the last.
	for _, w := range waiting[1:] {
		w <- opened[V]{s: s.Clone()}
	}
	waiting[0] <- opened[V]{s: s}
	p.mu.Unlock()
}

// await waits for the end of the opening or of ctx.
func (p *Pool[K, V]) await(ctx context.Context, e *entry[V], w chan opened[V]) (*Strong[V], error) {
	select {
	case r := <-w:
		return r.s, r.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	i := slices.Index(e.waiting, w)
	if i < 0 {
		p.mu.Unlock()
		r := <-w // came at the same time
		return r.s, r.err
	}
	defer p.mu.Unlock()
	e.waiting = slices.Delete(e.waiting, i, i+1)
	if len(e.waiting) == 0 {
		e.state = abandoned
		e.cancel()
	}
	return nil, context.Cause(ctx)
}

// useLocked returns a handle of an open resource. p.mu is held.
//
// The handles in use are counted apart from the resource: when the last is closed
// the pool is told, and may find that another term of use has begun since.
func (p *Pool[K, V]) useLocked(key K, e *entry[V]) *Strong[V] {
	if e.state == open {
		if s, ok := e.users.Upgrade(); ok {
			return s
		}
	}
	if e.timer != nil {
		e.timer.Stop()
	}
	e.state = open
	e.term++
	term := e.term
	s := New(e.value, func(V) error { return p.unused(key, e, term) })
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
	e.timer = time.AfterFunc(p.Idle, func() { p.expire(key, e, term) })
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
	p.idleError(key, p.closeLocked(key, e))
}

// closeLocked closes a resource. It unlocks p.mu, which the caller holds.
func (p *Pool[K, V]) closeLocked(key K, e *entry[V]) (err error) {
	e.state = closing
	e.settled = make(chan struct{})
	p.mu.Unlock()
	finished := false
	defer func() {
		if !finished {
			err = callFailed(reflect.TypeFor[V](), recover())
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.entries, key)
		close(e.settled)
	}()
	if p.Close != nil {
		err = p.Close(e.value)
	}
	finished = true
	return err
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
		e.timer.Stop()
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

// Len returns how many resources there are: open or idle, being opened or being
// closed.
func (p *Pool[K, V]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.entries)
}

func (p *Pool[K, V]) idleError(key K, err error) {
	if err == nil {
		return
	}
	if p.OnIdleError == nil {
		slog.Error("rc: closing an idle resource failed", "key", key, "error", err)
		return
	}
	defer func() {
		if r := recover(); r != nil {
			callFailed(reflect.TypeFor[V](), r)
		}
	}()
	p.OnIdleError(key, err)
}

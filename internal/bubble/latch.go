package bubble

import (
	"context"
	"sync"
	"sync/atomic"
)

// Latch is opened once, by a goroutine whose bubble is known beforehand, and lets go on
// all who wait for that. It costs next to nothing until somebody does.
//
// Who opens it stores open and then loads awaited; who waits stores awaited and then loads
// open. So one of them at least sees the other.
type Latch struct {
	// Owner is the bubble of who opens the latch. It is set before anyone waits.
	Owner ID

	open    atomic.Bool
	awaited atomic.Bool // somebody waits, perhaps

	mu   sync.Mutex
	near chan struct{}        // closed by Open; nil if nobody of the owner's bubble waits
	far  map[*parked]struct{} // those of other bubbles who wait
}

// Open lets go on those who wait, and those who will. It is called in the owner's bubble.
// Opening again does nothing.
func (l *Latch) Open() {
	l.open.Store(true)
	if !l.awaited.Load() {
		return // who comes now sees that it is open
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.near != nil {
		close(l.near)
	}
	for p := range l.far {
		p.wake()
	}
	l.near, l.far = nil, nil
}

// IsOpen reports whether the latch has been opened.
func (l *Latch) IsOpen() bool { return l.open.Load() }

// Wait returns nil once the latch is open, or the error of ctx if that ends before.
func (l *Latch) Wait(ctx context.Context) error {
	near, far := l.join()
	switch {
	case near != nil:
		select {
		case <-near:
		case <-ctx.Done():
		}
	case far != nil:
		far.wait(ctx)
		l.leave(far)
	}
	if l.IsOpen() {
		return nil
	}
	return ctx.Err()
}

// join returns what to wait on, or nothing if the latch is open.
func (l *Latch) join() (near <-chan struct{}, far *parked) {
	here := Current()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.awaited.Store(true)
	switch {
	case l.IsOpen():
		return nil, nil
	case here == l.Owner:
		if l.near == nil {
			l.near = make(chan struct{})
		}
		return l.near, nil
	}
	far = park()
	if l.far == nil {
		l.far = make(map[*parked]struct{})
	}
	l.far[far] = struct{}{}
	return nil, far
}

func (l *Latch) leave(far *parked) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.far, far)
}

// parked is a goroutine that waits for one of another bubble: on a mutex, which belongs to
// no bubble and is unlocked to wake it.
type parked struct {
	mu    sync.Mutex
	woken atomic.Bool
}

func park() *parked {
	p := new(parked)
	p.mu.Lock()
	return p
}

func (p *parked) wake() {
	if p.woken.CompareAndSwap(false, true) {
		p.mu.Unlock()
	}
}

// wait returns when somebody has called wake, or ctx has ended.
func (p *parked) wait(ctx context.Context) {
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, p.wake)()
	}
	p.mu.Lock() // until wake unlocks it
	defer p.mu.Unlock()
}

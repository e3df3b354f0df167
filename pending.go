package weakref

import (
	"sync"

	"github.com/weakref-go/weakref/internal/callback"
	"github.com/weakref-go/weakref/internal/gcclock"
	"github.com/weakref-go/weakref/internal/handle"
	"github.com/weakref-go/weakref/internal/usercode"
)

// pending is the finalizers of the process that are to be called.
var pending finalizers

// finalizers knows them by object, to call them at its death, and in the order in
// which they were registered, for Shutdown. Nothing it does with one takes longer the
// more there are.
type finalizers struct {
	begin   sync.Once
	objects addrTable[byte, *finalized]
	calls   callback.Queue[*Finalizer] // of objects that have died

	mu         sync.Mutex
	registered uint64 // finalizers so far
	atShutdown chain  // those that Shutdown calls
	exempt     chain  // those that it does not
}

// chain is finalizers in order of registration. finalizers.mu guards it.
type chain struct {
	newest *Finalizer
	n      int
}

// finalized is the pending finalizers of one object. finalizers.mu guards it.
type finalized struct {
	newest *Finalizer
	dead   bool // for good; nothing is added to the list any more, nor taken out of it
}

func (p *finalizers) start() {
	p.objects.init()
	p.objects.table.Policy.Dead = p.died
	p.objects.table.Policy.Pointers = true
	p.calls.What = "finalizers of dead objects"
	p.calls.Call = func(f *Finalizer) {
		if run := p.take(f); run != nil {
			f.log(usercode.Do(run))
		}
	}
	gcclock.WatchShared(p, func(p *finalizers) { p.objects.table.Sweep() })
}

// Describe is for reports of what is left.
func (p *finalizers) Describe() string { return "finalizers" }

// Pending returns how many Shutdown would have to call.
func (p *finalizers) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.atShutdown.n
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
	p.registered++
	f.number = p.registered
	p.atShutdown.push(f)
	f.next = f.object.newest
	if f.next != nil {
		f.next.previous = f
	}
	f.object.newest = f
}

// died has the finalizers of dead objects called, the newest of each first.
func (p *finalizers) died(objects []*finalized) {
	for _, o := range objects {
		p.mu.Lock()
		o.dead = true
		p.mu.Unlock()
		var list []*Finalizer
		for f := o.newest; f != nil; f = f.next { // does not change any more
			list = append(list, f)
		}
		p.calls.Push(list)
	}
}

// take returns the call of a finalizer that is pending, which is not pending any
// more then, or nil.
func (p *finalizers) take(f *Finalizer) func() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.takeLocked(f)
}

// takeNewest takes the call of the last finalizer that shall run at Shutdown.
func (p *finalizers) takeNewest() (*Finalizer, func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.atShutdown.newest
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
	p.chainOf(f).remove(f)
	f.object.remove(f)
	f.object = nil
	return run
}

func (p *finalizers) chainOf(f *Finalizer) *chain {
	if f.exempt {
		return &p.exempt
	}
	return &p.atShutdown
}

// setExempt says whether Shutdown leaves a finalizer out.
func (p *finalizers) setExempt(f *Finalizer, exempt bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.exempt == exempt {
		return
	}
	if f.run != nil {
		p.chainOf(f).remove(f)
	}
	f.exempt = exempt
	if f.run != nil {
		p.chainOf(f).insert(f)
	}
}

// push adds a finalizer that is newer than all others.
func (c *chain) push(f *Finalizer) {
	f.older = c.newest
	if f.older != nil {
		f.older.newer = f
	}
	c.newest = f
	c.n++
}

// insert adds a finalizer where it belongs, which is searched for from the newest.
func (c *chain) insert(f *Finalizer) {
	var newer *Finalizer
	older := c.newest
	for older != nil && older.number > f.number {
		newer, older = older, older.older
	}
	if newer == nil {
		c.push(f)
		return
	}
	f.newer, f.older = newer, older
	newer.older = f
	if older != nil {
		older.newer = f
	}
	c.n++
}

func (c *chain) remove(f *Finalizer) {
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		c.newest = f.older
	}
	if f.older != nil {
		f.older.newer = f.newer
	}
	f.newer, f.older = nil, nil
	c.n--
}

// remove takes a finalizer out of the list, unless somebody is walking it.
func (o *finalized) remove(f *Finalizer) {
	if o.dead {
		return
	}
	if f.previous != nil {
		f.previous.next = f.next
	} else {
		o.newest = f.next
	}
	if f.next != nil {
		f.next.previous = f.previous
	}
	f.next, f.previous = nil, nil
}

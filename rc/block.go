package rc

import (
	"reflect"
	"runtime"
	"unsafe"
	"weak"
)

// A block is what all handles of one value share.
//
//	*Strong ──┐                         shares  how many handles
//	*Strong ──┼──────► block ─────────  drop
//	Unchecked ┘          ▲              v       the value
//	                     │              node    for the cycle collector, if v lists handles
//	Weak ────► cell ─────┘
//	             ╲ cleared when the value dies
//
// A weak handle refers to the cell, which refers to the block only while the
// value lives, so it keeps neither the value nor the block afterwards. A block is
// never used for another value, so a handle that comes late cannot take one for
// the other. The fields but the shares and the cell do not change after the
// block has been opened; in particular v stays as it is, so that reading it
// beside the last Close, a mistake, gives a value that has been dropped, but not
// half of one.
type block[T any] struct {
	shares
	cell pointer[cell[T]] // made by the first Weak
	node *node
	drop any // func(T), func(T) error, or *Strong[T]: the handle that a Local one stands for
	v    T
}

// cell is what the weak handles of one value refer to.
type cell[T any] struct {
	block  pointer[block[T]]    // nil once the value is dead
	anchor weak.Pointer[anchor] // the one that all handles share, if they do
}

// own gives the block a node if o lists handles. The block is not yet known to
// others: they find it with a count of zero, or not at all.
func (b *block[T]) own(o Owner) {
	if o != nil {
		b.node = &node{owner: o, block: b}
		live.add(b.node)
	}
}

// ownerOf returns the value as an Owner, or nil if it is none. Only a pointer or
// an interface is converted itself: the address does for all others, and does
// not allocate.
func ownerOf[T any](v *T) Owner {
	var o Owner
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Pointer, reflect.Interface:
		o, _ = any(*v).(Owner)
	default:
		o, _ = any(v).(Owner)
	}
	return o
}

// anchorFor returns the anchor for one more handle, made from one that has a.
//
// The handles of a value share an anchor, since the value is lost when all of
// them are. But if the value can be part of a cycle, then the handles in the
// cycle keep a shared anchor for ever, and a handle lost outside would never be
// noticed. There each handle has its own.
func (b *block[T]) anchorFor(a *anchor) *anchor {
	if b.node == nil {
		return a
	}
	return lease(b)
}

// ownAnchors reports whether each handle has its own anchor. It may be asked
// before the block is open, which the count tells.
func (b *block[T]) ownAnchors() bool {
	return b.count() > 0 && b.node != nil
}

// giveBack gives back the share of a closed handle and its anchor.
func (b *block[T]) giveBack(a *anchor) released {
	r := b.release()
	if b.node != nil || r == last {
		putBack(a)
	}
	runtime.KeepAlive(a) // not lost before its share is back
	return r
}

// end drops the value and whatever only it kept. The caller has taken the count
// to zero.
func (b *block[T]) end() error {
	if b.node == nil {
		b.detach()
		return b.runDrop()
	}
	return new(cascade).run(b.endInto)
}

// endInto drops the value and leaves what only it kept to c.
func (b *block[T]) endInto(c *cascade) {
	b.detach()
	if b.node == nil {
		c.fail(b.runDrop())
		return
	}
	c.drop(b.node.owner, b.runDrop)
}

// detach takes the block out of everything that leads to it.
func (b *block[T]) detach() {
	if c := b.cell.load(); c != nil {
		c.block.store(nil)
	}
	if b.node != nil {
		live.remove(b.node)
	}
}

// runDrop calls drop. A panic in it becomes its error.
func (b *block[T]) runDrop() (err error) {
	finished := false
	defer func() {
		if !finished {
			callFailed(&err, reflect.TypeFor[T](), recover())
		}
	}()
	switch drop := b.drop.(type) {
	case func(T) error:
		if drop != nil {
			err = drop(b.v)
		}
	case func(T):
		if drop != nil {
			drop(b.v)
		}
	case *Strong[T]:
		if b.node == nil { // otherwise it is listed
			err = drop.Close()
		}
	}
	finished = true
	return err
}

// weak returns the block's weak handle; a is the anchor of one of its handles.
func (b *block[T]) weak(a *anchor) Weak[T] {
	c := b.cell.load()
	if c == nil {
		c = &cell[T]{block: pointer[block[T]]{p: unsafe.Pointer(b)}}
		if b.node == nil {
			c.anchor = a.weak()
		}
		if !b.cell.cas(nil, c) {
			c = b.cell.load()
		}
	}
	return Weak[T]{c}
}

// lost gives back the shares of the handles that held one anchor and are gone
// without having put it back. It runs on a goroutine of its own.
func (b *block[T]) lost(s *slot) {
	tracked, n := 0, 1
	if b.node == nil {
		n = b.count() // all of them: no handle is left that could change it
		tracked = records.settleBlock(b)
	} else if s.tracked {
		tracked = 1
	}
	state := kept
	for range n {
		state = b.release()
	}
	var err error
	if state == last {
		err = b.end()
	}
	if n > tracked || err != nil {
		report(&Fault{Kind: Leak, Type: reflect.TypeFor[T](), Handles: n - tracked, Err: err})
	}
}

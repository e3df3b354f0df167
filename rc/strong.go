package rc

import (
	"runtime"
	"unsafe"
)

// Strong is a counted reference to a value: the value is dropped when its last
// Strong is closed. Make the first with [New] and further ones with
// [Strong.Clone], one for each user that needs the value for a time of its own;
// each is closed once, by whoever it was made for.
//
// The methods are safe for concurrent use. A handle that one goroutine closes
// while another still uses it is a mistake all the same, as with an os.File: the
// other gets a [Fault], or the value just before it was dropped.
//
// A Strong must not be copied.
type Strong[T any] struct {
	// The block and the anchor belong to whoever sets the state to handleClosed,
	// who clears them. Others read them while the state is another; to do so beside
	// Close is the caller's mistake, and finds them as they were or nil. But the
	// cycle collector reads the block of a handle that is handleListing at any time,
	// so that one is cleared atomically.
	block  pointer[block[T]]
	anchor *anchor
	state  flag
	id     uint32 // of the record, if the handle is tracked
}

// The states of a handle.
const (
	handleClosed  uint32 = iota
	handleOpen           // and the value lists no handles
	handleListing        // open, and the value lists handles
)

// New returns the first handle of v. When the last one is closed, that call of
// Close runs drop(v) and returns its error, if it is one of the functions that
// have one: New(f, (*os.File).Close) does what one hopes. A nil drop does
// nothing.
//
// If v implements [Owner], the handles that it lists are closed after drop.
//
// T is copied into memory that the handles share. Use a pointer for what is
// large, changes, or must not be copied.
//
// New makes two allocations, and Close after it none: together they cost about as
// much as four allocations of 24 bytes. A value more alive at one time than ever
// before costs a quarter of a microsecond besides.
func New[T any, D func(T) | func(T) error](v T, drop D) *Strong[T] {
	b := &block[T]{shares: shares{word: word{v: 1}}, drop: drop, v: v}
	b.own(ownerOf(&b.v))
	return newStrong(b, lease(b))
}

// newUnowning is New, but the handles that v may list stay open.
func newUnowning[T any](v T, drop func(T) error) *Strong[T] {
	b := &block[T]{shares: shares{word: word{v: 1}}, drop: drop, v: v}
	return newStrong(b, lease(b))
}

// NewCyclic is New for a value that holds a weak handle to itself, or hands one
// to values that it makes. It calls build with that handle, which cannot be
// upgraded before NewCyclic has made the first strong one. If build panics,
// nothing was made and drop is not called.
func NewCyclic[T any, D func(T) | func(T) error](build func(self Weak[T]) T, drop D) *Strong[T] {
	b := &block[T]{drop: drop}
	a := lease(b)
	b.v = build(b.weak(a))
	b.own(ownerOf(&b.v))
	b.word.store(1) // and with it all the above
	return newStrong(b, a)
}

// newStrong returns a handle for a share that the caller has acquired.
func newStrong[T any](b *block[T], a *anchor) *Strong[T] {
	s := &Strong[T]{block: pointer[block[T]]{p: unsafe.Pointer(b)}, anchor: a, state: flag{v: handleOpen}}
	if b.node != nil {
		s.state.v = handleListing
	}
	if tracking.Load() {
		track(s, b)
	}
	return s
}

// Value returns the value. It panics with a [*Fault] if the handle is closed.
//
// Keep the handle while you use the value: a deferred Close does. Value itself
// does not keep it, and a handle that nobody refers to any more was leaked; the
// value is dropped then as if it had been closed.
func (s *Strong[T]) Value() T {
	b := s.opened()
	if b == nil {
		panic(s.fault(UseAfterClose))
	}
	return b.v
}

// Clone returns another handle of the same value. It panics with a [*Fault] if
// s is closed, and with a text if the value has 2147483647 handles.
//
// It allocates the handle, 24 bytes, which is half of what Clone and Close cost
// together; [Strong.Unchecked] avoids it.
func (s *Strong[T]) Clone() *Strong[T] {
	b, a := s.opened(), s.anchor
	if b == nil || a == nil || !b.tryAcquire() && !b.acquire() {
		panic(s.fault(UseAfterClose))
	}
	c := newStrong(b, b.anchorFor(a))
	runtime.KeepAlive(s) // its share was there when the new one was added
	return c
}

// Close gives the handle back. If it was the last, Close drops the value on this
// goroutine before it returns: first the function given to New runs, then the
// handles that the value lists are closed in their order, which may drop further
// values, each before the next handle in the list. However long a chain of values
// dies that way, it takes no stack.
//
// Close returns the errors of the drop functions that it ran, joined if there are
// several. A panic in one becomes a [*Fault] among them and does not keep the
// others from running.
//
// Closing a handle again does nothing but return and report a [*Fault], for
// which errors.Is(err, ErrClosed) holds.
//
// A caller of Close must not hold a lock that a drop function or a method
// Handles takes.
func (s *Strong[T]) Close() error {
	b, a := s.take()
	if b == nil {
		return s.fault(DoubleClose)
	}
	if b.node == nil && b.tryRelease() {
		runtime.KeepAlive(a) // not lost before its share is back
		return nil
	}
	switch b.giveBack(a) {
	case last:
		return b.end()
	case already:
		return s.fault(DoubleClose)
	}
	return nil
}

// opened returns the block, or nil if the handle is closed.
func (s *Strong[T]) opened() *block[T] {
	if s.state.load() == handleClosed {
		return nil
	}
	return s.block.plain()
}

// take takes the share out of the handle, which is closed then. It returns nil
// if it was closed before.
func (s *Strong[T]) take() (*block[T], *anchor) {
	state := s.state.swap(handleClosed)
	if state == handleClosed {
		return nil, nil
	}
	b, a := s.block.plain(), s.anchor
	s.anchor = nil
	if state == handleListing {
		s.block.store(nil)
	} else {
		s.block.clear()
	}
	if s.id != 0 {
		records.closed(s.id)
	}
	return b, a
}

// Move hands the share over to a new handle and closes this one. Its use is to
// tell a later mistake in the code that gave its handle away, and to take a
// handle out of a value that lists it; see [Owner]. It panics with a [*Fault] if
// s is closed.
func (s *Strong[T]) Move() *Strong[T] {
	b, a := s.take()
	// The handle is closed before the count is touched: the cycle collector relies
	// on this order, see collect.go.
	if b == nil || !b.touch() {
		panic(s.fault(UseAfterClose))
	}
	return newStrong(b, a)
}

// Weak returns a weak handle of the value. It panics with a [*Fault] if s is
// closed.
func (s *Strong[T]) Weak() Weak[T] {
	b, a := s.opened(), s.anchor
	if b == nil || a == nil {
		panic(s.fault(UseAfterClose))
	}
	if parent, ok := b.drop.(*Strong[T]); ok {
		return parent.Weak() // s is Local
	}
	w := b.weak(a)
	runtime.KeepAlive(s)
	return w
}

// Count returns how many strong handles the value has now, this one included,
// and 0 if this one is closed. Others may change it at any time, so it is for
// tests and inspection. Handles of a [Strong.Local] count on their own.
//
// Weak handles are plain values that Go copies without telling anyone, so
// nothing counts them.
func (s *Strong[T]) Count() int {
	b := s.opened()
	if b == nil {
		return 0
	}
	return b.count()
}

// Local returns a handle of the same value whose clones are counted apart, on a
// count of their own that holds one share of s's. A goroutine that clones and
// closes a lot can do so on a Local handle without contending with others for
// the same cache line. The value dies when all handles are closed, the Local ones
// included.
//
// A Local handle costs what New costs.
func (s *Strong[T]) Local() *Strong[T] {
	parent := s.Clone()
	b := standIn(parent)
	if parent.node() != nil {
		b.own(sole{parent})
	}
	return newStrong(b, lease(b))
}

// standIn returns a block that counts apart, and takes over a handle of the block
// that it stands for.
func standIn[T any](parent *Strong[T]) *block[T] {
	return &block[T]{shares: shares{word: word{v: 1}}, drop: parent, v: parent.Value()}
}

// sole owns one handle.
type sole struct{ Handle }

// Handles lists it.
func (s sole) Handles(yield func(Handle) bool) { yield(s.Handle) }

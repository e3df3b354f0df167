package rc

import (
	"errors"
	"log/slog"
	"reflect"
	"slices"
)

// Owner is implemented by values that own handles of other values, in fields,
// slices or however.
//
// Handles calls yield with each of them until yield returns false; nil handles
// are passed over. It is what a range loop takes: for h := range v.Handles.
//
// The handles belong to the value: when it is dropped they are closed, in the
// order in which Handles names them, after drop has run on the value itself. They
// may be closed before, by drop for instance.
//
// By listing its handles a value also lets [Collect] find cycles that it is part
// of. That adds two rules, since Collect must be able to tell who holds a handle:
//
//   - A handle is listed once, by one value, and is that value's until it is
//     closed. To take one out of a value, take what its [Strong.Move] returns, or
//     its [Strong.Clone] and close it, and not the handle itself: Collect cannot
//     see that it left, and may drop what it leads to while it is used.
//   - Collect calls Handles at any time and on any goroutine, even while drop runs
//     or after it. If the handles change, a lock or an atomic pointer must guard
//     them. Handles must do nothing but list, and not wait for long.
//
// T of a [Strong] should be a pointer type where T is an Owner whose handles
// change, since T is copied.
type Owner interface {
	Handles(yield func(Handle) bool)
}

// Handle is a *[Strong] of any type.
type Handle interface {
	Close() error
	Count() int

	// void reports whether the handle is a nil pointer, which no other method may
	// be called on.
	void() bool
	// closeInto closes the handle, if it is open, and leaves what dies with it to
	// the cascade.
	closeInto(*cascade)
	// node returns the node of the value; nil if the handle is closed, or its value
	// cannot be part of a cycle.
	node() *node
	// forget closes a handle of a value that the collector has dropped.
	forget()
}

// A cascade drops a value and what only it kept, without recursion: in the order
// in which recursion would do it.
type cascade struct {
	todo []Handle // to be closed, the last first
	errs []error
}

// drop has the handles of o, which may be nil, closed next, and calls drop before that.
// It calls both functions however the other ends.
func (c *cascade) drop(o Owner, drop func() error) {
	defer func() { c.fail(drop()) }()
	if o == nil {
		return
	}
	n := len(c.todo)
	defer func() { slices.Reverse(c.todo[n:]) }()
	c.fail(list(o, func(h Handle) bool {
		if !absent(h) {
			c.todo = append(c.todo, h)
		}
		return true
	}))
}

func (c *cascade) fail(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// run calls begin, which drops a value, closes what is to be closed then, and returns
// the errors of all drop functions.
func (c *cascade) run(begin func(*cascade)) error {
	defer c.finish()
	begin(c)
	for len(c.todo) > 0 {
		c.step()
	}
	return c.err()
}

// finish goes on if a function of the user's has ended the goroutine, so that the
// others run all the same.
func (c *cascade) finish() {
	if len(c.todo) == 0 {
		return
	}
	defer c.finish()
	for len(c.todo) > 0 {
		c.step()
	}
	if err := c.err(); err != nil {
		slog.Error("rc: drop functions failed, and there is nobody to return it to, since one has ended the goroutine", "error", err)
	}
}

// step closes one handle.
func (c *cascade) step() {
	top := len(c.todo) - 1
	h := c.todo[top]
	c.todo[top] = nil
	c.todo = c.todo[:top]
	h.closeInto(c)
}

func (c *cascade) err() error {
	if len(c.errs) == 1 {
		return c.errs[0]
	}
	return errors.Join(c.errs...)
}

func (s *Strong[T]) void() bool { return s == nil }

func (s *Strong[T]) closeInto(c *cascade) {
	b, a := s.take()
	if b == nil {
		return
	}
	switch b.giveBack(a) {
	case last:
		b.endInto(c)
	case already:
		c.fail(s.fault(DoubleClose))
	}
}

func (s *Strong[T]) node() *node {
	if s.state.load() != handleListing {
		return nil
	}
	b := s.block.load()
	if b == nil {
		return nil // closed in between
	}
	return b.node
}

func (s *Strong[T]) forget() {
	if b, a := s.take(); b != nil {
		putBack(a)
	}
}

// list calls o.Handles. A panic in it becomes its error.
func list(o Owner, yield func(Handle) bool) (err error) {
	finished := false
	defer func() {
		if !finished {
			callFailed(&err, reflect.TypeOf(o), recover())
		}
	}()
	o.Handles(yield)
	finished = true
	return nil
}

// absent reports whether h is nil, or a nil pointer.
func absent(h Handle) bool { return h == nil || h.void() }

// nodeOf returns the node of the value that h leads to, if it has one.
func nodeOf(h Handle) *node {
	if absent(h) {
		return nil
	}
	return h.node()
}

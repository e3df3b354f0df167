package rc

import (
	"errors"
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

// add has the handles of o closed next.
func (c *cascade) add(o Owner) {
	n := len(c.todo)
	c.fail(list(o, func(h Handle) bool {
		if !absent(h) {
			c.todo = append(c.todo, h)
		}
		return true
	}))
	slices.Reverse(c.todo[n:])
}

func (c *cascade) fail(err error) {
	if err != nil {
		c.errs = append(c.errs, err)
	}
}

// run closes what there is to be closed and returns the errors of all drop
// functions.
func (c *cascade) run() error {
	// A drop function that ends this goroutine does not keep the others from
	// running.
	defer func() {
		if len(c.todo) > 0 {
			c.run()
		}
	}()
	for len(c.todo) > 0 {
		c.step()
	}
	return c.err()
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
			err = callFailed(reflect.TypeOf(o), recover())
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

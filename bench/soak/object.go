package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"runtime/debug"

	"github.com/weakref-go/weakref"
)

// object is what containers refer to. Its content says whether it is what it should
// be: memory that was freed is overwritten sooner or later, and at once under
// clobberfree=1.
type object struct {
	id   int
	mark uint64
	more *[2]uint64 // an allocation of its own, with the mark in it
}

func mark(id int) uint64 { return (uint64(id) + 1) * 0x9e3779b97f4a7c15 }

func newObject(id int) *object {
	m := mark(id)
	return &object{id, m, &[2]uint64{m, ^m}}
}

// intact reports whether p is the live object with this id.
func (p *object) intact(id int) bool {
	m := mark(id)
	return p != nil && p.id == id && p.mark == m && p.more[0] == m && p.more[1] == ^m
}

// slotted is an object that carries the values of maps.
type slotted struct {
	weakref.Slots
	object
}

var errFault = errors.New("a fault that was thrown in")

// fails makes one in so many loaders fail, panic, take long or end their goroutine.
func (w *world) fails(rnd *rand.Rand) error {
	switch rnd.IntN(40) {
	case 0:
		w.failed.Add(1)
		return errFault
	case 1:
		w.panics.Add(1)
		panic(errFault)
	case 2:
		w.goexits.Add(1)
		runtime.Goexit()
	case 3:
		w.slow.Add(1)
		for range 100 {
			runtime.Gosched()
		}
	}
	return nil
}

// apart calls f on a goroutine of its own, which f may end, and recovers a panic.
func (w *world) apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { w.checkPanic(recover(), debug.Stack) }()
		f()
	}()
	<-done
}

// checkPanic reports a panic that was not thrown in. It may have left a lock behind.
func (w *world) checkPanic(value any, stack func() []byte) {
	if err, ok := value.(error); value != nil && (!ok || !errors.Is(err, errFault)) {
		w.violate("G7", "a panic that nobody made: %v\n%s", value, stack())
	}
}

// watchLog is a handler that reports panics and errors in callbacks that were not thrown in.
type watchLog struct {
	slog.Handler
	w *world
}

func (l watchLog) Enabled(context.Context, slog.Level) bool { return true }

func (l watchLog) Handle(_ context.Context, r slog.Record) error {
	stack := ""
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "stack" {
			stack = a.Value.String()
		}
		return true
	})
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "panic" || a.Key == "error" {
			l.w.checkPanic(a.Value.Any(), func() []byte { return []byte(r.Message + "\n" + stack) })
		}
		return true
	})
	return nil
}

func wrongLen(what string, got, want int) error {
	return fmt.Errorf("%s has %d entries, %d are alive", what, got, want)
}

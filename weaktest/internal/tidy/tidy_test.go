// Package tidy is a package whose tests leave nothing behind, unless they are
// told to: the tests of weaktest.Main run them.
package tidy

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/weakref-go/weakref/weaktest"
)

func TestMain(m *testing.M) { weaktest.Main(m) }

type object struct {
	next *object
	_    [4]int
}

var (
	kept     []*object
	borrowed *object
)

// TestNothing leaves nothing behind.
func TestNothing(t *testing.T) {
	borrowed = new(object)
	borrowed = nil
}

// TestGrowth leaves an object behind each time.
func TestGrowth(t *testing.T) {
	if os.Getenv("TIDY") != "growth" {
		t.Skip("not wanted")
	}
	kept = append(kept, new(object))
}

// TestTimer leaves a timer behind each time.
func TestTimer(t *testing.T) {
	if os.Getenv("TIDY") != "timer" {
		t.Skip("not wanted")
	}
	o := new(object)
	time.AfterFunc(time.Hour, func() { o.next = o })
}

// TestCleanup leaves an object behind that its own cleanup keeps alive.
func TestCleanup(t *testing.T) {
	if os.Getenv("TIDY") != "cleanup" {
		t.Skip("not wanted")
	}
	o := new(object)
	holder := &object{next: o}
	runtime.AddCleanup(o, func(*object) {}, holder)
	runtime.GC()
	runtime.GC()
}

// TestFailure fails.
func TestFailure(t *testing.T) {
	if os.Getenv("TIDY") == "failure" {
		t.Error("as it was told to")
	}
}

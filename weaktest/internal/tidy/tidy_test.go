// Package tidy is a package whose tests leave nothing behind, unless they are
// told to: the tests of weaktest.Main run them.
package tidy

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/weakref-go/weakref"
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

// compiler is what a test is about: it keeps what it has made.
type compiler struct{ all []*object }

//go:noinline
func newCompiler() *compiler { return new(compiler) }

//go:noinline
func (c *compiler) compile() *object {
	o := new(object)
	c.all = append(c.all, o)
	return o
}

// global is the commonest package variable.
var global = &compiler{}

// TestHeld asks for objects that are held, as it is told to.
func TestHeld(t *testing.T) {
	for _, how := range strings.Split(os.Getenv("TIDY"), ",") {
		if held[how] != nil {
			t.Run(how, held[how])
		}
	}
}

// held is how objects are held: by a variable that is a pointer to a literal, by a local
// variable, and by a closure or a method's value alone.
var held = map[string]func(*testing.T){
	"literal": func(t *testing.T) { weaktest.MustCollect(t, weakref.Make(global.compile())) },
	"local":   byLocal,
	"closure": byClosure,
	"method":  func(t *testing.T) { weaktest.NoGrowth(t, new(compiler).round) },
}

func byLocal(t *testing.T) {
	c := newCompiler()
	weaktest.MustCollect(t, weakref.Make(c.compile()))
	runtime.KeepAlive(c)
}

func byClosure(t *testing.T) {
	c := &compiler{}
	weaktest.NoGrowth(t, func() { c.compile() })
}

func (c *compiler) round() { c.compile() }

// TestFailure fails.
func TestFailure(t *testing.T) {
	if os.Getenv("TIDY") == "failure" {
		t.Error("as it was told to")
	}
}

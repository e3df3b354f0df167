package weaktest_test

import (
	"fmt"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/weaktest"
)

// printer stands for the *testing.T of a test.
type printer struct{}

func (printer) Helper()                           {}
func (printer) Fatalf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

var t printer

type conn struct {
	addr string
	_    [64]byte
}

var conns = map[string]*conn{}

//go:noinline
func dialAndClose() weakref.Ref[conn] {
	c := &conn{addr: "db:5432"}
	conns[c.addr] = c
	defer delete(conns, c.addr)
	return weakref.Make(c)
}

// In a test, t is its *testing.T. If the connection were still in the map, the test
// would fail with the path to it.
func ExampleMustCollect() {
	weaktest.MustCollect(t, dialAndClose())
	fmt.Println("closed")
	// Output: closed
}

// A round trip that leaves nothing behind.
func ExampleNoGrowth() {
	weaktest.NoGrowth(t, func() { dialAndClose() })
	fmt.Println("nothing grows")
	// Output: nothing grows
}

func ExampleEventually() {
	r := dialAndClose()
	weaktest.Eventually(t, "the connection is gone", func() bool { return r.Value() == nil })
	fmt.Println(r.Value() == nil)
	// Output: true
}

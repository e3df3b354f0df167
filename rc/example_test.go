//go:build !rcsched

package rc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/weakref-go/weakref/rc"
)

func ExampleStrong() {
	s := rc.New("connection", func(name string) { fmt.Println("closing the", name) })
	c := s.Clone()
	s.Close()
	fmt.Println("still using the", c.Value())
	c.Close()
	fmt.Println("closed")
	// Output:
	// still using the connection
	// closing the connection
	// closed
}

func ExampleWeak() {
	s := rc.New("session", func(string) {})
	w := s.Weak()
	if c, ok := w.Upgrade(); ok {
		fmt.Println(c.Value(), "is alive")
		c.Close()
	}
	s.Close()
	if _, ok := w.Upgrade(); !ok {
		fmt.Println("it is gone")
	}
	// Output:
	// session is alive
	// it is gone
}

func ExampleUnchecked() {
	s := rc.New([]byte("frame"), func([]byte) { fmt.Println("back to the pool") })
	u := s.Unchecked()
	s.Close()
	for range 3 {
		c := u.Clone() // allocates nothing
		fmt.Println(len(c.Value()))
		c.Close()
	}
	u.Close()
	// Output:
	// 5
	// 5
	// 5
	// back to the pool
}

// An Index owns its segments.
type Index struct {
	segments []*rc.Strong[string]
}

func (x *Index) Handles(yield func(rc.Handle) bool) {
	for _, s := range x.segments {
		if !yield(s) {
			return
		}
	}
}

func ExampleOwner() {
	unmap := func(name string) { fmt.Println("unmap", name) }
	shared := rc.New("b", unmap)
	x := rc.New(&Index{segments: []*rc.Strong[string]{
		rc.New("a", unmap),
		shared.Clone(),
		rc.New("c", unmap),
	}}, func(*Index) { fmt.Println("close the index") })

	x.Close()
	fmt.Println("b is still in use")
	shared.Close()
	// Output:
	// close the index
	// unmap a
	// unmap c
	// b is still in use
	// unmap b
}

func ExampleHandle() {
	handles := []rc.Handle{ // of values of different types
		rc.New(1, func(int) { fmt.Println("one") }),
		rc.New("two", func(string) { fmt.Println("two") }),
	}
	for _, h := range handles {
		h.Close()
	}
	// Output:
	// one
	// two
}

// A Room knows itself, to hand to its guests.
type Room struct {
	self rc.Weak[*Room]
	name string
}

func ExampleNewCyclic() {
	r := rc.NewCyclic(func(self rc.Weak[*Room]) *Room {
		return &Room{self, "lobby"}
	}, func(r *Room) { fmt.Println("closing the", r.name) })

	guest, _ := r.Value().self.Upgrade()
	r.Close()
	fmt.Println("a guest is in the", guest.Value().name)
	guest.Close()
	// Output:
	// a guest is in the lobby
	// closing the lobby
}

func ExamplePool() {
	p := &rc.Pool[string, string]{
		Open: func(ctx context.Context, name string) (string, error) {
			fmt.Println("dial", name)
			return "connection to " + name, nil
		},
		Close: func(c string) error {
			fmt.Println("close", c)
			return nil
		},
	}
	ctx := context.Background()
	a, _ := p.Get(ctx, "db")
	b, _ := p.Get(ctx, "db")
	fmt.Println("both use the", a.Value())
	a.Close()
	b.Close()
	// Output:
	// dial db
	// both use the connection to db
	// close connection to db
}

// What Open starts with its own context ends when it returns; this goes on until the
// resource is closed.
func ExampleLifetime() {
	p := &rc.Pool[string, chan string]{
		Open: func(ctx context.Context, name string) (chan string, error) {
			last := make(chan string, 1)
			life := rc.Lifetime(ctx)
			context.AfterFunc(life, func() { last <- name + " has ended" })
			return last, nil
		},
	}
	s, _ := p.Get(context.Background(), "feed")
	last := s.Value()
	fmt.Println(len(last), "messages")
	s.Close()
	fmt.Println(<-last)
	// Output:
	// 0 messages
	// feed has ended
}

func ExamplePoolStats() {
	p := &rc.Pool[string, int]{
		Open: func(context.Context, string) (int, error) { return 1, nil },
		Idle: time.Minute,
	}
	ctx := context.Background()
	a, _ := p.Get(ctx, "a")
	b, _ := p.Get(ctx, "b")
	a2, _ := p.Get(ctx, "a")
	b.Close()
	fmt.Println(p.Stats())
	a.Close()
	a2.Close()
	p.CloseIdle()
	fmt.Println(p)
	// Output:
	// 1 in use, 1 idle, 0 opening, 0 closing; 2 opened, 0 failed, 1 reused, 0 closed, 0 expired
	// rc.Pool[string, int]: 0 in use, 0 idle, 0 opening, 0 closing
}

// A handle that all tests share is made before them. It is no test's fault.
func ExampleVerifyNone() {
	defer rc.Track(rc.Track(true)) // for real tests: in TestMain
	shared := rc.New("shared", func(string) {})
	defer shared.Close()
	var forgotten []*rc.Strong[string]

	test := func(t rc.TB) {
		defer rc.VerifyNone(t, rc.Open()...) // rc.Open is called here and now
		forgotten = append(forgotten, rc.New("forgotten", func(string) {}))
	}
	test(printer{})
	test(printer{})
	for _, s := range forgotten {
		s.Close()
	}
	// Output:
	// rc: 1 handles were not closed:
	// rc: 1 handles were not closed:
}

func ExampleFault() {
	defer rc.Track(rc.Track(true))
	old := rc.OnFault(func(f *rc.Fault) { fmt.Println("reported:", f.Kind) })
	defer func() { rc.OnFault(old) }()
	s := rc.New(1, func(int) {})
	s.Close()
	err := s.Close()

	var f *rc.Fault
	fmt.Println(errors.Is(err, rc.ErrClosed), errors.As(err, &f))
	fmt.Println("made at", firstLine(f.Made))
	// Output:
	// reported: handle closed twice
	// true true
	// made at github.com/weakref-go/weakref/rc_test.ExampleFault
}

// A service may count some kinds of faults and stop at others.
func ExampleKind() {
	counts := make(map[rc.Kind]int)
	old := rc.OnFault(func(f *rc.Fault) { counts[f.Kind]++ })
	defer func() { rc.OnFault(old) }()
	s := rc.New(1, func(int) { panic("no") })
	s.Close()
	s.Close()
	s.Close()
	fmt.Println(counts[rc.CallFailed], counts[rc.DoubleClose], rc.DoubleClose)
	// Output:
	// 1 2 handle closed twice
}

func ExampleStack() {
	s := rc.New(1, func(int) {})
	s.Close()
	var f *rc.Fault
	errors.As(s.Close(), &f)
	fmt.Println("closed again by", firstLine(f.Found))
	// Output:
	// closed again by github.com/weakref-go/weakref/rc_test.ExampleStack
}

func firstLine(s rc.Stack) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s.String()), "\n")
	return line
}

func ExampleOpenHandle() {
	defer rc.Track(rc.Track(true))
	s := rc.New("socket", func(string) {})
	for _, h := range rc.Open() {
		fmt.Println(h.Type, "made at", firstLine(h.Made))
	}
	s.Close()
	fmt.Println(len(rc.Open()), "open")
	// Output:
	// string made at github.com/weakref-go/weakref/rc_test.ExampleOpenHandle
	// 0 open
}

// printer is a TB that prints what a test would fail with.
type printer struct{}

func (printer) Helper() {}
func (printer) Errorf(format string, args ...any) {
	first, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	fmt.Println(first)
}

func ExampleTB() {
	defer rc.Track(rc.Track(true)) // for real tests: in TestMain
	var t rc.TB = printer{}        // for real tests: a *testing.T

	s := rc.New("socket", func(string) {})
	rc.VerifyNone(t)
	s.Close()
	rc.VerifyNone(t) // all closed: it says nothing
	// Output:
	// rc: 1 handles were not closed:
}

package leak_test

import (
	"fmt"
	"runtime"
	"time"

	"github.com/weakref-go/weakref/leak"
)

type Conn struct {
	addr string
	_    [64]byte
}

var pool = map[string]*Conn{}

// Close forgets to take the connection out of the pool.
func (c *Conn) Close() { leak.WatchBy(watcher, c, "connection closed") }

var (
	found   = make(chan *leak.Leak, 1)
	watcher = &leak.Watcher{
		Collections: 2,
		Age:         time.Millisecond,
		OnLeak:      func(l *leak.Leak) { found <- l },
	}
)

func Example() {
	c := &Conn{addr: "db:5432"}
	pool[c.addr] = c
	c.Close()

	// A service collects by itself.
	for {
		runtime.GC()
		select {
		case l := <-found:
			fmt.Println(l.Count, l.Type, "retained although:", l.Reason)
			return
		case <-time.After(time.Millisecond):
		}
	}
	// Output: 1 leak_test.Conn retained although: connection closed
}

func ExampleReport() {
	for _, l := range leak.Report() {
		fmt.Println(l)
	}
	fmt.Println(len(leak.Report()), "kinds of leaks")
	// Output: 0 kinds of leaks
}

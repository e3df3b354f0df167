package a

import (
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/weakref-go/weakref"
)

type T struct {
	wg   sync.WaitGroup
	mu   sync.Mutex
	cond *sync.Cond
	c    chan int
	w    *workers
}

type workers struct {
	wg   sync.WaitGroup
	quit chan int
	once sync.Once
}

func (w *workers) stop()      { close(w.quit) }
func (w *workers) stopWait()  { w.stop(); w.wait() }
func (w *workers) wait()      { w.wg.Wait() }
func (w *workers) stopOnce()  { w.once.Do(func() { close(w.quit) }) }
func (w *workers) recursive() { w.recursive() }

func bad(p *T, conn net.Conn, udp *net.UDPConn) {
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, p.c) // want `this cleanup sends on a channel and delays all other cleanups while it waits, those of package unique included; start a goroutine for that`
	runtime.AddCleanup(p, func(c chan int) { <-c }, p.c)    // want `this cleanup receives from a channel`
	runtime.AddCleanup(p, func(c chan int) {                // want `this cleanup receives from a channel`
		for range c {
		}
	}, p.c)
	runtime.AddCleanup(p, func(w *workers) { w.wg.Wait() }, p.w)        // want `this cleanup waits for other goroutines`
	runtime.AddCleanup(p, func(int) { time.Sleep(1) }, 1)               // want `this cleanup sleeps`
	runtime.AddCleanup(p, func(c *sync.Cond) { c.Wait() }, p.cond)      // want `this cleanup waits on a condition`
	runtime.AddCleanup(p, func(url string) { http.Get(url) }, "")       // want `this cleanup speaks on the network`
	runtime.AddCleanup(p, func(c net.Conn) { c.Write(nil) }, conn)      // want `this cleanup speaks on the network`
	runtime.AddCleanup(p, func(c *net.UDPConn) { c.Read(nil) }, udp)    // want `this cleanup speaks on the network`
	runtime.AddCleanup(p, (*workers).stopWait, p.w)                     // want `this cleanup waits for other goroutines`
	runtime.AddCleanup(p, func(w *workers) { defer w.stopWait() }, p.w) // want `this cleanup waits for other goroutines`
	runtime.SetFinalizer(p, func(p *T) { p.c <- 1 })                    // want `this finalizer sends on a channel and delays all other finalizers while it waits, since they share one goroutine`
	runtime.AddCleanup(p, func(c chan int) {                            // want `this cleanup waits in a select statement`
		select {
		case c <- 1:
		case <-c:
		}
	}, p.c)
	runtime.AddCleanup(p, func(c chan int) { func() { c <- 1 }() }, p.c) // want `this cleanup sends on a channel`
	runtime.AddCleanup(p, func(c chan int) {                             // want `this cleanup sends on a channel`
		select {
		case <-c:
			c <- 1
		default:
		}
	}, p.c)
	unbuffered := make(chan int)
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, unbuffered) // want `this cleanup sends on a channel`
	zero := make(chan int, 0)
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, zero) // want `this cleanup sends on a channel`
	cleanup := func(c chan int) { c <- 1 }
	runtime.AddCleanup(p, cleanup, p.c) // want `this cleanup sends on a channel`
}

func good(p *T, conn net.Conn, n int) {
	runtime.AddCleanup(p, func(c chan int) { go func() { c <- 1 }() }, p.c)
	runtime.AddCleanup(p, func(w *workers) { go w.stopWait() }, p.w)
	runtime.AddCleanup(p, func(c chan int) { close(c) }, p.c)
	runtime.AddCleanup(p, func(w *workers) { w.stop() }, p.w)
	runtime.AddCleanup(p, (*workers).stopOnce, p.w)
	runtime.AddCleanup(p, (*workers).recursive, p.w)
	runtime.AddCleanup(p, func(c net.Conn) { c.Close() }, conn)
	runtime.AddCleanup(p, func(mu *sync.Mutex) { mu.Lock(); mu.Unlock() }, new(sync.Mutex))
	runtime.AddCleanup(p, func(c chan int) {
		select {
		case c <- 1:
		default:
		}
	}, p.c)
	roomy := make(chan int, 1)
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, roomy)
	runtime.AddCleanup(p, func(int) { roomy <- 1 }, 0)
	sized := make(chan int, n)
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, sized)
	runtime.AddCleanup(p, func(c chan int) { _ = func() { c <- 1 } }, p.c)
	weakref.Finalize(p, func(c chan int) { c <- 1 }, p.c)
}

// Channels of a struct: with a buffer, without, and of unknown making.
type channels struct{ buffered, unbuffered, unknown chan int }

func newChannels(c chan int) *channels {
	cs := &channels{buffered: make(chan int, 1), unknown: c}
	cs.unbuffered = make(chan int)
	return cs
}

func (c *channels) sendBuffered()   { c.buffered <- 1 }
func (c *channels) sendUnbuffered() { c.unbuffered <- 1 }
func (c *channels) sendUnknown()    { c.unknown <- 1 }

func send(c chan int) { c <- 1 }

func fields(p *T, cs *channels) {
	runtime.AddCleanup(p, func(c *channels) { c.buffered <- 1 }, cs)
	runtime.AddCleanup(p, func(c *channels) { c.unbuffered <- 1 }, cs) // want `this cleanup sends on a channel`
	runtime.AddCleanup(p, func(c *channels) { c.unknown <- 1 }, cs)    // want `this cleanup sends on a channel`
	runtime.AddCleanup(p, func(c *channels) { c.sendBuffered() }, cs)
	runtime.AddCleanup(p, func(c *channels) { c.sendUnbuffered() }, cs) // want `this cleanup sends on a channel`
	runtime.AddCleanup(p, func(c *channels) { c.sendUnknown() }, cs)
	runtime.AddCleanup(p, func(c chan int) { send(c) }, p.c)
}

func ignored(p *T) {
	//weakvet:ignore blockingcleanup somebody receives at all times
	runtime.AddCleanup(p, func(c chan int) { c <- 1 }, p.c)
}

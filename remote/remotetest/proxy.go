package remotetest

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy is a TCP proxy on the loopback that fails on demand. Its methods may be called
// at any time, and change connections that exist.
type Proxy struct {
	target   string
	listener net.Listener
	refuse   atomic.Bool
	swallow  [2]atomic.Bool  // by direction
	delay    [2]atomic.Int64 // by direction, in nanoseconds

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	all   sync.WaitGroup
}

// Direction is a way through a [Proxy].
type Direction int

const (
	ToBroker Direction = iota
	FromBroker
)

// NewProxy starts a proxy in front of a broker, given as URL or address.
func NewProxy(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: strings.TrimPrefix(target, "nats://"), listener: l, conns: map[net.Conn]struct{}{}}
	p.all.Go(p.accept)
	return p, nil
}

// URL returns where clients connect.
func (p *Proxy) URL() string { return "nats://" + p.listener.Addr().String() }

// Refuse makes the proxy close each new connection at once, or stop doing so.
func (p *Proxy) Refuse(on bool) { p.refuse.Store(on) }

// Cut closes all connections, on both sides.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// Swallow makes what goes in some directions vanish, while connections stay open: a
// black hole. What was swallowed is lost for good, so a stream that has gone through a
// swallowing proxy makes no sense afterwards: Cut it before the proxy lets through again.
func (p *Proxy) Swallow(on bool, ways ...Direction) {
	for _, d := range ways {
		p.swallow[d].Store(on)
	}
}

// Delay makes what goes in a direction arrive later.
func (p *Proxy) Delay(way Direction, by time.Duration) { p.delay[way].Store(int64(by)) }

// Close ends the proxy and its connections.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.Refuse(true)
	p.Cut()
	p.all.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.refuse.Load() {
			client.Close()
			continue
		}
		broker, err := net.Dial("tcp", p.target)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[broker] = struct{}{}, struct{}{}
		p.mu.Unlock()
		p.all.Go(func() { p.pipe(broker, client, ToBroker) })
		p.all.Go(func() { p.pipe(client, broker, FromBroker) })
	}
}

// pipe copies one direction until either side ends.
func (p *Proxy) pipe(to, from net.Conn, way Direction) {
	defer p.forget(to, from)
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if d := p.delay[way].Load(); d > 0 {
			time.Sleep(time.Duration(d))
		}
		if n > 0 && !p.swallow[way].Load() {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) forget(conns ...io.Closer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(p.conns, c.(net.Conn))
	}
}

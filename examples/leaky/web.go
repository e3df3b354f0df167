package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/heap"
)

// # A map that only grows

type Session struct {
	User string
	Cart [16]int
}

type Server struct {
	mu       sync.Mutex
	sessions map[string]*Session
	logins   int
}

var server = &Server{sessions: map[string]*Session{}}

func (s *Server) Login(user string) (token string, sess *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins++
	token = fmt.Sprintf("%s-%d", user, s.logins)
	sess = &Session{User: user}
	s.sessions[token] = sess
	return token, sess
}

func (s *Server) Logout(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[token].User = ""
	if *fixed {
		delete(s.sessions, token)
	}
}

//go:noinline
func loginLogout() heap.Target {
	token, sess := server.Login("alice")
	server.Logout(token)
	return heap.TargetOf(weakref.Make(sess))
}

// # A listener that is never closed

type Bus struct{ listeners []func(string) }

type Widget struct {
	title string
	_     [100]byte // pixels
	bus   *Bus
	at    int
}

var bus = &Bus{}

// Open is not inlined, so that its closure has the same name in all versions of Go.
//
//go:noinline
func Open(b *Bus) *Widget {
	w := &Widget{bus: b, at: len(b.listeners)}
	b.listeners = append(b.listeners, func(title string) { w.title = title })
	return w
}

func (w *Widget) Close() {
	if *fixed {
		w.bus.listeners[w.at] = nil
	}
}

//go:noinline
func openClose() heap.Target {
	w := Open(bus)
	w.Close()
	return heap.TargetOf(weakref.Make(w))
}

// # A closure in a long-lived goroutine

type Request struct {
	ID   int64
	Body [1024]byte
}

var (
	heartbeat = make(chan struct{}) // of the service: it never ends
	lastSlow  atomic.Int64
)

// Trace notes the request's number with every heartbeat.
func Trace(r *Request) {
	if *fixed {
		id := r.ID
		go func() {
			for range heartbeat {
				lastSlow.Store(id)
			}
		}()
		return
	}
	go func() {
		for range heartbeat {
			lastSlow.Store(r.ID)
		}
	}()
}

//go:noinline
func handleRequest() heap.Target {
	r := &Request{ID: 42}
	Trace(r)
	return heap.TargetOf(weakref.Make(r))
}

// # A timer that is never stopped

type Conn struct {
	addr    string
	_       [512]byte // buffer
	timeout *time.Timer
	dead    bool
}

func Dial(addr string) *Conn {
	c := &Conn{addr: addr}
	c.timeout = time.AfterFunc(time.Hour, func() { c.dead = true })
	return c
}

func (c *Conn) HangUp() {
	if *fixed {
		c.timeout.Stop()
	}
	c.addr = ""
}

//go:noinline
func dialHangUp() heap.Target {
	c := Dial("db:5432")
	c.HangUp()
	return heap.TargetOf(weakref.Make(c))
}

// # A context value

type userKey struct{}

type User struct {
	Name   string
	Avatar [4096]byte
}

// Index is rebuilt in the background, long after the request that asks for it.
type Index struct {
	ctx  context.Context
	done chan struct{}
}

var indexer = &struct{ indexes []*Index }{}

func Reindex(ctx context.Context) {
	if *fixed {
		ctx = context.Background() // the index needs nothing of the request
	}
	indexer.indexes = append(indexer.indexes, &Index{ctx: ctx, done: make(chan struct{})})
}

//go:noinline
func startReindex() heap.Target {
	u := &User{Name: "bob"}
	Reindex(context.WithValue(context.Background(), userKey{}, u))
	return heap.TargetOf(weakref.Make(u))
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/weakref-go/weakref/remote"
	"github.com/weakref-go/weakref/remote/bus"
)

// Session is what a process has for a user who is connected to it. Nothing but the request
// that serves the user keeps it.
type Session struct {
	User    string
	updates chan update
}

// update is what a page is sent.
type update struct {
	Kind string `json:"kind"` // online, offline or message
	User string `json:"user"`
	At   int    `json:"at,omitempty"` // the process
	Text string `json:"text,omitempty"`
}

// hello is published when a user connects, and by all processes when one asks for it.
type hello struct {
	User string // empty: who is there?
}

// process is one of the three.
type process struct {
	number int
	node   *remote.Node
	hellos *bus.Bus[hello]

	mu        sync.Mutex
	sessions  map[string]*remote.Name // announced here, by user
	watched   map[string]func()       // names that are watched, by user
	online    map[string]remote.Ref   // what those watches have told
	pages     map[*Session]struct{}   // open pages of this process
	forgotten map[string]bool         // users whose session is to be left to the collector
	numbers   map[remote.SessionID]int
}

// serveRole is the role of a process: it serves until its input ends.
func serveRole(commands *bufio.Scanner, answer func(string, ...any)) {
	if !commands.Scan() {
		return
	}
	var p process
	var port int
	var broker string
	fmt.Sscanf(commands.Text(), "serve %s %d %d", &broker, &p.number, &port)
	url, err := p.start(context.Background(), broker, port)
	if err != nil {
		answer("%v", err)
		return
	}
	answer("%s", url)
	for commands.Scan() {
	}
}

// start joins the others and listens.
func (p *process) start(ctx context.Context, broker string, port int) (url string, err error) {
	p.sessions, p.watched = map[string]*remote.Name{}, map[string]func(){}
	p.online, p.pages = map[string]remote.Ref{}, map[*Session]struct{}{}
	p.forgotten, p.numbers = map[string]bool{}, map[remote.SessionID]int{}
	nc, err := nats.Connect(broker, nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond))
	if err != nil {
		return "", err
	}
	if p.node, err = remote.Join(ctx, nc, remote.Config{}); err != nil {
		return "", err
	}
	p.hellos = bus.Of(p.node, "presence.hello", bus.Options[hello]{})
	bus.Subscribe(p.hellos, p, (*process).hello)
	if _, err := nc.Subscribe(inbox(p.node.Session()), p.receive); err != nil {
		return "", err
	}
	if err := p.hellos.Publish(ctx, hello{}); err != nil {
		return "", err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", err
	}
	go http.Serve(listener, p.routes())
	return "http://" + listener.Addr().String(), nil
}

// inbox is the subject on which a process takes messages for its sessions.
func inbox(id remote.SessionID) string { return "presence.to." + id.String() }

// hello watches the name of a user who has come, or tells a newcomer who is here.
func (p *process) hello(h hello) {
	ctx := context.Background()
	if h.User == "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		for user := range p.sessions {
			_ = p.hellos.Publish(ctx, hello{user}) // it fails only when this process is over
		}
		return
	}
	p.mu.Lock()
	_, known := p.watched[h.User]
	if !known {
		p.watched[h.User] = nil
	}
	p.mu.Unlock()
	if known {
		return
	}
	stop, err := p.node.WatchName(ctx, "user/"+h.User, func(r remote.Ref, here bool) { p.seen(h.User, r, here) })
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		delete(p.watched, h.User) // the next hello tries again
		return
	}
	p.watched[h.User] = stop
}

// seen notes that a user has come or gone, and tells all pages of this process.
func (p *process) seen(user string, r remote.Ref, here bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := update{Kind: "offline", User: user}
	if here {
		p.online[user] = r
		u.Kind = "online"
		u.Text = r.String()
	} else {
		delete(p.online, user)
		if stop := p.watched[user]; stop != nil {
			stop()
			delete(p.watched, user)
		}
	}
	for s := range p.pages {
		s.send(u)
	}
}

// send gives an update to the page of a session, unless that is too slow.
func (s *Session) send(u update) {
	select {
	case s.updates <- u:
	default:
	}
}

// message is what one process sends to another, for a session there.
type message struct {
	To   remote.Ref
	Text string
}

// receive hands a message to the live session object, if it still is there.
func (p *process) receive(m *nats.Msg) {
	var msg message
	if err := json.Unmarshal(m.Data, &msg); err != nil {
		_ = m.Respond([]byte(err.Error())) // the sender hears nothing, and says so
		return
	}
	s, ok := remote.Local[Session](p.node, msg.To)
	if !ok {
		_ = m.Respond([]byte("gone"))
		return
	}
	s.send(update{Kind: "message", User: s.User, At: p.number, Text: msg.Text})
	_ = m.Respond(fmt.Appendf(nil, "delivered in process %d", p.number))
}

func (p *process) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.index)
	mux.HandleFunc("GET /events", p.events)
	mux.HandleFunc("POST /send", p.post)
	mux.HandleFunc("POST /forget", p.forget)
	mux.HandleFunc("POST /collect", func(http.ResponseWriter, *http.Request) { runtime.GC() })
	mux.HandleFunc("POST /kill", func(http.ResponseWriter, *http.Request) { kill() })
	return mux
}

// events connects a user: the session lives as long as the request.
func (p *process) events(w http.ResponseWriter, r *http.Request) {
	user := strings.TrimSpace(r.FormValue("user"))
	s := &Session{User: user, updates: make(chan update, 100)}
	name, err := remote.Announce(r.Context(), p.node, "user/"+user, s)
	if errors.Is(err, remote.ErrTaken) {
		http.Error(w, user+" is connected already", http.StatusConflict)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	p.open(s, name)
	defer p.close(s, name)
	_ = p.hellos.Publish(r.Context(), hello{user}) // it fails only when this process is over
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	for {
		select {
		case u := <-s.updates:
			data, _ := json.Marshal(u) // strings and a number
			fmt.Fprintf(w, "data: %s\n\n", data)
			if out.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// open begins a page with all who are online.
func (p *process) open(s *Session, name *remote.Name) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions[s.User] = name
	p.pages[s] = struct{}{}
	for user, r := range p.online {
		s.send(update{Kind: "online", User: user, Text: r.String()})
	}
}

// close ends a page. The name is closed, unless the session is to be forgotten: then only
// the collector ends it.
func (p *process) close(s *Session, name *remote.Name) {
	p.mu.Lock()
	delete(p.pages, s)
	delete(p.sessions, s.User)
	forgotten := p.forgotten[s.User]
	delete(p.forgotten, s.User)
	p.mu.Unlock()
	if !forgotten {
		_ = name.Close(context.Background()) // if it cannot be written, the name is free all the same
	}
}

// forget makes the end of a user's page not close the name.
func (p *process) forget(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forgotten[r.FormValue("user")] = true
}

// post sends a message to whoever has a name, wherever that is.
func (p *process) post(w http.ResponseWriter, r *http.Request) {
	ref, err := p.node.Lookup(r.Context(), "user/"+r.FormValue("to"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	data, err := json.Marshal(message{ref, r.FormValue("text")})
	if err == nil {
		var reply *nats.Msg
		reply, err = p.node.Conn().RequestWithContext(r.Context(), inbox(ref.Session()), data)
		if err == nil {
			fmt.Fprintf(w, "%s\n", reply.Data)
			return
		}
	}
	http.Error(w, err.Error(), http.StatusBadGateway)
}

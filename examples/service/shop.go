package main

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref"
	"github.com/weakref-go/weakref/cache"
	"github.com/weakref-go/weakref/event"
	"github.com/weakref-go/weakref/leak"
	"github.com/weakref-go/weakref/rc"
)

// Article is what is sold.
type Article struct {
	Number int
	Text   string
	Maker  weakref.Ref[string] // of shop.makers
}

// Order is published when somebody has ordered something.
type Order struct {
	User    string
	Article int
}

// Session is a visitor. It lives as long as the visit, which is a request.
type Session struct {
	User   string
	Orders chan Order           // of others, for the visitor to see
	Log    *rc.Strong[*os.File] // of the visitor's department
}

func (s *Session) hear(o Order) {
	select {
	case s.Orders <- o:
	default: // the visitor is slow
	}
}

// shop is the service.
type shop struct {
	articles cache.Cache[int, Article]
	makers   weakref.ValueMap[string, string]
	sessions weakref.ValueMap[string, Session] // by user; does not keep them
	orders   event.Bus[Order]
	logs     rc.Pool[string, *os.File] // by department
	watcher  leak.Watcher

	leaks atomic.Bool // the switch
}

// audit is the leak: sessions are noted here by user, and never removed.
var audit struct {
	sync.Mutex
	sessions map[string]*Session
}

func newShop(dir string) *shop {
	s := &shop{
		makers:   weakref.ValueMap[string, string]{Name: "makers"},
		sessions: weakref.ValueMap[string, Session]{Name: "sessions"},
		orders:   event.Bus[Order]{Name: "orders"},
		watcher:  leak.Watcher{Collections: 2, Age: 2 * time.Second, MaxPerHour: 60},
	}
	s.articles.Name, s.articles.Keep, s.articles.Load = "articles", 200, s.load
	s.logs.Name, s.logs.Idle, s.logs.Close = "logs", time.Second, (*os.File).Close
	s.logs.Open = func(_ context.Context, department string) (*os.File, error) {
		return os.OpenFile(filepath.Join(dir, department+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	}
	return s
}

// load stands for a question to a database.
func (s *shop) load(_ context.Context, number int) (*Article, error) {
	if number < 0 || number >= articles {
		return nil, cache.ErrNotFound
	}
	name := fmt.Sprintf("maker %d", number%50)
	maker, err := s.makers.LoadOrCreate(name, func() (*string, error) { return &name, nil })
	if err != nil {
		return nil, err
	}
	return &Article{number, strings.Repeat("long text ", 100), weakref.Make(maker)}, nil
}

// articles is how many there are.
const articles = 5000

func (s *shop) routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /article/{number}", s.article)
	mux.HandleFunc("GET /visit", s.visit)
	mux.HandleFunc("POST /order", s.order)
	mux.Handle("POST /leak", new(http.CrossOriginProtection).Handler(http.HandlerFunc(s.toggle)))
}

var index = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shop</title>
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:40rem;padding:0 1rem}</style>
<h1>Shop</h1>
<p>{{.Sessions}} visitors are here. The service {{if .Leaks}}<b>leaks every session that ends</b>{{else}}does not leak{{end}}.</p>
<form method="post" action="/leak"><input type="hidden" name="on" value="{{if .Leaks}}0{{else}}1{{end}}"><button>{{if .Leaks}}Leak no more{{else}}Leak sessions{{end}}</button></form>
<p><a href="/debug/weakref">What the service has, and what grows</a></p>
`))

func (s *shop) index(w http.ResponseWriter, r *http.Request) {
	_ = index.Execute(w, map[string]any{"Sessions": s.orders.Len(), "Leaks": s.leaks.Load()})
}

// toggle switches the leak on, or off and mends it.
func (s *shop) toggle(w http.ResponseWriter, r *http.Request) {
	on := r.FormValue("on") == "1"
	s.leaks.Store(on)
	if !on {
		audit.Lock()
		audit.sessions = nil
		audit.Unlock()
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *shop) article(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a, err := s.articles.Get(r.Context(), number)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	fmt.Fprintln(w, a.Text)
}

// visit is a session: it lasts as long as the request, and shows what others order.
func (s *shop) visit(w http.ResponseWriter, r *http.Request) {
	session := &Session{User: cmp.Or(r.FormValue("user"), "somebody"), Orders: make(chan Order, 10)}
	file, err := s.logs.Get(r.Context(), department(session.User))
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	session.Log = file
	s.begin(session)
	defer s.end(session)
	out := http.NewResponseController(w)
	for {
		fmt.Fprintln(w, "welcome")
		if out.Flush() != nil {
			return
		}
		select {
		case o := <-session.Orders:
			fmt.Fprintf(w, "%s orders %d\n", o.User, o.Article)
		case <-r.Context().Done():
			return
		}
	}
}

// department is where a visitor's log is.
func department(user string) string {
	return []string{"books", "games", "tools"}[len(user)%3]
}

func (s *shop) begin(session *Session) {
	s.sessions.Store(session.User, session)
	event.Subscribe(&s.orders, session, (*Session).hear)
	if !s.leaks.Load() {
		return
	}
	audit.Lock()
	defer audit.Unlock()
	if audit.sessions == nil {
		audit.sessions = make(map[string]*Session)
	}
	audit.sessions[session.User] = session
}

// end ends a session: from now on nobody should have it. Its place in the map and on the
// bus goes when it dies.
func (s *shop) end(session *Session) {
	fmt.Fprintf(session.Log.Value(), "%s has left\n", session.User)
	_ = session.Log.Close() // of a log of visits
	leak.WatchBy(&s.watcher, session, "visit ended")
}

func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	number, err := strconv.Atoi(r.FormValue("article"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.orders.Publish(Order{r.FormValue("user"), number})
}

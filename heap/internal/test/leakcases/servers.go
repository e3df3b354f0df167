//lint:file-ignore U1000 what only holds something is not used otherwise

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"net/http"
	"sync"
)

type connKey struct{}

// audit keeps requests, and with each its context and what that leads to.
type audit struct {
	mu   sync.Mutex
	seen map[string]*http.Request
}

var (
	trail  = audit{seen: map[string]*http.Request{}}
	web    *http.Server
	client *http.Client
	db     *sql.DB
	stmt   *sql.Stmt
)

func servers() {
	webServer()
	database()
}

//go:noinline
func webServer() {
	mux := http.NewServeMux()
	h := held("handler of a server", `main.web.Handler.(*http.ServeMux).tree.emptyChild.emptyChild.children.s[0].value.handler.(http.HandlerFunc) → func main.webServer.func1 captures h`)
	mux.HandleFunc("/leak", func(w http.ResponseWriter, r *http.Request) {
		use(h)
		trail.mu.Lock()
		defer trail.mu.Unlock()
		trail.seen["req-1"] = r.WithContext(context.WithValue(r.Context(), ctxKey{}, held("request that is kept", `main.trail.seen["req-1"].ctx.Value(main.ctxKey{}).(*main.Target)`)))
	})
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {})
	web = &http.Server{Handler: mux}
	conns := 0
	web.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		conns++
		return context.WithValue(ctx, connKey{}, held(fmt.Sprintf("context of connection %d", conns), `main.web.activeConn[key (*http.conn)(ADDR)].cancelCtx → func context.WithCancel.func1 captures c.Value(main.connKey{}).(*main.Target)`))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fail(err)
	}
	go web.Serve(l)
	for _, path := range []string{"/leak", "/ok"} {
		client = &http.Client{Transport: &http.Transport{}} // a connection of its own
		resp, err := client.Get("http://" + l.Addr().String() + path)
		if err != nil {
			fail(err)
		}
		resp.Body.Close()
	}
}

// fake is a driver of package sql.
type fake struct{}

type fakeConn struct{ session *Target }

type fakeStmt struct{ plan *Target }

func (fake) Open(string) (driver.Conn, error) {
	return &fakeConn{held("idle connection of a pool", `main.db.freeConn[0].ci.(*main.fakeConn).session`)}, nil
}
func (c *fakeConn) Prepare(string) (driver.Stmt, error) {
	return &fakeStmt{held("prepared statement", `main.stmt.cgds.si.(*main.fakeStmt).plan`)}, nil
}
func (c *fakeConn) Close() error              { use(c.session); return nil }
func (c *fakeConn) Begin() (driver.Tx, error) { return nil, driver.ErrSkip }
func (s *fakeStmt) Close() error              { return nil }
func (s *fakeStmt) NumInput() int             { return 0 }
func (s *fakeStmt) Exec([]driver.Value) (driver.Result, error) {
	use(s.plan)
	return driver.RowsAffected(1), nil
}
func (s *fakeStmt) Query([]driver.Value) (driver.Rows, error) { return nil, driver.ErrSkip }

//go:noinline
func database() {
	sql.Register("fake", fake{})
	var err error
	if db, err = sql.Open("fake", ""); err != nil {
		fail(err)
	}
	if stmt, err = db.Prepare("SELECT"); err != nil {
		fail(err)
	}
	if _, err = stmt.Exec(); err != nil {
		fail(err)
	}
}

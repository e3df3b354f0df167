//lint:file-ignore U1000 what only holds something is not used otherwise

package main

import (
	"bufio"
	"context"
	"expvar"
	"log"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type (
	ctxKey   struct{}
	traceKey struct{}
)

var (
	syncm    sync.Map
	rootCtx  context.Context
	parent   context.Context
	pinner   runtime.Pinner
	logger   *log.Logger
	scanner  *bufio.Scanner
	value    reflect.Value
	pool     sync.Pool
	ticker   *time.Ticker
	notified = make(chan os.Signal, 1)
)

type sinkWriter struct{ t *Target }

func (w *sinkWriter) Write(b []byte) (int, error) { use(w.t); return len(b), nil }
func (w *sinkWriter) Read(b []byte) (int, error)  { use(w.t); return 0, nil }
func (w *sinkWriter) String() string              { use(w.t); return "1" }

//go:noinline
func library() {
	syncm.Store("k1", 1)
	for i := range 200 {
		syncm.Store(i, i)
	}
	syncm.Store("key", held("sync.Map", `main.syncm["key"].(*main.Target)`))
	contexts()
	timers()
	pinner.Pin(held("runtime.Pinner", `main.pinner.pinner.refStore[0]`))
	logger = log.New(&sinkWriter{held("writer of a logger", `main.logger.out.(*main.sinkWriter).t`)}, "", 0)
	scanner = bufio.NewScanner(&sinkWriter{held("reader of a scanner", `main.scanner.r.(*main.sinkWriter).t`)})
	value = reflect.ValueOf(held("reflect.Value", `main.value.ptr`))
	expvar.Publish("leak", &sinkWriter{held("expvar", `expvar.vars.m["leak"].(*main.sinkWriter).t`)})
	pool.Put(held("sync.Pool", ""))
	substring()
	signal.Notify(notified, syscall.SIGTERM)
}

//go:noinline
func contexts() {
	ctx := context.WithValue(context.Background(), ctxKey{}, held("context value", `main.rootCtx.Value(main.ctxKey{}).(*main.Target)`))
	var cancel func() // is what has been forgotten here
	rootCtx, cancel = context.WithCancel(context.WithValue(ctx, traceKey{}, 7))
	// A child that is never cancelled hangs on its parent.
	parent, cancel = context.WithCancel(context.Background())
	child := context.WithValue(parent, ctxKey{}, held("child of a context", `main.parent.children[key (*context.cancelCtx)(ADDR)].Value(main.ctxKey{}).(*main.Target)`))
	_, cancel = context.WithCancel(child)
	use(&cancel)
	t := held("context.AfterFunc", `main.parent.children[key (*context.afterFuncCtx)(ADDR)].f → func main.contexts.func1 captures t`)
	context.AfterFunc(parent, func() { use(t) })
}

//go:noinline
func timers() {
	t := held("time.AfterFunc", `timer → func main.timers.func1 captures t`)
	time.AfterFunc(time.Hour, func() { use(t) })
	s := held("timer that starts itself again", `timer → func main.timers.func2 captures s`)
	var again *time.Timer
	again = time.AfterFunc(time.Hour, func() { use(s); again.Reset(time.Hour) })
}

var substr string

// A short part of a long string keeps all of it.
//
//go:noinline
func substring() {
	long := strings.Repeat("x", 1<<16)
	substr = long[:10]
	note("long string behind a short one", `main.substr`, (*[1 << 16]byte)(unsafe.Slice(unsafe.StringData(long), len(long))))
}

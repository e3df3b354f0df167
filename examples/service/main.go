// Service is a small HTTP service to look at with package debug: a cache of articles, a bus
// of orders, counted files, sessions that are held weakly, and visitors of its own that keep
// it busy.
//
//	go run ./examples/service
//
// It prints two addresses. At the first there is a switch that makes the service leak its
// sessions. At the second is the page that shows what then happens: what grows, and what
// keeps it. docs/live.md goes through it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/weakref-go/weakref/debug"
	"github.com/weakref-go/weakref/inspect"
	"github.com/weakref-go/weakref/leak"
	"github.com/weakref-go/weakref/rc"
)

func main() {
	leak.Helper()
	port := flag.Int("port", 8090, "where to listen, at 127.0.0.1 only; 0: any")
	allow := flag.String("allow", "why,collect", "actions that the page may do, of why, collect and dump")
	visitors := flag.Int("visitors", 10, "how many visitors there are at a time")
	every := flag.Duration("every", time.Second, "time between two samples of what grows")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *port, *allow, *visitors, *every); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, port int, allow string, visitors int, every time.Duration) error {
	actions, err := actionsOf(allow)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "service-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	rc.Track(true)
	inspect.RecordCreation(true)
	sampler := &inspect.Sampler{Every: every}
	go sampler.Run(ctx)

	s := newShop(dir)
	mux := http.NewServeMux()
	s.routes(mux)
	// A service that others reach puts its own authentication around this handler.
	mux.Handle("/debug/weakref", debug.Handler(debug.Options{Actions: actions, Sampler: sampler, Watcher: &s.watcher}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	url := "http://" + listener.Addr().String()
	fmt.Printf("the shop: %s/\nits page: %s/debug/weakref\n", url, url)

	for range visitors {
		go visit(ctx, url)
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func actionsOf(list string) (all debug.Action, err error) {
	for name := range strings.FieldsFuncSeq(list, func(r rune) bool { return r == ',' || r == ' ' }) {
		a, ok := map[string]debug.Action{"why": debug.Why, "collect": debug.Collect, "dump": debug.Dump}[name]
		if !ok {
			return 0, fmt.Errorf("-allow: there is no action %q", name)
		}
		all |= a
	}
	return all, nil
}

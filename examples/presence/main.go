// Presence shows who is connected where: three processes serve the same page, each user's
// session lives in one of them, and messages go to the process in which the live session
// object is.
//
//	go run ./examples/presence
//
// Open the addresses that it prints, in several tabs. A name vanishes from all pages when
// its tab is closed, when its session is forgotten and the collector runs, and when its
// process is killed. Nothing lists the sessions but weak references: no page has to be
// told that one is over.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/weakref-go/weakref/remote/remotetest"
)

const processes = 3

func main() {
	remotetest.RunChild(map[string]remotetest.Role{"process": serveRole})
	port := flag.Int("port", 8080, "of the first process; 0: any")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, *port, func(i int, url string) { fmt.Printf("process %d: %s\n", i+1, url) })
	if err != nil {
		log.Fatal(err)
	}
}

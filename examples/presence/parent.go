package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/weakref-go/weakref/remote/embed"
	"github.com/weakref-go/weakref/remote/remotetest"
)

// again is how long a process that has died stays away.
const again = 3 * time.Second

// run starts a broker and the processes, and starts again those that die, until ctx ends.
func run(ctx context.Context, port int, ready func(i int, url string)) error {
	broker, err := embed.Start(embed.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer broker.Close()
	outer := ctx
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	var all sync.WaitGroup
	for i := range processes {
		all.Go(func() {
			own := port
			if port != 0 {
				own += i
			}
			for ctx.Err() == nil {
				if err := live(ctx, broker.URL(), i, own, ready); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	if outer.Err() != nil {
		return nil // that is how it is meant to end
	}
	return context.Cause(ctx)
}

// live starts a process and waits until it has died.
func live(ctx context.Context, broker string, i, port int, ready func(int, string)) error {
	child, err := remotetest.Start("process")
	if err != nil {
		return err
	}
	defer child.Kill()
	url, err := child.Call(time.Minute, "serve", broker, strconv.Itoa(i+1), strconv.Itoa(port))
	if err != nil {
		return err
	}
	if !strings.HasPrefix(url, "http://") {
		return fmt.Errorf("process %d: %s", i+1, url)
	}
	ready(i, url)
	select {
	case <-child.Ended():
		select {
		case <-time.After(again):
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	return nil
}

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weakref-go/weakref/heap"
)

// measureServer dumps a server under load by copies of the process, and looks for
// requests that fail and for dumps that do.
func measureServer(dumps int) error {
	dir, err := os.MkdirTemp("", "heapbench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte(strings.Repeat("x", 10_000)), 0o600); err != nil {
		return err
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, file) // system calls
	}))
	defer s.Close()
	l := startLoad(s.URL, 8)
	var pauses []time.Duration
	tries, failed := 0, 0
	for range dumps {
		st, err := snapshot(filepath.Join(dir, "dump"), heap.Fork)
		if err != nil {
			failed++
			fmt.Println(err)
		}
		tries += st.Tries
		pauses = append(pauses, st.Pause)
	}
	l.end()
	slices.Sort(pauses)
	fmt.Printf("%d dumps of a server under load: %d failed, %d copies; %d requests, %d failed; pause %v at the median, %v at 99 %%, %v at worst\n",
		dumps, failed, tries, l.requests.Load(), l.failures.Load(), pauses[dumps/2], pauses[dumps*99/100], pauses[dumps-1])
	return nil
}

// load is clients that ask again and again.
type load struct {
	requests, failures atomic.Int64
	stop               atomic.Bool
	clients            sync.WaitGroup
}

func startLoad(url string, clients int) *load {
	l := new(load)
	for range clients {
		l.clients.Go(func() {
			for !l.stop.Load() {
				l.requests.Add(1)
				if err := get(url); err != nil {
					l.failures.Add(1)
				}
			}
		})
	}
	return l
}

func (l *load) end() {
	l.stop.Store(true)
	l.clients.Wait()
}

func get(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, resp.Body); err != nil || n != 10_000 {
		return fmt.Errorf("%d bytes, %w", n, err)
	}
	return nil
}

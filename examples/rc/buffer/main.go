// Buffer shows a message that is encoded once into a pooled buffer and sent to
// many subscribers, each at its own pace. The buffer goes back to the pool when
// the last of them has written it; to give it back earlier would send one message
// with the bytes of the next.
package main

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/weakref-go/weakref/rc"
)

// A shelf lends buffers. It is a sync.Pool that can count.
type shelf struct {
	mu   sync.Mutex
	free [][]byte
	made int
}

func (s *shelf) lend() *rc.Strong[*bytes.Buffer] {
	return rc.New(bytes.NewBuffer(s.take()), s.giveBack)
}

func (s *shelf) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	s.made++
	return make([]byte, 0, 4096)
}

func (s *shelf) giveBack(b *bytes.Buffer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, b.Bytes()[:0])
}

// A subscriber writes the messages that it gets.
type subscriber struct {
	messages chan rc.Unchecked[*bytes.Buffer]
	got      strings.Builder
}

func (s *subscriber) run() {
	for m := range s.messages {
		s.got.Write(m.Value().Bytes())
		m.Close()
	}
}

func main() {
	var buffers shelf
	var running sync.WaitGroup
	subscribers := make([]*subscriber, 3)
	for i := range subscribers {
		s := &subscriber{messages: make(chan rc.Unchecked[*bytes.Buffer], 1)}
		subscribers[i] = s
		running.Go(s.run)
	}

	const messages = 1000
	for n := range messages {
		m := buffers.lend()
		fmt.Fprintf(m.Value(), "message %d\n", n)
		for _, s := range subscribers {
			s.messages <- m.Unchecked() // its one Close is in run: nothing to check
		}
		m.Close()
	}
	for _, s := range subscribers {
		close(s.messages)
	}
	running.Wait()

	for _, s := range subscribers {
		got := strings.Split(strings.TrimSpace(s.got.String()), "\n")
		fmt.Println(len(got), "messages, the last:", got[len(got)-1])
	}
	fmt.Println("at most a handful of buffers:", buffers.made <= 5, "all back:", len(buffers.free) == buffers.made)
}

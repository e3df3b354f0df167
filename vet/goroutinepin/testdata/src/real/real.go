// Package real holds bugs found in published code, rewritten in minimal form.
package real

import (
	"runtime"
	"time"
)

// A listener whose cleanup is there to prevent goroutine leaks.
type listener struct {
	conns  chan int
	closed chan struct{}
}

type session struct{}

func (s *session) listen() *listener {
	l := &listener{conns: make(chan int), closed: make(chan struct{})}
	runtime.AddCleanup(l, func(c chan struct{}) { close(c) }, l.closed)
	go l.acceptLoop() // want `this goroutine refers to l`
	return l
}

func (l *listener) acceptLoop() {
	for {
		select {
		case <-l.closed:
			return
		case l.conns <- 1:
		}
	}
}

// A reader that fetches ahead.
type chunkReader struct{ ahead chan []byte }

func newChunkReader() *chunkReader {
	c := &chunkReader{ahead: make(chan []byte)}
	go c.watch() // want `this goroutine refers to c`
	runtime.SetFinalizer(c, func(c *chunkReader) { close(c.ahead) })
	return c
}

func (c *chunkReader) watch() {
	for b := range c.ahead {
		_ = b
		c.fetch()
	}
}

func (c *chunkReader) fetch() {}

// A file system that backs itself up now and then.
type backupFS struct {
	stop chan struct{}
	n    int
}

func newBackupFS(every time.Duration) *backupFS {
	fs := &backupFS{stop: make(chan struct{})}
	ticker := time.NewTicker(every)
	go func() { // want `this goroutine refers to fs`
		for {
			select {
			case <-ticker.C:
				fs.n++
			case <-fs.stop:
				return
			}
		}
	}()
	runtime.AddCleanup(fs, func(t *time.Ticker) { t.Stop() }, ticker)
	return fs
}

// The pattern worth copying: the janitor holds the inner cache.
type cache struct{ *inner }

type inner struct{ stop chan struct{} }

func (c *inner) janitor() {
	for {
		<-c.stop
	}
}

func newCache() *cache {
	c := &inner{stop: make(chan struct{})}
	outer := &cache{c}
	go c.janitor()
	runtime.SetFinalizer(outer, func(o *cache) { o.stop <- struct{}{} })
	return outer
}

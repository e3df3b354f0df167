//go:build unix

// Mmap shows a file that is mapped into memory and searched by several
// goroutines. To read the memory after it has been unmapped would end the program
// with a fault, so everyone who reads holds a handle, and the last one unmaps. The
// searchers get their handle through a value that owns it.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/weakref-go/weakref/rc"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "rc")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "text")
	text := bytes.Repeat([]byte("the quick brown fox jumps over the lazy dog\n"), 1000)
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return err
	}

	memory, err := mapFile(name)
	if err != nil {
		return err
	}
	words := []string{"fox", "the", "cat"}
	counts := make([]int, len(words))
	var searches sync.WaitGroup
	for i, word := range words {
		s := newSearcher(memory, word)
		searches.Go(func() {
			counts[i] = s.Value().count()
			s.Close()
		})
	}
	memory.Close()
	searches.Wait()
	for i, word := range words {
		fmt.Println(word, counts[i])
	}
	return nil
}

// mapFile maps a file for reading.
func mapFile(name string) (*rc.Strong[[]byte], error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", name, err)
	}
	return rc.New(data, func(data []byte) error {
		fmt.Println("unmapping", len(data), "bytes")
		return syscall.Munmap(data)
	}), nil
}

// A searcher owns a handle of the memory that it searches.
type searcher struct {
	memory *rc.Strong[[]byte]
	word   []byte
}

// Handles implements rc.Owner: the memory is closed with the searcher.
func (s *searcher) Handles(yield func(rc.Handle) bool) { yield(s.memory) }

func newSearcher(memory *rc.Strong[[]byte], word string) *rc.Strong[*searcher] {
	return rc.New(&searcher{memory.Clone(), []byte(word)}, func(*searcher) {})
}

func (s *searcher) count() int { return bytes.Count(s.memory.Value(), s.word) }

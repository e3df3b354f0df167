// File shows a log file that several writers share. None of them knows which will
// be the last, and none needs to: the file is synced and closed by the last
// Close, whose error is the one that matters.
package main

import (
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"

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
	name := filepath.Join(dir, "log")

	file, err := create(name)
	if err != nil {
		return err
	}
	recent := file.Weak() // for a status page, which must not keep the file open
	var writers sync.WaitGroup
	for i := range 3 {
		mine := file.Clone()
		writers.Go(func() { write(i, mine) })
	}
	if err := file.Close(); err != nil {
		return err
	}
	writers.Wait()

	if _, open := recent.Upgrade(); !open {
		fmt.Println("nobody has the file open")
	}
	text, err := os.ReadFile(name)
	fmt.Println(len(text), "bytes were written")
	return err
}

// create returns the first handle of a new file.
func create(name string) (*rc.Strong[*os.File], error) {
	f, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	return rc.New(f, func(f *os.File) error {
		if err := f.Sync(); err != nil {
			f.Close()
			return err
		}
		fmt.Println("synced, closing")
		return f.Close()
	}), nil
}

// write writes to the file and closes the writer's handle.
func write(i int, file *rc.Strong[*os.File]) {
	for range 10 {
		fmt.Fprintf(file.Value(), "writer %d\n", i)
	}
	if err := file.Close(); err != nil {
		log.Print(err)
	}
}

// Bolt shows one database per name, shared by whoever needs it: the first user
// opens it, the last one closes it a moment later, in case another comes. A bbolt file can
// be opened only once, so whoever needs it has to share.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"

	"github.com/weakref-go/weakref/rc"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "rc")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	var opened atomic.Int32
	databases := &rc.Pool[string, *bbolt.DB]{
		Open: func(_ context.Context, name string) (*bbolt.DB, error) {
			opened.Add(1)
			return open(filepath.Join(dir, name+".db"))
		},
		Close: (*bbolt.DB).Close,
		Idle:  time.Minute,
	}

	var workers sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		name := []string{"orders", "stock"}[i%2]
		workers.Go(func() { errs[i] = record(ctx, databases, name, i) })
	}
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}

	n, err := count(ctx, databases, "orders")
	if err != nil {
		return err
	}
	fmt.Println(n, "orders; databases opened:", opened.Load())
	fmt.Println("open, nobody uses them:", databases.Len())
	if err := databases.CloseIdle(); err != nil {
		return err
	}
	fmt.Println("open at the end:", databases.Len())
	return nil
}

var entries = []byte("entries")

// open waits a second at most for the file's lock: who finds it taken has not asked the pool.
func open(file string) (*bbolt.DB, error) {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(entries)
		return err
	})
	if err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// record does what a request does: get the database, use it, let go.
func record(ctx context.Context, databases *rc.Pool[string, *bbolt.DB], name string, n int) error {
	db, err := databases.Get(ctx, name)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Value().Batch(func(tx *bbolt.Tx) error { // one transaction for those who come at once
		return tx.Bucket(entries).Put(fmt.Append(nil, n), nil)
	})
}

func count(ctx context.Context, databases *rc.Pool[string, *bbolt.DB], name string) (n int, err error) {
	db, err := databases.Get(ctx, name)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	err = db.Value().View(func(tx *bbolt.Tx) error {
		n = tx.Bucket(entries).Stats().KeyN
		return nil
	})
	return n, err
}
